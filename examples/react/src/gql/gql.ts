/* eslint-disable */
import * as types from './graphql';
import type { TypedDocumentNode as DocumentNode } from '@graphql-typed-document-node/core';

/**
 * Map of all GraphQL operations in the project.
 *
 * This map has several performance disadvantages:
 * 1. It is not tree-shakeable, so it will include all operations in the project.
 * 2. It is not minifiable, so the string of a GraphQL query will be multiple times inside the bundle.
 * 3. It does not support dead code elimination, so it will add unused operations.
 *
 * Therefore it is highly recommended to use the babel or swc plugin for production.
 * Learn more about it here: https://the-guild.dev/graphql/codegen/plugins/presets/preset-client#reducing-bundle-size
 */
type Documents = {
    "\n  fragment TaskFields on Task {\n    id\n    state\n    submittedAt\n    prediction {\n      __typename\n      ... on TripPrediction {\n        durationMinutes\n      }\n    }\n    batch {\n      rowCount\n      rowsDone\n      rowsFailed\n      estimatedSecondsLeft\n    }\n    error {\n      code\n      message\n    }\n  }\n": typeof types.TaskFieldsFragmentDoc,
    "\n  mutation PredictTrip($input: PredictTripInput!, $options: TaskOptions!) {\n    task: predictTrip(input: $input, options: $options) {\n      ...TaskFields\n    }\n  }\n": typeof types.PredictTripDocument,
    "\n  mutation PredictTrips($inputs: [PredictTripInput!]!, $options: TaskOptions!) {\n    task: predictTrips(inputs: $inputs, options: $options) {\n      ...TaskFields\n    }\n  }\n": typeof types.PredictTripsDocument,
    "\n  mutation Cancel($id: ID!) {\n    cancelTask(id: $id) {\n      ...TaskFields\n    }\n  }\n": typeof types.CancelDocument,
    "\n  query Tasks($after: String) {\n    tasks(first: 20, after: $after) {\n      edges {\n        node {\n          ...TaskFields\n        }\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n": typeof types.TasksDocument,
    "\n  subscription TasksUpdates {\n    tasksUpdates(filter: {}) {\n      ...TaskFields\n    }\n  }\n": typeof types.TasksUpdatesDocument,
    "\n  query RowPage($id: ID!, $after: String) {\n    task(id: $id) {\n      id\n      batch {\n        rows(first: 100, after: $after) {\n          firstRow\n          rowCount\n          predictions {\n            __typename\n            ... on TripPredictionColumns {\n              durationMinutes\n            }\n          }\n          errors {\n            row\n            code\n            message\n          }\n          pageInfo {\n            hasNextPage\n            hasPreviousPage\n            endCursor\n          }\n        }\n      }\n    }\n  }\n": typeof types.RowPageDocument,
};
const documents: Documents = {
    "\n  fragment TaskFields on Task {\n    id\n    state\n    submittedAt\n    prediction {\n      __typename\n      ... on TripPrediction {\n        durationMinutes\n      }\n    }\n    batch {\n      rowCount\n      rowsDone\n      rowsFailed\n      estimatedSecondsLeft\n    }\n    error {\n      code\n      message\n    }\n  }\n": types.TaskFieldsFragmentDoc,
    "\n  mutation PredictTrip($input: PredictTripInput!, $options: TaskOptions!) {\n    task: predictTrip(input: $input, options: $options) {\n      ...TaskFields\n    }\n  }\n": types.PredictTripDocument,
    "\n  mutation PredictTrips($inputs: [PredictTripInput!]!, $options: TaskOptions!) {\n    task: predictTrips(inputs: $inputs, options: $options) {\n      ...TaskFields\n    }\n  }\n": types.PredictTripsDocument,
    "\n  mutation Cancel($id: ID!) {\n    cancelTask(id: $id) {\n      ...TaskFields\n    }\n  }\n": types.CancelDocument,
    "\n  query Tasks($after: String) {\n    tasks(first: 20, after: $after) {\n      edges {\n        node {\n          ...TaskFields\n        }\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n": types.TasksDocument,
    "\n  subscription TasksUpdates {\n    tasksUpdates(filter: {}) {\n      ...TaskFields\n    }\n  }\n": types.TasksUpdatesDocument,
    "\n  query RowPage($id: ID!, $after: String) {\n    task(id: $id) {\n      id\n      batch {\n        rows(first: 100, after: $after) {\n          firstRow\n          rowCount\n          predictions {\n            __typename\n            ... on TripPredictionColumns {\n              durationMinutes\n            }\n          }\n          errors {\n            row\n            code\n            message\n          }\n          pageInfo {\n            hasNextPage\n            hasPreviousPage\n            endCursor\n          }\n        }\n      }\n    }\n  }\n": types.RowPageDocument,
};

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 *
 *
 * @example
 * ```ts
 * const query = graphql(`query GetUser($id: ID!) { user(id: $id) { name } }`);
 * ```
 *
 * The query argument is unknown!
 * Please regenerate the types.
 */
export function graphql(source: string): unknown;

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment TaskFields on Task {\n    id\n    state\n    submittedAt\n    prediction {\n      __typename\n      ... on TripPrediction {\n        durationMinutes\n      }\n    }\n    batch {\n      rowCount\n      rowsDone\n      rowsFailed\n      estimatedSecondsLeft\n    }\n    error {\n      code\n      message\n    }\n  }\n"): (typeof documents)["\n  fragment TaskFields on Task {\n    id\n    state\n    submittedAt\n    prediction {\n      __typename\n      ... on TripPrediction {\n        durationMinutes\n      }\n    }\n    batch {\n      rowCount\n      rowsDone\n      rowsFailed\n      estimatedSecondsLeft\n    }\n    error {\n      code\n      message\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation PredictTrip($input: PredictTripInput!, $options: TaskOptions!) {\n    task: predictTrip(input: $input, options: $options) {\n      ...TaskFields\n    }\n  }\n"): (typeof documents)["\n  mutation PredictTrip($input: PredictTripInput!, $options: TaskOptions!) {\n    task: predictTrip(input: $input, options: $options) {\n      ...TaskFields\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation PredictTrips($inputs: [PredictTripInput!]!, $options: TaskOptions!) {\n    task: predictTrips(inputs: $inputs, options: $options) {\n      ...TaskFields\n    }\n  }\n"): (typeof documents)["\n  mutation PredictTrips($inputs: [PredictTripInput!]!, $options: TaskOptions!) {\n    task: predictTrips(inputs: $inputs, options: $options) {\n      ...TaskFields\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation Cancel($id: ID!) {\n    cancelTask(id: $id) {\n      ...TaskFields\n    }\n  }\n"): (typeof documents)["\n  mutation Cancel($id: ID!) {\n    cancelTask(id: $id) {\n      ...TaskFields\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Tasks($after: String) {\n    tasks(first: 20, after: $after) {\n      edges {\n        node {\n          ...TaskFields\n        }\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n"): (typeof documents)["\n  query Tasks($after: String) {\n    tasks(first: 20, after: $after) {\n      edges {\n        node {\n          ...TaskFields\n        }\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  subscription TasksUpdates {\n    tasksUpdates(filter: {}) {\n      ...TaskFields\n    }\n  }\n"): (typeof documents)["\n  subscription TasksUpdates {\n    tasksUpdates(filter: {}) {\n      ...TaskFields\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query RowPage($id: ID!, $after: String) {\n    task(id: $id) {\n      id\n      batch {\n        rows(first: 100, after: $after) {\n          firstRow\n          rowCount\n          predictions {\n            __typename\n            ... on TripPredictionColumns {\n              durationMinutes\n            }\n          }\n          errors {\n            row\n            code\n            message\n          }\n          pageInfo {\n            hasNextPage\n            hasPreviousPage\n            endCursor\n          }\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  query RowPage($id: ID!, $after: String) {\n    task(id: $id) {\n      id\n      batch {\n        rows(first: 100, after: $after) {\n          firstRow\n          rowCount\n          predictions {\n            __typename\n            ... on TripPredictionColumns {\n              durationMinutes\n            }\n          }\n          errors {\n            row\n            code\n            message\n          }\n          pageInfo {\n            hasNextPage\n            hasPreviousPage\n            endCursor\n          }\n        }\n      }\n    }\n  }\n"];

export function graphql(source: string) {
  return (documents as any)[source] ?? {};
}

export type DocumentType<TDocumentNode extends DocumentNode<any, any>> = TDocumentNode extends DocumentNode<  infer TType,  any>  ? TType  : never;
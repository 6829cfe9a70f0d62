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
    "\n  query Me {\n    me {\n      owner\n      roles\n      quotas {\n        name\n        limit\n        used\n        resetsAt\n      }\n    }\n  }\n": typeof types.MeDocument,
    "\n  fragment ModelFieldParts on ModelField {\n    name\n    tensor\n    valueType\n    kind\n    maxBytes\n    description\n    unit\n    size\n    shape {\n      size\n      axis {\n        name\n        minimum\n        maximum\n      }\n    }\n    exact\n    labels\n    columns\n    allowNaN\n    minimum\n    maximum\n    maxLength\n    values\n    modelValues\n    timeZone\n    default\n  }\n": typeof types.ModelFieldPartsFragmentDoc,
    "\n  query Models {\n    models {\n      id\n      name\n      description\n      mutation\n      batchMutation\n      inputType\n      predictionType\n      partialType\n      columnsType\n      example\n      inputs {\n        ...ModelFieldParts\n      }\n      outputs {\n        ...ModelFieldParts\n      }\n      live {\n        version\n        state\n      }\n    }\n  }\n": typeof types.ModelsDocument,
    "\n  subscription SystemStats {\n    systemStats {\n      at\n      processes {\n        id\n        role\n        startedAt\n        cpuCores\n        memoryBytes\n        eventLoopDelayMs\n        busy\n        connections\n        subscriptions\n        worker {\n          id\n          models {\n            modelName\n            version\n            provider\n          }\n          leaving {\n            modelName\n            version\n          }\n        }\n      }\n      models {\n        modelName\n        acceptedPerSecond\n        succeededPerSecond\n        failedPerSecond\n        refusedPerSecond\n        p50Ms\n        p99Ms\n      }\n      queues {\n        modelName\n        version\n        lane\n        waiting\n        inHand\n        endedPerSecond\n        backlogSeconds\n        isPaused\n      }\n      stores {\n        name\n        messages\n        bytes\n        maxBytes\n      }\n      alerts {\n        name\n        severity\n        summary\n        advice\n        modelName\n        since\n      }\n    }\n  }\n": typeof types.SystemStatsDocument,
    "\n  query DeadLetters($model: String!) {\n    deadLetters(model: $model, first: 100) {\n      edges {\n        node {\n          taskId\n          modelName\n          modelVersion\n          code\n          reason\n          attempts\n          lastWorker\n          submittedAt\n          diedAt\n          job\n          history\n        }\n      }\n      pageInfo {\n        hasNextPage\n      }\n    }\n  }\n": typeof types.DeadLettersDocument,
    "\n  mutation RedriveDeadLetter($id: ID!) {\n    redriveDeadLetter(id: $id) {\n      id\n    }\n  }\n": typeof types.RedriveDeadLetterDocument,
    "\n  mutation RedriveDeadLetters($model: String!) {\n    redriveDeadLetters(model: $model) {\n      redriven\n      kept\n      stoppedBy\n    }\n  }\n": typeof types.RedriveDeadLettersDocument,
    "\n  mutation DiscardDeadLetter($id: ID!) {\n    discardDeadLetter(id: $id) {\n      taskId\n    }\n  }\n": typeof types.DiscardDeadLetterDocument,
    "\n  query AuditLog($after: String) {\n    auditLog(first: 50, after: $after) {\n      edges {\n        cursor\n        node {\n          id\n          at\n          action\n          outcome\n          owner\n          address\n          target\n          code\n          asked\n          before\n          after\n          leftOut\n        }\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n": typeof types.AuditLogDocument,
    "\n  fragment ListedTask on Task {\n    id\n    modelName\n    modelVersion\n    state\n    submittedAt\n    startedAt\n    finishedAt\n    attempts\n    labels\n    owner\n    batch {\n      rowCount\n      rowsDone\n      rowsFailed\n    }\n  }\n": typeof types.ListedTaskFragmentDoc,
    "\n  query Tasks($filter: TaskFilter) {\n    tasks(filter: $filter, first: 50) {\n      edges {\n        node {\n          ...ListedTask\n        }\n      }\n    }\n  }\n": typeof types.TasksDocument,
    "\n  subscription TasksUpdates($filter: TaskFilter!) {\n    tasksUpdates(filter: $filter) {\n      ...ListedTask\n    }\n  }\n": typeof types.TasksUpdatesDocument,
    "\n  query TaskDetails($id: ID!) {\n    task(id: $id) {\n      ...ListedTask\n      kind\n      priority\n      requestId\n      deadline\n      expiresAt\n      history\n      input {\n        name\n        value\n      }\n    }\n  }\n": typeof types.TaskDetailsDocument,
    "\n  mutation CancelTask($id: ID!) {\n    cancelTask(id: $id) {\n      ...ListedTask\n    }\n  }\n": typeof types.CancelTaskDocument,
    "\n  mutation RetryTask($id: ID!) {\n    retryTask(id: $id) {\n      id\n    }\n  }\n": typeof types.RetryTaskDocument,
    "\n  mutation PauseModel($model: String!) {\n    pauseModel(model: $model) {\n      id\n      isPaused\n    }\n  }\n": typeof types.PauseModelDocument,
    "\n  mutation ResumeModel($model: String!) {\n    resumeModel(model: $model) {\n      id\n      isPaused\n    }\n  }\n": typeof types.ResumeModelDocument,
    "\n  query QueuePlace($id: ID!) {\n    task(id: $id) {\n      id\n      position\n      estimatedStartAt\n    }\n  }\n": typeof types.QueuePlaceDocument,
};
const documents: Documents = {
    "\n  query Me {\n    me {\n      owner\n      roles\n      quotas {\n        name\n        limit\n        used\n        resetsAt\n      }\n    }\n  }\n": types.MeDocument,
    "\n  fragment ModelFieldParts on ModelField {\n    name\n    tensor\n    valueType\n    kind\n    maxBytes\n    description\n    unit\n    size\n    shape {\n      size\n      axis {\n        name\n        minimum\n        maximum\n      }\n    }\n    exact\n    labels\n    columns\n    allowNaN\n    minimum\n    maximum\n    maxLength\n    values\n    modelValues\n    timeZone\n    default\n  }\n": types.ModelFieldPartsFragmentDoc,
    "\n  query Models {\n    models {\n      id\n      name\n      description\n      mutation\n      batchMutation\n      inputType\n      predictionType\n      partialType\n      columnsType\n      example\n      inputs {\n        ...ModelFieldParts\n      }\n      outputs {\n        ...ModelFieldParts\n      }\n      live {\n        version\n        state\n      }\n    }\n  }\n": types.ModelsDocument,
    "\n  subscription SystemStats {\n    systemStats {\n      at\n      processes {\n        id\n        role\n        startedAt\n        cpuCores\n        memoryBytes\n        eventLoopDelayMs\n        busy\n        connections\n        subscriptions\n        worker {\n          id\n          models {\n            modelName\n            version\n            provider\n          }\n          leaving {\n            modelName\n            version\n          }\n        }\n      }\n      models {\n        modelName\n        acceptedPerSecond\n        succeededPerSecond\n        failedPerSecond\n        refusedPerSecond\n        p50Ms\n        p99Ms\n      }\n      queues {\n        modelName\n        version\n        lane\n        waiting\n        inHand\n        endedPerSecond\n        backlogSeconds\n        isPaused\n      }\n      stores {\n        name\n        messages\n        bytes\n        maxBytes\n      }\n      alerts {\n        name\n        severity\n        summary\n        advice\n        modelName\n        since\n      }\n    }\n  }\n": types.SystemStatsDocument,
    "\n  query DeadLetters($model: String!) {\n    deadLetters(model: $model, first: 100) {\n      edges {\n        node {\n          taskId\n          modelName\n          modelVersion\n          code\n          reason\n          attempts\n          lastWorker\n          submittedAt\n          diedAt\n          job\n          history\n        }\n      }\n      pageInfo {\n        hasNextPage\n      }\n    }\n  }\n": types.DeadLettersDocument,
    "\n  mutation RedriveDeadLetter($id: ID!) {\n    redriveDeadLetter(id: $id) {\n      id\n    }\n  }\n": types.RedriveDeadLetterDocument,
    "\n  mutation RedriveDeadLetters($model: String!) {\n    redriveDeadLetters(model: $model) {\n      redriven\n      kept\n      stoppedBy\n    }\n  }\n": types.RedriveDeadLettersDocument,
    "\n  mutation DiscardDeadLetter($id: ID!) {\n    discardDeadLetter(id: $id) {\n      taskId\n    }\n  }\n": types.DiscardDeadLetterDocument,
    "\n  query AuditLog($after: String) {\n    auditLog(first: 50, after: $after) {\n      edges {\n        cursor\n        node {\n          id\n          at\n          action\n          outcome\n          owner\n          address\n          target\n          code\n          asked\n          before\n          after\n          leftOut\n        }\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n": types.AuditLogDocument,
    "\n  fragment ListedTask on Task {\n    id\n    modelName\n    modelVersion\n    state\n    submittedAt\n    startedAt\n    finishedAt\n    attempts\n    labels\n    owner\n    batch {\n      rowCount\n      rowsDone\n      rowsFailed\n    }\n  }\n": types.ListedTaskFragmentDoc,
    "\n  query Tasks($filter: TaskFilter) {\n    tasks(filter: $filter, first: 50) {\n      edges {\n        node {\n          ...ListedTask\n        }\n      }\n    }\n  }\n": types.TasksDocument,
    "\n  subscription TasksUpdates($filter: TaskFilter!) {\n    tasksUpdates(filter: $filter) {\n      ...ListedTask\n    }\n  }\n": types.TasksUpdatesDocument,
    "\n  query TaskDetails($id: ID!) {\n    task(id: $id) {\n      ...ListedTask\n      kind\n      priority\n      requestId\n      deadline\n      expiresAt\n      history\n      input {\n        name\n        value\n      }\n    }\n  }\n": types.TaskDetailsDocument,
    "\n  mutation CancelTask($id: ID!) {\n    cancelTask(id: $id) {\n      ...ListedTask\n    }\n  }\n": types.CancelTaskDocument,
    "\n  mutation RetryTask($id: ID!) {\n    retryTask(id: $id) {\n      id\n    }\n  }\n": types.RetryTaskDocument,
    "\n  mutation PauseModel($model: String!) {\n    pauseModel(model: $model) {\n      id\n      isPaused\n    }\n  }\n": types.PauseModelDocument,
    "\n  mutation ResumeModel($model: String!) {\n    resumeModel(model: $model) {\n      id\n      isPaused\n    }\n  }\n": types.ResumeModelDocument,
    "\n  query QueuePlace($id: ID!) {\n    task(id: $id) {\n      id\n      position\n      estimatedStartAt\n    }\n  }\n": types.QueuePlaceDocument,
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
export function graphql(source: "\n  query Me {\n    me {\n      owner\n      roles\n      quotas {\n        name\n        limit\n        used\n        resetsAt\n      }\n    }\n  }\n"): (typeof documents)["\n  query Me {\n    me {\n      owner\n      roles\n      quotas {\n        name\n        limit\n        used\n        resetsAt\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment ModelFieldParts on ModelField {\n    name\n    tensor\n    valueType\n    kind\n    maxBytes\n    description\n    unit\n    size\n    shape {\n      size\n      axis {\n        name\n        minimum\n        maximum\n      }\n    }\n    exact\n    labels\n    columns\n    allowNaN\n    minimum\n    maximum\n    maxLength\n    values\n    modelValues\n    timeZone\n    default\n  }\n"): (typeof documents)["\n  fragment ModelFieldParts on ModelField {\n    name\n    tensor\n    valueType\n    kind\n    maxBytes\n    description\n    unit\n    size\n    shape {\n      size\n      axis {\n        name\n        minimum\n        maximum\n      }\n    }\n    exact\n    labels\n    columns\n    allowNaN\n    minimum\n    maximum\n    maxLength\n    values\n    modelValues\n    timeZone\n    default\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Models {\n    models {\n      id\n      name\n      description\n      mutation\n      batchMutation\n      inputType\n      predictionType\n      partialType\n      columnsType\n      example\n      inputs {\n        ...ModelFieldParts\n      }\n      outputs {\n        ...ModelFieldParts\n      }\n      live {\n        version\n        state\n      }\n    }\n  }\n"): (typeof documents)["\n  query Models {\n    models {\n      id\n      name\n      description\n      mutation\n      batchMutation\n      inputType\n      predictionType\n      partialType\n      columnsType\n      example\n      inputs {\n        ...ModelFieldParts\n      }\n      outputs {\n        ...ModelFieldParts\n      }\n      live {\n        version\n        state\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  subscription SystemStats {\n    systemStats {\n      at\n      processes {\n        id\n        role\n        startedAt\n        cpuCores\n        memoryBytes\n        eventLoopDelayMs\n        busy\n        connections\n        subscriptions\n        worker {\n          id\n          models {\n            modelName\n            version\n            provider\n          }\n          leaving {\n            modelName\n            version\n          }\n        }\n      }\n      models {\n        modelName\n        acceptedPerSecond\n        succeededPerSecond\n        failedPerSecond\n        refusedPerSecond\n        p50Ms\n        p99Ms\n      }\n      queues {\n        modelName\n        version\n        lane\n        waiting\n        inHand\n        endedPerSecond\n        backlogSeconds\n        isPaused\n      }\n      stores {\n        name\n        messages\n        bytes\n        maxBytes\n      }\n      alerts {\n        name\n        severity\n        summary\n        advice\n        modelName\n        since\n      }\n    }\n  }\n"): (typeof documents)["\n  subscription SystemStats {\n    systemStats {\n      at\n      processes {\n        id\n        role\n        startedAt\n        cpuCores\n        memoryBytes\n        eventLoopDelayMs\n        busy\n        connections\n        subscriptions\n        worker {\n          id\n          models {\n            modelName\n            version\n            provider\n          }\n          leaving {\n            modelName\n            version\n          }\n        }\n      }\n      models {\n        modelName\n        acceptedPerSecond\n        succeededPerSecond\n        failedPerSecond\n        refusedPerSecond\n        p50Ms\n        p99Ms\n      }\n      queues {\n        modelName\n        version\n        lane\n        waiting\n        inHand\n        endedPerSecond\n        backlogSeconds\n        isPaused\n      }\n      stores {\n        name\n        messages\n        bytes\n        maxBytes\n      }\n      alerts {\n        name\n        severity\n        summary\n        advice\n        modelName\n        since\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query DeadLetters($model: String!) {\n    deadLetters(model: $model, first: 100) {\n      edges {\n        node {\n          taskId\n          modelName\n          modelVersion\n          code\n          reason\n          attempts\n          lastWorker\n          submittedAt\n          diedAt\n          job\n          history\n        }\n      }\n      pageInfo {\n        hasNextPage\n      }\n    }\n  }\n"): (typeof documents)["\n  query DeadLetters($model: String!) {\n    deadLetters(model: $model, first: 100) {\n      edges {\n        node {\n          taskId\n          modelName\n          modelVersion\n          code\n          reason\n          attempts\n          lastWorker\n          submittedAt\n          diedAt\n          job\n          history\n        }\n      }\n      pageInfo {\n        hasNextPage\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation RedriveDeadLetter($id: ID!) {\n    redriveDeadLetter(id: $id) {\n      id\n    }\n  }\n"): (typeof documents)["\n  mutation RedriveDeadLetter($id: ID!) {\n    redriveDeadLetter(id: $id) {\n      id\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation RedriveDeadLetters($model: String!) {\n    redriveDeadLetters(model: $model) {\n      redriven\n      kept\n      stoppedBy\n    }\n  }\n"): (typeof documents)["\n  mutation RedriveDeadLetters($model: String!) {\n    redriveDeadLetters(model: $model) {\n      redriven\n      kept\n      stoppedBy\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation DiscardDeadLetter($id: ID!) {\n    discardDeadLetter(id: $id) {\n      taskId\n    }\n  }\n"): (typeof documents)["\n  mutation DiscardDeadLetter($id: ID!) {\n    discardDeadLetter(id: $id) {\n      taskId\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query AuditLog($after: String) {\n    auditLog(first: 50, after: $after) {\n      edges {\n        cursor\n        node {\n          id\n          at\n          action\n          outcome\n          owner\n          address\n          target\n          code\n          asked\n          before\n          after\n          leftOut\n        }\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n"): (typeof documents)["\n  query AuditLog($after: String) {\n    auditLog(first: 50, after: $after) {\n      edges {\n        cursor\n        node {\n          id\n          at\n          action\n          outcome\n          owner\n          address\n          target\n          code\n          asked\n          before\n          after\n          leftOut\n        }\n      }\n      pageInfo {\n        hasNextPage\n        endCursor\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment ListedTask on Task {\n    id\n    modelName\n    modelVersion\n    state\n    submittedAt\n    startedAt\n    finishedAt\n    attempts\n    labels\n    owner\n    batch {\n      rowCount\n      rowsDone\n      rowsFailed\n    }\n  }\n"): (typeof documents)["\n  fragment ListedTask on Task {\n    id\n    modelName\n    modelVersion\n    state\n    submittedAt\n    startedAt\n    finishedAt\n    attempts\n    labels\n    owner\n    batch {\n      rowCount\n      rowsDone\n      rowsFailed\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Tasks($filter: TaskFilter) {\n    tasks(filter: $filter, first: 50) {\n      edges {\n        node {\n          ...ListedTask\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  query Tasks($filter: TaskFilter) {\n    tasks(filter: $filter, first: 50) {\n      edges {\n        node {\n          ...ListedTask\n        }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  subscription TasksUpdates($filter: TaskFilter!) {\n    tasksUpdates(filter: $filter) {\n      ...ListedTask\n    }\n  }\n"): (typeof documents)["\n  subscription TasksUpdates($filter: TaskFilter!) {\n    tasksUpdates(filter: $filter) {\n      ...ListedTask\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query TaskDetails($id: ID!) {\n    task(id: $id) {\n      ...ListedTask\n      kind\n      priority\n      requestId\n      deadline\n      expiresAt\n      history\n      input {\n        name\n        value\n      }\n    }\n  }\n"): (typeof documents)["\n  query TaskDetails($id: ID!) {\n    task(id: $id) {\n      ...ListedTask\n      kind\n      priority\n      requestId\n      deadline\n      expiresAt\n      history\n      input {\n        name\n        value\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CancelTask($id: ID!) {\n    cancelTask(id: $id) {\n      ...ListedTask\n    }\n  }\n"): (typeof documents)["\n  mutation CancelTask($id: ID!) {\n    cancelTask(id: $id) {\n      ...ListedTask\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation RetryTask($id: ID!) {\n    retryTask(id: $id) {\n      id\n    }\n  }\n"): (typeof documents)["\n  mutation RetryTask($id: ID!) {\n    retryTask(id: $id) {\n      id\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation PauseModel($model: String!) {\n    pauseModel(model: $model) {\n      id\n      isPaused\n    }\n  }\n"): (typeof documents)["\n  mutation PauseModel($model: String!) {\n    pauseModel(model: $model) {\n      id\n      isPaused\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation ResumeModel($model: String!) {\n    resumeModel(model: $model) {\n      id\n      isPaused\n    }\n  }\n"): (typeof documents)["\n  mutation ResumeModel($model: String!) {\n    resumeModel(model: $model) {\n      id\n      isPaused\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query QueuePlace($id: ID!) {\n    task(id: $id) {\n      id\n      position\n      estimatedStartAt\n    }\n  }\n"): (typeof documents)["\n  query QueuePlace($id: ID!) {\n    task(id: $id) {\n      id\n      position\n      estimatedStartAt\n    }\n  }\n"];

export function graphql(source: string) {
  return (documents as any)[source] ?? {};
}

export type DocumentType<TDocumentNode extends DocumentNode<any, any>> = TDocumentNode extends DocumentNode<  infer TType,  any>  ? TType  : never;
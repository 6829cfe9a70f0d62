/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { TypedDocumentNode as DocumentNode } from '@graphql-typed-document-node/core';
/** An input of the model trip-duration. */
export type PredictTripInput = {
  /** Where the trip ends: a taxi zone, numbered as in pickupLocationId. Unit: TLC taxi zone; 1 to 265. */
  dropoffLocationId: number;
  /** When the trip begins: the hour and the day of the week matter. Version 1 does not know of it and answers the same at all times. On the clock of America/New_York; default "now". */
  pickupAt?: string | null | undefined;
  /** Where the trip begins: a taxi zone, one of the areas into which the Taxi and Limousine Commission (TLC) divides the city, such as 74, East Harlem North. 264 is unknown, 265 outside New York. Number and name of each zone: the Taxi Zone Lookup Table on TLC's page "Trip Record Data". Unit: TLC taxi zone; 1 to 265. */
  pickupLocationId: number;
  /** Distance on the taximeter. Every mile beyond 50 counts as none, because such readings are mostly faults of the meter; more than 1,000 miles is refused as absurd. Unit: miles; 0 to 1000. */
  tripDistanceMiles: number;
};

/** Why an accepted task, or a row of a row batch, ended without a prediction, or work without what it was to make. */
export type TaskErrorCode =
  /** A blob of the input was gone before the task ran. */
  | 'BLOB_GONE'
  /** There was no room for the outputs. */
  | 'BLOB_STORE_FULL'
  /** Work only: the data cannot be used. `message` names the file, what was expected and what came. */
  | 'DATA_UNUSABLE'
  /** The task was not finished within `timeoutMs`. `liveWorkers` in `models` says whether a live worker serves its version. */
  | 'DEADLINE_EXCEEDED'
  /** Work only: the new version does not meet the gate of its model, so it has no number. */
  | 'GATE_REJECTED'
  /** The model could not be run on this input. `message` has the reason of its runtime, without paths. */
  | 'INFERENCE_FAILED'
  /** A file or text of the input could not be decoded, or a blob has bytes that its field does not allow. `message` names the input, what was expected and what came. */
  | 'INVALID_INPUT'
  /** The answer of the model breaks its manifest, such as a number that is not finite. */
  | 'INVALID_OUTPUT'
  /** The job in the queue could not be read. */
  | 'MALFORMED_JOB'
  /** The run took longer than the model's `runTimeoutMs`, even with this input alone. */
  | 'RUN_TIMEOUT'
  /** Work only: the broker had no room for the files of the new version. */
  | 'STORE_FULL'
  /** Work only: the recipe failed. `message` has its last words, `trainingLog` has the others. */
  | 'TRAINING_FAILED'
  /** The model crashed each time it ran this input. */
  | 'WORKER_CRASHED';

/** The options of a task. */
export type TaskOptions = {
  /** Tasks with the same key, such as the id of a user, are answered by the same version, as long as the weights of the rollout allow it. The key has no other effect and is not stored. 1 to 256 characters. */
  affinityKey?: string | null | undefined;
  /** Texts by which `tasks` finds the task again, such as the name of a report. 8 at most, of 1 to 64 characters. They have no other effect. */
  labels?: Array<string> | null | undefined;
  /** The version that must answer, as `models` lists it. Default: the rollout of the model decides; without a rollout, the newest served version answers. */
  modelVersion?: string | null | undefined;
  /** How urgent the task is. Default: `INTERACTIVE`. A row batch has a queue of its own, and cannot be `INTERACTIVE`. */
  priority?: TaskPriority | null | undefined;
  /** Makes a retry safe: the same requestId returns the first task instead of a second one, as long as results are kept. It belongs to the owner: without a login all clients are one, so use a random UUID, and keep it as secret as a task id. 1 to 128 characters. Another input with the same requestId is refused with `REQUEST_ID_CONFLICT`. */
  requestId?: string | null | undefined;
  /** The time from submission until an unfinished task expires, in milliseconds: 100 to 300000. Default: the model's. */
  timeoutMs?: number | null | undefined;
  /** For clients that cannot subscribe: how long the mutation waits for the end of the task, in milliseconds. If the time is over first, the task is returned as it is then. 0 to 30000. Default: 0. */
  waitMs?: number | null | undefined;
};

/** How urgent a task is. Tasks of both priorities make progress, also under load. */
export type TaskPriority =
  /** It can wait. It delays an `INTERACTIVE` task of the same version by one run at most, and is refused with `QUEUE_FULL` once the queue is 80 % full. */
  | 'BULK'
  /** A user waits for it. Under load such tasks get eight times the run time of `BULK`. */
  | 'INTERACTIVE';

/** The state of a task. A task reaches exactly one final state and stays in it. */
export type TaskState =
  /** Final: cancelled by `cancelTask`. */
  | 'CANCELED'
  /** Final: its time limit passed before a worker finished it. */
  | 'EXPIRED'
  /** Final: `error` says why. */
  | 'FAILED'
  /** Accepted and stored; no worker has started it yet. */
  | 'QUEUED'
  /** A worker runs it. For a row batch: workers have begun to run its rows. */
  | 'RUNNING'
  /** Final: `prediction` has the result. For a row batch: every row has been run, see `batch`. */
  | 'SUCCEEDED';

export type TaskFieldsFragment = { id: string, state: TaskState, submittedAt: string, prediction:
    | { __typename: 'ChurnPrediction' }
    | { __typename: 'DigitPrediction' }
    | { __typename: 'HousingPrediction' }
    | { __typename: 'LanguagePrediction' }
    | { __typename: 'SpikesPrediction' }
    | { __typename: 'TripPrediction', durationMinutes: number }
   | null, batch: { rowCount: number, rowsDone: number, rowsFailed: number, estimatedSecondsLeft: number | null } | null, error: { code: TaskErrorCode, message: string } | null };

export type PredictTripMutationVariables = Exact<{
  input: PredictTripInput;
  options: TaskOptions;
}>;


export type PredictTripMutation = { task: { id: string, state: TaskState, submittedAt: string, prediction:
      | { __typename: 'ChurnPrediction' }
      | { __typename: 'DigitPrediction' }
      | { __typename: 'HousingPrediction' }
      | { __typename: 'LanguagePrediction' }
      | { __typename: 'SpikesPrediction' }
      | { __typename: 'TripPrediction', durationMinutes: number }
     | null, batch: { rowCount: number, rowsDone: number, rowsFailed: number, estimatedSecondsLeft: number | null } | null, error: { code: TaskErrorCode, message: string } | null } };

export type PredictTripsMutationVariables = Exact<{
  inputs: Array<PredictTripInput> | PredictTripInput;
  options: TaskOptions;
}>;


export type PredictTripsMutation = { task: { id: string, state: TaskState, submittedAt: string, prediction:
      | { __typename: 'ChurnPrediction' }
      | { __typename: 'DigitPrediction' }
      | { __typename: 'HousingPrediction' }
      | { __typename: 'LanguagePrediction' }
      | { __typename: 'SpikesPrediction' }
      | { __typename: 'TripPrediction', durationMinutes: number }
     | null, batch: { rowCount: number, rowsDone: number, rowsFailed: number, estimatedSecondsLeft: number | null } | null, error: { code: TaskErrorCode, message: string } | null } };

export type CancelMutationVariables = Exact<{
  id: string | number;
}>;


export type CancelMutation = { cancelTask: { id: string, state: TaskState, submittedAt: string, prediction:
      | { __typename: 'ChurnPrediction' }
      | { __typename: 'DigitPrediction' }
      | { __typename: 'HousingPrediction' }
      | { __typename: 'LanguagePrediction' }
      | { __typename: 'SpikesPrediction' }
      | { __typename: 'TripPrediction', durationMinutes: number }
     | null, batch: { rowCount: number, rowsDone: number, rowsFailed: number, estimatedSecondsLeft: number | null } | null, error: { code: TaskErrorCode, message: string } | null } };

export type TasksQueryVariables = Exact<{
  after?: string | null | undefined;
}>;


export type TasksQuery = { tasks: { edges: Array<{ node: { id: string, state: TaskState, submittedAt: string, prediction:
          | { __typename: 'ChurnPrediction' }
          | { __typename: 'DigitPrediction' }
          | { __typename: 'HousingPrediction' }
          | { __typename: 'LanguagePrediction' }
          | { __typename: 'SpikesPrediction' }
          | { __typename: 'TripPrediction', durationMinutes: number }
         | null, batch: { rowCount: number, rowsDone: number, rowsFailed: number, estimatedSecondsLeft: number | null } | null, error: { code: TaskErrorCode, message: string } | null } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type TasksUpdatesSubscriptionVariables = Exact<{ [key: string]: never; }>;


export type TasksUpdatesSubscription = { tasksUpdates: { id: string, state: TaskState, submittedAt: string, prediction:
      | { __typename: 'ChurnPrediction' }
      | { __typename: 'DigitPrediction' }
      | { __typename: 'HousingPrediction' }
      | { __typename: 'LanguagePrediction' }
      | { __typename: 'SpikesPrediction' }
      | { __typename: 'TripPrediction', durationMinutes: number }
     | null, batch: { rowCount: number, rowsDone: number, rowsFailed: number, estimatedSecondsLeft: number | null } | null, error: { code: TaskErrorCode, message: string } | null } };

export type RowPageQueryVariables = Exact<{
  id: string | number;
  after?: string | null | undefined;
}>;


export type RowPageQuery = { task: { id: string, batch: { rows: { firstRow: number, rowCount: number, predictions:
          | { __typename: 'ChurnPredictionColumns' }
          | { __typename: 'DigitPredictionColumns' }
          | { __typename: 'HousingPredictionColumns' }
          | { __typename: 'LanguagePredictionColumns' }
          | { __typename: 'SpikesPredictionColumns' }
          | { __typename: 'TripPredictionColumns', durationMinutes: Array<number | null> }
        , errors: Array<{ row: number, code: TaskErrorCode, message: string }>, pageInfo: { hasNextPage: boolean, hasPreviousPage: boolean, endCursor: string | null } } } | null } | null };

export const TaskFieldsFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"TaskFields"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Task"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"submittedAt"}},{"kind":"Field","name":{"kind":"Name","value":"prediction"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"TripPrediction"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"durationMinutes"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"batch"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"rowCount"}},{"kind":"Field","name":{"kind":"Name","value":"rowsDone"}},{"kind":"Field","name":{"kind":"Name","value":"rowsFailed"}},{"kind":"Field","name":{"kind":"Name","value":"estimatedSecondsLeft"}}]}},{"kind":"Field","name":{"kind":"Name","value":"error"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}}]}}]}}]} as unknown as DocumentNode<TaskFieldsFragment, unknown>;
export const PredictTripDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"PredictTrip"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"PredictTripInput"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"options"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"TaskOptions"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","alias":{"kind":"Name","value":"task"},"name":{"kind":"Name","value":"predictTrip"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}},{"kind":"Argument","name":{"kind":"Name","value":"options"},"value":{"kind":"Variable","name":{"kind":"Name","value":"options"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"TaskFields"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"TaskFields"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Task"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"submittedAt"}},{"kind":"Field","name":{"kind":"Name","value":"prediction"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"TripPrediction"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"durationMinutes"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"batch"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"rowCount"}},{"kind":"Field","name":{"kind":"Name","value":"rowsDone"}},{"kind":"Field","name":{"kind":"Name","value":"rowsFailed"}},{"kind":"Field","name":{"kind":"Name","value":"estimatedSecondsLeft"}}]}},{"kind":"Field","name":{"kind":"Name","value":"error"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}}]}}]}}]} as unknown as DocumentNode<PredictTripMutation, PredictTripMutationVariables>;
export const PredictTripsDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"PredictTrips"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"inputs"}},"type":{"kind":"NonNullType","type":{"kind":"ListType","type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"PredictTripInput"}}}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"options"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"TaskOptions"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","alias":{"kind":"Name","value":"task"},"name":{"kind":"Name","value":"predictTrips"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"inputs"},"value":{"kind":"Variable","name":{"kind":"Name","value":"inputs"}}},{"kind":"Argument","name":{"kind":"Name","value":"options"},"value":{"kind":"Variable","name":{"kind":"Name","value":"options"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"TaskFields"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"TaskFields"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Task"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"submittedAt"}},{"kind":"Field","name":{"kind":"Name","value":"prediction"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"TripPrediction"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"durationMinutes"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"batch"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"rowCount"}},{"kind":"Field","name":{"kind":"Name","value":"rowsDone"}},{"kind":"Field","name":{"kind":"Name","value":"rowsFailed"}},{"kind":"Field","name":{"kind":"Name","value":"estimatedSecondsLeft"}}]}},{"kind":"Field","name":{"kind":"Name","value":"error"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}}]}}]}}]} as unknown as DocumentNode<PredictTripsMutation, PredictTripsMutationVariables>;
export const CancelDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"Cancel"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"cancelTask"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"TaskFields"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"TaskFields"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Task"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"submittedAt"}},{"kind":"Field","name":{"kind":"Name","value":"prediction"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"TripPrediction"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"durationMinutes"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"batch"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"rowCount"}},{"kind":"Field","name":{"kind":"Name","value":"rowsDone"}},{"kind":"Field","name":{"kind":"Name","value":"rowsFailed"}},{"kind":"Field","name":{"kind":"Name","value":"estimatedSecondsLeft"}}]}},{"kind":"Field","name":{"kind":"Name","value":"error"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}}]}}]}}]} as unknown as DocumentNode<CancelMutation, CancelMutationVariables>;
export const TasksDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Tasks"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"after"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"tasks"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"IntValue","value":"20"}},{"kind":"Argument","name":{"kind":"Name","value":"after"},"value":{"kind":"Variable","name":{"kind":"Name","value":"after"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"edges"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"node"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"TaskFields"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"pageInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"hasNextPage"}},{"kind":"Field","name":{"kind":"Name","value":"endCursor"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"TaskFields"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Task"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"submittedAt"}},{"kind":"Field","name":{"kind":"Name","value":"prediction"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"TripPrediction"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"durationMinutes"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"batch"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"rowCount"}},{"kind":"Field","name":{"kind":"Name","value":"rowsDone"}},{"kind":"Field","name":{"kind":"Name","value":"rowsFailed"}},{"kind":"Field","name":{"kind":"Name","value":"estimatedSecondsLeft"}}]}},{"kind":"Field","name":{"kind":"Name","value":"error"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}}]}}]}}]} as unknown as DocumentNode<TasksQuery, TasksQueryVariables>;
export const TasksUpdatesDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"subscription","name":{"kind":"Name","value":"TasksUpdates"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"tasksUpdates"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"filter"},"value":{"kind":"ObjectValue","fields":[]}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"TaskFields"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"TaskFields"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Task"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"submittedAt"}},{"kind":"Field","name":{"kind":"Name","value":"prediction"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"TripPrediction"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"durationMinutes"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"batch"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"rowCount"}},{"kind":"Field","name":{"kind":"Name","value":"rowsDone"}},{"kind":"Field","name":{"kind":"Name","value":"rowsFailed"}},{"kind":"Field","name":{"kind":"Name","value":"estimatedSecondsLeft"}}]}},{"kind":"Field","name":{"kind":"Name","value":"error"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}}]}}]}}]} as unknown as DocumentNode<TasksUpdatesSubscription, TasksUpdatesSubscriptionVariables>;
export const RowPageDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"RowPage"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"after"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"task"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"batch"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"rows"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"IntValue","value":"100"}},{"kind":"Argument","name":{"kind":"Name","value":"after"},"value":{"kind":"Variable","name":{"kind":"Name","value":"after"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"firstRow"}},{"kind":"Field","name":{"kind":"Name","value":"rowCount"}},{"kind":"Field","name":{"kind":"Name","value":"predictions"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"TripPredictionColumns"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"durationMinutes"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"errors"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"row"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}}]}},{"kind":"Field","name":{"kind":"Name","value":"pageInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"hasNextPage"}},{"kind":"Field","name":{"kind":"Name","value":"hasPreviousPage"}},{"kind":"Field","name":{"kind":"Name","value":"endCursor"}}]}}]}}]}}]}}]}}]} as unknown as DocumentNode<RowPageQuery, RowPageQueryVariables>;
/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { TypedDocumentNode as DocumentNode } from '@graphql-typed-document-node/core';
/** What an input or output is that the model has as a tensor, and a client in another form. */
export type FieldKind =
  /** A sound. Only inputs have this kind. */
  | 'AUDIO'
  /** What is detected in a picture. Only outputs have this kind. */
  | 'DETECTIONS'
  /** A picture. */
  | 'IMAGE'
  /** A long text. Only inputs have this kind. */
  | 'TEXT';

/** A quota of an owner or of an API key. One that is not set does not limit. */
export type QuotaName =
  /** Reported actuals of tasks of the owner that are kept. */
  | 'ACTUALS'
  /** Bytes of the blobs that are kept, and of what the outputs of accepted tasks can take. A blob that is stored again after a minute counts again. */
  | 'BLOB_BYTES'
  /** Bytes of the jobs of the tasks that have not ended. */
  | 'BYTES_QUEUED'
  /** Points of complexity of all operations in a minute, and one for each request of bytes and each 512 KiB of it. */
  | 'COST_PER_MINUTE'
  /** Bytes of the results and request ids that are kept, estimated when a task is accepted. */
  | 'RESULT_BYTES'
  /** Rows of the tasks that have not ended. */
  | 'ROWS_QUEUED'
  /** Open subscriptions to tasks, and mutations that wait (`waitMs`). Each unfinished task of a `tasksUpdates` counts. */
  | 'SUBSCRIPTIONS'
  /** Tasks submitted in a second. */
  | 'TASKS_PER_SECOND'
  /** Tasks that have not ended. A row batch is one. */
  | 'TASKS_UNFINISHED';

/** What a client may do. */
export type Role =
  /** May do everything. */
  | 'OPERATOR'
  /** Submits tasks, and reads, watches and cancels those of its owner. */
  | 'SUBMITTER'
  /** Reads and watches the tasks of every owner, and changes nothing. */
  | 'VIEWER';

/** Which tasks are meant. A task passes if it passes each member that is given. */
export type TaskFilter = {
  /** With this label. */
  label?: string | null | undefined;
  /** Of the model with this name. */
  model?: string | null | undefined;
  /** Submitted at this instant or later. */
  since?: string | null | undefined;
  /** In one of these states. */
  states?: Array<TaskState> | null | undefined;
  /** Of this version of a model. */
  version?: string | null | undefined;
};

/** What a task is to bring. */
export type TaskKind =
  /** The check of a dataset. */
  | 'DATASET'
  /** A prediction, or those of a row batch. */
  | 'PREDICTION'
  /** A new version of a model. */
  | 'TRAINING';

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

/** The type of an input or output. */
export type ValueType =
  /** True or false. */
  | 'BOOLEAN'
  /** A local time in `timeZone`. Only inputs have this type. */
  | 'DATE_TIME'
  /** One of `values`. Only inputs have this type. */
  | 'ENUM'
  /** A number of 16 bits in the model. */
  | 'FLOAT16'
  /** A number of 32 bits in the model. */
  | 'FLOAT32'
  /** A number of 64 bits in the model. */
  | 'FLOAT64'
  /** A whole number of 8 bits in the model. */
  | 'INT8'
  /** A whole number of 16 bits in the model. */
  | 'INT16'
  /** A whole number of 32 bits in the model. */
  | 'INT32'
  /** A whole number of 64 bits in the model. */
  | 'INT64'
  /** A text. */
  | 'STRING'
  /** A whole number of 8 bits without a sign in the model. */
  | 'UINT8'
  /** A whole number of 16 bits without a sign in the model. */
  | 'UINT16'
  /** A whole number of 32 bits without a sign in the model. */
  | 'UINT32'
  /** A whole number of 64 bits without a sign in the model. */
  | 'UINT64';

/** Whether a version can answer tasks. */
export type VersionState =
  /** Its folder is gone. Workers finish its queue, and it gets no new tasks. */
  | 'LEAVING'
  /** Workers refuse to serve it. `reason` says why. */
  | 'REFUSED'
  /** Live workers serve it. */
  | 'SERVED'
  /** No live worker serves it yet. */
  | 'WAITING';

export type MeQueryVariables = Exact<{ [key: string]: never; }>;


export type MeQuery = { me: { owner: string, roles: Array<Role>, quotas: Array<{ name: QuotaName, limit: number, used: number, resetsAt: string | null }> } };

export type ModelFieldPartsFragment = { name: string, tensor: string, valueType: ValueType, kind: FieldKind | null, maxBytes: number | null, description: string, unit: string | null, size: number | null, exact: boolean, labels: Array<string> | null, columns: Array<string> | null, allowNaN: boolean, minimum: number | null, maximum: number | null, maxLength: number | null, values: Array<string> | null, modelValues: Array<string> | null, timeZone: string | null, default: string | null, shape: Array<{ size: number | null, axis: { name: string, minimum: number, maximum: number } | null }> | null };

export type ModelsQueryVariables = Exact<{ [key: string]: never; }>;


export type ModelsQuery = { models: Array<{ id: string, name: string, description: string, mutation: string, batchMutation: string, inputType: string, predictionType: string, partialType: string | null, columnsType: string, example: string, inputs: Array<{ name: string, tensor: string, valueType: ValueType, kind: FieldKind | null, maxBytes: number | null, description: string, unit: string | null, size: number | null, exact: boolean, labels: Array<string> | null, columns: Array<string> | null, allowNaN: boolean, minimum: number | null, maximum: number | null, maxLength: number | null, values: Array<string> | null, modelValues: Array<string> | null, timeZone: string | null, default: string | null, shape: Array<{ size: number | null, axis: { name: string, minimum: number, maximum: number } | null }> | null }>, outputs: Array<{ name: string, tensor: string, valueType: ValueType, kind: FieldKind | null, maxBytes: number | null, description: string, unit: string | null, size: number | null, exact: boolean, labels: Array<string> | null, columns: Array<string> | null, allowNaN: boolean, minimum: number | null, maximum: number | null, maxLength: number | null, values: Array<string> | null, modelValues: Array<string> | null, timeZone: string | null, default: string | null, shape: Array<{ size: number | null, axis: { name: string, minimum: number, maximum: number } | null }> | null }>, live: Array<{ version: string, state: VersionState }> }> };

export type ListedTaskFragment = { id: string, modelName: string, modelVersion: string, state: TaskState, submittedAt: string, startedAt: string | null, finishedAt: string | null, attempts: number, labels: Array<string>, owner: string | null, batch: { rowCount: number, rowsDone: number, rowsFailed: number } | null };

export type TasksQueryVariables = Exact<{
  filter?: TaskFilter | null | undefined;
}>;


export type TasksQuery = { tasks: { edges: Array<{ node: { id: string, modelName: string, modelVersion: string, state: TaskState, submittedAt: string, startedAt: string | null, finishedAt: string | null, attempts: number, labels: Array<string>, owner: string | null, batch: { rowCount: number, rowsDone: number, rowsFailed: number } | null } }> } };

export type TasksUpdatesSubscriptionVariables = Exact<{
  filter: TaskFilter;
}>;


export type TasksUpdatesSubscription = { tasksUpdates: { id: string, modelName: string, modelVersion: string, state: TaskState, submittedAt: string, startedAt: string | null, finishedAt: string | null, attempts: number, labels: Array<string>, owner: string | null, batch: { rowCount: number, rowsDone: number, rowsFailed: number } | null } };

export type TaskDetailsQueryVariables = Exact<{
  id: string | number;
}>;


export type TaskDetailsQuery = { task: { kind: TaskKind, priority: TaskPriority, requestId: string | null, deadline: string, expiresAt: string | null, history: Array<string>, id: string, modelName: string, modelVersion: string, state: TaskState, submittedAt: string, startedAt: string | null, finishedAt: string | null, attempts: number, labels: Array<string>, owner: string | null, input: Array<{ name: string, value: string }> | null, batch: { rowCount: number, rowsDone: number, rowsFailed: number } | null } | null };

export type CancelTaskMutationVariables = Exact<{
  id: string | number;
}>;


export type CancelTaskMutation = { cancelTask: { id: string, modelName: string, modelVersion: string, state: TaskState, submittedAt: string, startedAt: string | null, finishedAt: string | null, attempts: number, labels: Array<string>, owner: string | null, batch: { rowCount: number, rowsDone: number, rowsFailed: number } | null } };

export type RetryTaskMutationVariables = Exact<{
  id: string | number;
}>;


export type RetryTaskMutation = { retryTask: { id: string } };

export type QueuePlaceQueryVariables = Exact<{
  id: string | number;
}>;


export type QueuePlaceQuery = { task: { id: string, position: number | null, estimatedStartAt: string | null } | null };

export const ModelFieldPartsFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ModelFieldParts"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"ModelField"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"tensor"}},{"kind":"Field","name":{"kind":"Name","value":"valueType"}},{"kind":"Field","name":{"kind":"Name","value":"kind"}},{"kind":"Field","name":{"kind":"Name","value":"maxBytes"}},{"kind":"Field","name":{"kind":"Name","value":"description"}},{"kind":"Field","name":{"kind":"Name","value":"unit"}},{"kind":"Field","name":{"kind":"Name","value":"size"}},{"kind":"Field","name":{"kind":"Name","value":"shape"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"size"}},{"kind":"Field","name":{"kind":"Name","value":"axis"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"minimum"}},{"kind":"Field","name":{"kind":"Name","value":"maximum"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"exact"}},{"kind":"Field","name":{"kind":"Name","value":"labels"}},{"kind":"Field","name":{"kind":"Name","value":"columns"}},{"kind":"Field","name":{"kind":"Name","value":"allowNaN"}},{"kind":"Field","name":{"kind":"Name","value":"minimum"}},{"kind":"Field","name":{"kind":"Name","value":"maximum"}},{"kind":"Field","name":{"kind":"Name","value":"maxLength"}},{"kind":"Field","name":{"kind":"Name","value":"values"}},{"kind":"Field","name":{"kind":"Name","value":"modelValues"}},{"kind":"Field","name":{"kind":"Name","value":"timeZone"}},{"kind":"Field","name":{"kind":"Name","value":"default"}}]}}]} as unknown as DocumentNode<ModelFieldPartsFragment, unknown>;
export const ListedTaskFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ListedTask"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Task"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"modelName"}},{"kind":"Field","name":{"kind":"Name","value":"modelVersion"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"submittedAt"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"finishedAt"}},{"kind":"Field","name":{"kind":"Name","value":"attempts"}},{"kind":"Field","name":{"kind":"Name","value":"labels"}},{"kind":"Field","name":{"kind":"Name","value":"owner"}},{"kind":"Field","name":{"kind":"Name","value":"batch"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"rowCount"}},{"kind":"Field","name":{"kind":"Name","value":"rowsDone"}},{"kind":"Field","name":{"kind":"Name","value":"rowsFailed"}}]}}]}}]} as unknown as DocumentNode<ListedTaskFragment, unknown>;
export const MeDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Me"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"me"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"owner"}},{"kind":"Field","name":{"kind":"Name","value":"roles"}},{"kind":"Field","name":{"kind":"Name","value":"quotas"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"limit"}},{"kind":"Field","name":{"kind":"Name","value":"used"}},{"kind":"Field","name":{"kind":"Name","value":"resetsAt"}}]}}]}}]}}]} as unknown as DocumentNode<MeQuery, MeQueryVariables>;
export const ModelsDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Models"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"models"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"description"}},{"kind":"Field","name":{"kind":"Name","value":"mutation"}},{"kind":"Field","name":{"kind":"Name","value":"batchMutation"}},{"kind":"Field","name":{"kind":"Name","value":"inputType"}},{"kind":"Field","name":{"kind":"Name","value":"predictionType"}},{"kind":"Field","name":{"kind":"Name","value":"partialType"}},{"kind":"Field","name":{"kind":"Name","value":"columnsType"}},{"kind":"Field","name":{"kind":"Name","value":"example"}},{"kind":"Field","name":{"kind":"Name","value":"inputs"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"ModelFieldParts"}}]}},{"kind":"Field","name":{"kind":"Name","value":"outputs"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"ModelFieldParts"}}]}},{"kind":"Field","name":{"kind":"Name","value":"live"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"version"}},{"kind":"Field","name":{"kind":"Name","value":"state"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ModelFieldParts"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"ModelField"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"tensor"}},{"kind":"Field","name":{"kind":"Name","value":"valueType"}},{"kind":"Field","name":{"kind":"Name","value":"kind"}},{"kind":"Field","name":{"kind":"Name","value":"maxBytes"}},{"kind":"Field","name":{"kind":"Name","value":"description"}},{"kind":"Field","name":{"kind":"Name","value":"unit"}},{"kind":"Field","name":{"kind":"Name","value":"size"}},{"kind":"Field","name":{"kind":"Name","value":"shape"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"size"}},{"kind":"Field","name":{"kind":"Name","value":"axis"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"minimum"}},{"kind":"Field","name":{"kind":"Name","value":"maximum"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"exact"}},{"kind":"Field","name":{"kind":"Name","value":"labels"}},{"kind":"Field","name":{"kind":"Name","value":"columns"}},{"kind":"Field","name":{"kind":"Name","value":"allowNaN"}},{"kind":"Field","name":{"kind":"Name","value":"minimum"}},{"kind":"Field","name":{"kind":"Name","value":"maximum"}},{"kind":"Field","name":{"kind":"Name","value":"maxLength"}},{"kind":"Field","name":{"kind":"Name","value":"values"}},{"kind":"Field","name":{"kind":"Name","value":"modelValues"}},{"kind":"Field","name":{"kind":"Name","value":"timeZone"}},{"kind":"Field","name":{"kind":"Name","value":"default"}}]}}]} as unknown as DocumentNode<ModelsQuery, ModelsQueryVariables>;
export const TasksDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Tasks"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"filter"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"TaskFilter"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"tasks"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"filter"},"value":{"kind":"Variable","name":{"kind":"Name","value":"filter"}}},{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"IntValue","value":"50"}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"edges"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"node"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"ListedTask"}}]}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ListedTask"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Task"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"modelName"}},{"kind":"Field","name":{"kind":"Name","value":"modelVersion"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"submittedAt"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"finishedAt"}},{"kind":"Field","name":{"kind":"Name","value":"attempts"}},{"kind":"Field","name":{"kind":"Name","value":"labels"}},{"kind":"Field","name":{"kind":"Name","value":"owner"}},{"kind":"Field","name":{"kind":"Name","value":"batch"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"rowCount"}},{"kind":"Field","name":{"kind":"Name","value":"rowsDone"}},{"kind":"Field","name":{"kind":"Name","value":"rowsFailed"}}]}}]}}]} as unknown as DocumentNode<TasksQuery, TasksQueryVariables>;
export const TasksUpdatesDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"subscription","name":{"kind":"Name","value":"TasksUpdates"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"filter"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"TaskFilter"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"tasksUpdates"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"filter"},"value":{"kind":"Variable","name":{"kind":"Name","value":"filter"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"ListedTask"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ListedTask"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Task"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"modelName"}},{"kind":"Field","name":{"kind":"Name","value":"modelVersion"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"submittedAt"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"finishedAt"}},{"kind":"Field","name":{"kind":"Name","value":"attempts"}},{"kind":"Field","name":{"kind":"Name","value":"labels"}},{"kind":"Field","name":{"kind":"Name","value":"owner"}},{"kind":"Field","name":{"kind":"Name","value":"batch"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"rowCount"}},{"kind":"Field","name":{"kind":"Name","value":"rowsDone"}},{"kind":"Field","name":{"kind":"Name","value":"rowsFailed"}}]}}]}}]} as unknown as DocumentNode<TasksUpdatesSubscription, TasksUpdatesSubscriptionVariables>;
export const TaskDetailsDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"TaskDetails"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"task"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"ListedTask"}},{"kind":"Field","name":{"kind":"Name","value":"kind"}},{"kind":"Field","name":{"kind":"Name","value":"priority"}},{"kind":"Field","name":{"kind":"Name","value":"requestId"}},{"kind":"Field","name":{"kind":"Name","value":"deadline"}},{"kind":"Field","name":{"kind":"Name","value":"expiresAt"}},{"kind":"Field","name":{"kind":"Name","value":"history"}},{"kind":"Field","name":{"kind":"Name","value":"input"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"value"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ListedTask"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Task"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"modelName"}},{"kind":"Field","name":{"kind":"Name","value":"modelVersion"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"submittedAt"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"finishedAt"}},{"kind":"Field","name":{"kind":"Name","value":"attempts"}},{"kind":"Field","name":{"kind":"Name","value":"labels"}},{"kind":"Field","name":{"kind":"Name","value":"owner"}},{"kind":"Field","name":{"kind":"Name","value":"batch"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"rowCount"}},{"kind":"Field","name":{"kind":"Name","value":"rowsDone"}},{"kind":"Field","name":{"kind":"Name","value":"rowsFailed"}}]}}]}}]} as unknown as DocumentNode<TaskDetailsQuery, TaskDetailsQueryVariables>;
export const CancelTaskDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"CancelTask"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"cancelTask"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"ListedTask"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ListedTask"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Task"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"modelName"}},{"kind":"Field","name":{"kind":"Name","value":"modelVersion"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"submittedAt"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"finishedAt"}},{"kind":"Field","name":{"kind":"Name","value":"attempts"}},{"kind":"Field","name":{"kind":"Name","value":"labels"}},{"kind":"Field","name":{"kind":"Name","value":"owner"}},{"kind":"Field","name":{"kind":"Name","value":"batch"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"rowCount"}},{"kind":"Field","name":{"kind":"Name","value":"rowsDone"}},{"kind":"Field","name":{"kind":"Name","value":"rowsFailed"}}]}}]}}]} as unknown as DocumentNode<CancelTaskMutation, CancelTaskMutationVariables>;
export const RetryTaskDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"RetryTask"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"retryTask"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}}]} as unknown as DocumentNode<RetryTaskMutation, RetryTaskMutationVariables>;
export const QueuePlaceDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"QueuePlace"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"task"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"position"}},{"kind":"Field","name":{"kind":"Name","value":"estimatedStartAt"}}]}}]}}]} as unknown as DocumentNode<QueuePlaceQuery, QueuePlaceQueryVariables>;
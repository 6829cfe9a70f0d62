/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { TypedDocumentNode as DocumentNode } from '@graphql-typed-document-node/core';
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

export type MeQueryVariables = Exact<{ [key: string]: never; }>;


export type MeQuery = { me: { owner: string, roles: Array<Role>, quotas: Array<{ name: QuotaName, limit: number, used: number, resetsAt: string | null }> } };


export const MeDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Me"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"me"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"owner"}},{"kind":"Field","name":{"kind":"Name","value":"roles"}},{"kind":"Field","name":{"kind":"Name","value":"quotas"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"limit"}},{"kind":"Field","name":{"kind":"Name","value":"used"}},{"kind":"Field","name":{"kind":"Name","value":"resetsAt"}}]}}]}}]}}]} as unknown as DocumentNode<MeQuery, MeQueryVariables>;
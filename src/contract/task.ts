/**
 * Task: what the client holds. Its id is opaque to clients and carries all it takes to find the task again:
 *
 *     trip_duration_7f3a9c21_1795342861_9f8e7d6c5b4a39281706f5e4
 *     model         home     deadline   random
 *
 * `home` is the gateway that accepted the task, `deadline` the second (broker time) in which it ends, rounded up;
 * 96 random bits make it unguessable. The id is one token of a NATS subject, and one word to who double-clicks it: the
 * hyphens of the model's name are written as underscores, which no model's name has.
 */

import { randomUUID } from 'node:crypto';
import type { RowBatchShape } from './rowBatchShape.ts';
import type { Values } from './values.ts';

export const TaskState = {
  Queued: 'QUEUED',
  Running: 'RUNNING',
  Succeeded: 'SUCCEEDED',
  Failed: 'FAILED',
  Canceled: 'CANCELED',
  Expired: 'EXPIRED',
} as const;
export type TaskState = (typeof TaskState)[keyof typeof TaskState];

export type FinalState = Exclude<TaskState, 'QUEUED' | 'RUNNING'>;

/** Why an accepted task ended without a prediction. */
export const TaskErrorCode = {
  DeadlineExceeded: 'DEADLINE_EXCEEDED',
  InferenceFailed: 'INFERENCE_FAILED',
  InvalidOutput: 'INVALID_OUTPUT',
  WorkerCrashed: 'WORKER_CRASHED',
  RunTimeout: 'RUN_TIMEOUT',
  MalformedJob: 'MALFORMED_JOB',
} as const;
export type TaskErrorCode = (typeof TaskErrorCode)[keyof typeof TaskErrorCode];

export interface TaskError {
  readonly code: TaskErrorCode;
  /** Of at most `MESSAGE_MAX_CHARACTERS`. */
  readonly message: string;
}

export const MESSAGE_MAX_CHARACTERS = 1_000;
/** Of a task that dies again and again, the last ids are kept. */
export const MAX_HISTORY = 100;

/** An error whose message is cut off where it is too long: it may name what a model gave, such as a shape. */
export function withShortMessage<E extends TaskError>(error: E): E {
  if (error.message.length <= MESSAGE_MAX_CHARACTERS) return error;
  return { ...error, message: shortText(error.message) };
}

/** At most `MESSAGE_MAX_CHARACTERS` of a text. */
export function shortText(text: string): string {
  if (text.length <= MESSAGE_MAX_CHARACTERS) return text;
  // Made anew from bytes: V8 would keep the whole text alive for the part of it.
  return Buffer.from(text.slice(0, MESSAGE_MAX_CHARACTERS)).toString();
}

/** Whose a task is. Others are told that there is no such task. */
export type Owner = string;
/** Of every task, as long as clients do not log in. */
export const ANONYMOUS: Owner = 'anonymous';

/** Where the time of a task went, in milliseconds. */
export interface TaskTimings {
  /** From submission until its batch was formed. */
  readonly queueMs: number;
  /** From its batch being formed until its run started: encoding, and earlier runs if there were any. */
  readonly batchMs: number;
  /** The run itself, shared by the whole batch. */
  readonly computeMs: number;
  /** Tasks in the batch. */
  readonly batchSize: number;
}

/** Of a task with many rows: how far it is. */
export interface RowBatch extends RowBatchShape {
  /** Rows that have been run, those that failed included. */
  readonly rowsDone: number;
  readonly rowsFailed: number;
  /** As of the last notice from a worker. */
  readonly secondsLeft?: number | undefined;
}

/** A row of a batch that came to no prediction. */
export interface RowError extends TaskError {
  /** Its index in the batch. */
  readonly row: number;
}

/** The longest `timeoutMs` a task may ask for, in milliseconds. */
export const MAX_TIMEOUT_MS = 300_000;

export interface Task {
  readonly id: string;
  readonly owner: Owner;
  readonly model: string;
  readonly modelVersion: string;
  readonly state: TaskState;
  /** Instants are milliseconds since the epoch in broker time. */
  readonly submittedAt: number;
  /** Ids of the tasks that it was redriven from, oldest first. */
  readonly history?: readonly string[] | undefined;
  readonly startedAt?: number;
  readonly finishedAt?: number;
  readonly attempts: number;
  readonly timings?: TaskTimings;
  readonly prediction?: Values;
  readonly error?: TaskError;
  /** If it is a batch: it has this, and no prediction. */
  readonly batch?: RowBatch | undefined;
}

/** A task that has reached its end; no other state can follow. */
export interface FinishedTask extends Task {
  readonly state: FinalState;
  readonly finishedAt: number;
}

export function isFinal(task: Task): task is FinishedTask {
  return task.state !== TaskState.Queued && task.state !== TaskState.Running;
}

/** What a task id says about its task. */
export interface TaskAddress {
  readonly id: string;
  readonly model: string;
  readonly home: string;
  /** Seconds since the epoch, broker time. */
  readonly deadlineSecond: number;
}

/**
 * Makes the id of a new task.
 *
 * @param deadline milliseconds since the epoch, broker time.
 */
export function newTaskAddress({
  model,
  home,
  deadline,
}: {
  model: string;
  home: string;
  deadline: number;
}): TaskAddress {
  const deadlineSecond = Math.ceil(deadline / 1000);
  const id = `${model.replaceAll('-', '_')}_${home}_${deadlineSecond}_${randomHex()}`;
  return { id, model, home, deadlineSecond };
}

/** 96 random bits in hex. From a UUID, leaving out what is not random in it: Node makes UUIDs from a stock of random bytes. */
function randomHex(): string {
  const uuid = randomUUID();
  return uuid.slice(0, 8) + uuid.slice(9, 13) + uuid.slice(24);
}

const TASK_ID = /^([a-z][a-z0-9_]{0,62})_([0-9a-f]{8})_([0-9]{10})_[0-9a-f]{24}$/;

/** An id for a job whose subject names no task: the same for the same content, and no gateway's. */
export function unnamedTaskId(model: string, contentDigest: string): string {
  return `${model.replaceAll('-', '_')}_00000000_0000000000_${contentDigest.slice(0, 24)}`;
}

/** A text without the ids in it: an id is all it takes to see and cancel its task. */
export function withoutTaskIds(text: string): string {
  return text.replaceAll(/[a-z][a-z0-9_]*_[0-9a-f]{8}_[0-9]{10}_[0-9a-f]{24}/g, '…');
}

/** @returns undefined if the text cannot be an id of ours. */
export function parseTaskId(id: string): TaskAddress | undefined {
  const [, model, home, second] = TASK_ID.exec(id) ?? [];
  if (model === undefined || home === undefined) return undefined;
  return { id, model: model.replaceAll('_', '-'), home, deadlineSecond: Number(second) };
}

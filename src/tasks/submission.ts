/** From what a client asks for to the job that is stored: validation, the choice of the version, the deadline. */

import { RequestError, RequestErrorCode } from '../contract/errors.ts';
import { MESSAGE_VERSION } from '../contract/messages/decoder.ts';
import type { ChunkJob, Job, QueuedJob, RowBatchJob } from '../contract/messages/job.ts';
import { randomBucket } from '../contract/rollout.ts';
import { chunkCountOf, MAX_BATCH_ROWS, rowsOfChunk } from '../contract/rowBatchShape.ts';
import { Lane } from '../contract/subjects.ts';
import { MAX_HISTORY, MAX_TIMEOUT_MS, newTaskId } from '../contract/task.ts';
import type { InputColumns } from '../contract/values.ts';
import { validateInput } from '../models/input.ts';
import { checkRows, columnsAt, packColumns } from '../models/inputColumns.ts';
import type { Model } from '../models/models.ts';
import type { ChosenVersion, Offering, VersionOptions } from '../rollout/offering.ts';
import { shapeOf } from './chunkSize.ts';

export const MIN_TIMEOUT_MS = 100;
export const MAX_REQUEST_ID_LENGTH = 128;
export const MAX_AFFINITY_KEY_LENGTH = 256;
export const MAX_WAIT_MS = 30_000;

export const TaskPriority = { Interactive: 'INTERACTIVE', Bulk: 'BULK' } as const;
export type TaskPriority = (typeof TaskPriority)[keyof typeof TaskPriority];

export interface TaskOptions extends VersionOptions {
  readonly requestId?: string | null | undefined;
  readonly priority?: TaskPriority | null | undefined;
  /** Milliseconds. */
  readonly timeoutMs?: number | null | undefined;
  /** Milliseconds. */
  readonly waitMs?: number | null | undefined;
}

export interface Submission {
  readonly model: Model;
  readonly input: Readonly<Record<string, unknown>>;
  readonly options: TaskOptions;
  readonly owner: string;
  /** W3C `traceparent` of the request. */
  readonly trace: string | undefined;
  /** Aborted when the client has left: then nobody waits for the end any more. */
  readonly gone: AbortSignal | undefined;
}

export interface RowBatchSubmission extends Omit<Submission, 'input'> {
  readonly inputs: readonly Readonly<Record<string, unknown>>[];
}

/** Who makes the job, when (broker time), and what there is to choose from. */
export interface Origin {
  readonly home: string;
  readonly now: number;
  readonly offering: Pick<Offering, 'choose' | 'offers' | 'versionAt'>;
}

/** @throws {RequestError} `BAD_USER_INPUT` naming every field that is wrong, `NO_VERSION`. */
export function newJob(submission: Submission, origin: Origin): Job {
  const { model, options } = submission;
  const input = validateInput(model.manifest, submission.input, origin.now);
  checkOptions(options);
  const chosen = origin.offering.choose(model, options);
  const timeoutMs = options.timeoutMs ?? model.manifest.limits.timeoutMs;
  const job = { ...headerOf(submission, chosen, timeoutMs, origin), input };
  return options.priority === TaskPriority.Bulk ? { ...job, lane: Lane.Bulk } : job;
}

/**
 * What a batch asks, as it is asked: times of `now` have not become instants.
 *
 * @throws {RequestError} `BAD_USER_INPUT` naming the rows and fields that are wrong.
 */
export function questionOf({ model, inputs }: Pick<RowBatchSubmission, 'model' | 'inputs'>): InputColumns {
  if (inputs.length === 0 || inputs.length > MAX_BATCH_ROWS)
    throw badOption('inputs', `a list of 1 to ${MAX_BATCH_ROWS} rows`, `${inputs.length} rows`);
  return checkRows(model.manifest, inputs);
}

/** @throws {RequestError} `BAD_USER_INPUT`, `NO_VERSION`. */
export function newRowBatch(submission: RowBatchSubmission, origin: Origin): RowBatchJob {
  const { model, inputs, options } = submission;
  checkOptions(options);
  if (options.priority === TaskPriority.Interactive)
    throw badOption('priority', 'BULK or left out: batches have a lane of their own', options.priority);
  const chosen = origin.offering.choose(model, options);
  const timeoutMs = options.timeoutMs ?? model.manifest.limits.timeoutMs;
  const header = headerOf(submission, chosen, timeoutMs, origin);
  return { ...header, batch: shapeOf(model.manifest, inputs.length) };
}

/** @param question as it was asked; its times of `now` are those of the batch's submission. */
export function chunksOf(
  batch: RowBatchJob,
  { manifest }: Model,
  question: InputColumns,
): readonly ChunkJob[] {
  const columns = columnsAt(manifest, question, batch.submittedAt);
  return Array.from({ length: chunkCountOf(batch.batch) }, (_, chunk) => {
    const { from, to } = rowsOfChunk(batch.batch, chunk);
    return { ...batch, chunk, columns: packColumns(columns, from, to) };
  });
}

/**
 * A dead job as a new one, with the time limit it had, and the version it had, if that can be had; else the one that
 * answers the tasks of its bucket now.
 *
 * @throws {RequestError} `BAD_USER_INPUT`, if the manifest does not allow its input any more; `NO_VERSION`.
 */
export function redrivenJob(dead: QueuedJob, model: Model, trace: string | undefined, origin: Origin): Job {
  const timeoutMs = Math.min(Math.max(dead.deadline - dead.submittedAt, MIN_TIMEOUT_MS), MAX_TIMEOUT_MS);
  const input = validateInput(model.manifest, dead.input, origin.now);
  const chosen = versionOfRedriven(dead, model, origin);
  return {
    ...headerOf({ model, owner: dead.owner, trace }, chosen, timeoutMs, origin),
    input,
    ...(dead.lane === undefined ? {} : { lane: dead.lane }),
    history: [...(dead.history ?? []), dead.taskId].slice(-MAX_HISTORY),
  };
}

function versionOfRedriven(
  { version, bucket }: QueuedJob,
  model: Model,
  { offering }: Pick<Origin, 'offering'>,
): ChosenVersion {
  if (offering.offers(model, version)) return { version, bucket };
  const other = bucket ?? randomBucket();
  return { version: offering.versionAt(model, other), bucket: other };
}

/** A job but for what it asks. */
function headerOf(
  { model, owner, trace }: Pick<Submission, 'model' | 'owner' | 'trace'>,
  { version, bucket }: ChosenVersion,
  timeoutMs: number,
  { home, now }: Origin,
): Omit<Job, 'input'> {
  const { name } = model.manifest;
  const deadline = now + timeoutMs;
  return {
    v: MESSAGE_VERSION,
    taskId: newTaskId({ model: name, home, deadline }),
    model: name,
    version,
    submittedAt: now,
    deadline,
    owner,
    ...(bucket === undefined ? {} : { bucket }),
    ...(trace === undefined ? {} : { trace }),
  };
}

function checkOptions({ requestId, timeoutMs, waitMs, affinityKey }: TaskOptions): void {
  checkLength('requestId', requestId, MAX_REQUEST_ID_LENGTH);
  checkLength('affinityKey', affinityKey, MAX_AFFINITY_KEY_LENGTH);
  if (timeoutMs != null && (timeoutMs < MIN_TIMEOUT_MS || timeoutMs > MAX_TIMEOUT_MS)) {
    throw badOption('timeoutMs', `from ${MIN_TIMEOUT_MS} to ${MAX_TIMEOUT_MS} (ms)`, String(timeoutMs));
  }
  if (waitMs != null && (waitMs < 0 || waitMs > MAX_WAIT_MS))
    throw badOption('waitMs', `from 0 to ${MAX_WAIT_MS} (ms)`, String(waitMs));
}

function checkLength(field: string, text: string | null | undefined, maxLength: number): void {
  if (text != null && (text.length === 0 || text.length > maxLength))
    throw badOption(field, `a text of 1 to ${maxLength} characters`, `${text.length} characters`);
}

function badOption(field: string, expected: string, got: string): RequestError {
  return new RequestError(RequestErrorCode.BadUserInput, `${field} must be ${expected}, got ${got}`, {
    details: { field, expected, value: got },
  });
}

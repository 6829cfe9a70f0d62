/**
 * Checks of messages that anybody with access to the broker could have sent. What does not pass is dropped where it is
 * heard: a state that GraphQL cannot show would fail the operations of everybody who looks at it.
 */

import type { ComparisonSums, DifferenceSums, DurationSums } from './comparisonSums.ts';
import type {
  Actual,
  ChunkProgress,
  ChunkResult,
  DeadLetter,
  GatewayComparisons,
  MovedNotice,
  NamedVersion,
  RefusedVersion,
  Result,
  RolloutRecord,
  RunningNotice,
  ShadowAnswer,
  ShadowJob,
  SuspectMark,
  VersionPresence,
  WorkerPresence,
} from './protocol.ts';
import { BUCKETS, bucketsOf, type Shadow, type Weight } from './rollout.ts';
import { MAX_BATCH_ROWS, MAX_CHUNK_ROWS, type RowBatchShape, rowsOfChunk } from './rowBatchShape.ts';
import {
  ANONYMOUS,
  isFinal,
  MAX_HISTORY,
  MESSAGE_MAX_CHARACTERS,
  parseTaskId,
  type RowBatch,
  type RowError,
  shortText,
  type Task,
  type TaskError,
  TaskErrorCode,
  TaskState,
  type TaskTimings,
  withShortMessage,
} from './task.ts';
import type { OutputColumns } from './values.ts';
import { isComparable, type Value } from './values.ts';

export class MalformedMessage extends Error {}

/** The instants that a Date can hold, in milliseconds. */
const LATEST_INSTANT = 8.64e15;
/** A day: no task lives so long, and sums of such durations mean something. */
export const LONGEST_DURATION_MS = 24 * 60 * 60 * 1_000;
const LARGEST_INT = 2 ** 31 - 1;
const LONGEST_NAME = 200;
const LONGEST_LIST = 1_000;
const LARGEST_SUM = 1e300;
/** Of durations up to some years; see `Durations`. */
const HISTOGRAM_BUCKET = /^-?[0-9]{1,3}$/;

const STATES: readonly unknown[] = Object.values(TaskState);
const ERROR_CODES: readonly unknown[] = Object.values(TaskErrorCode);

/** @throws {MalformedMessage} naming the member that is wrong. */
export function checkResult(message: Partial<Result>, id: string): Result {
  require(message.id === id, 'id', message.id);
  require(isAbsentOr(isName, message.owner), 'owner', message.owner);
  require(message.model === parseTaskId(id)?.model, 'model', message.model);
  require(isName(message.modelVersion), 'modelVersion', message.modelVersion);
  require(STATES.includes(message.state) && isFinal(message as Task), 'state', message.state);
  require(isInstant(message.submittedAt), 'submittedAt', message.submittedAt);
  require(isInstant(message.finishedAt), 'finishedAt', message.finishedAt);
  require(isAbsentOr(isInstant, message.startedAt), 'startedAt', message.startedAt);
  require(isCount(message.attempts), 'attempts', message.attempts);
  require(isAbsentOr(isTimings, message.timings), 'timings', message.timings);
  require(isAbsentOr(isRowBatch, message.batch), 'batch', message.batch);
  const predicts = message.state === TaskState.Succeeded && message.batch === undefined;
  require(predicts
    ? isValues(message.prediction)
    : message.prediction === undefined, 'prediction', message.prediction);
  require(isAbsentOr(isError, message.error), 'error', message.error);
  require(message.history === undefined || isListOf(isName, message.history), 'history', message.history);
  // Results of older workers name no owner.
  const { error, history, owner = ANONYMOUS, ...others } = message as Result;
  if (error === undefined && history === undefined && message.owner !== undefined) return message as Result;
  // Of a worker that cuts nothing off: the end of the task is worth more than all of the text.
  return {
    ...others,
    owner,
    ...(error === undefined ? {} : { error: withShortMessage(error) }),
    ...(history === undefined ? {} : { history: history.slice(-MAX_HISTORY) }),
  };
}

/** @throws {MalformedMessage} naming the member that is wrong. */
export function checkRunningNotice(message: Partial<RunningNotice> | null): RunningNotice {
  const { taskIds, startedAt, attempts, progress } = message ?? {};
  require(isListOf(isName, taskIds), 'taskIds', taskIds);
  require(isInstant(startedAt), 'startedAt', startedAt);
  require(isListOf(isCount, attempts), 'attempts', attempts);
  require(isAbsentOr(isProgress, progress), 'progress', progress);
  return message as RunningNotice;
}

/**
 * Reads what the home of a task says of it. Only what it alone can know is taken over: that the task runs, since when,
 * how far it is. A final state is read where it is stored.
 *
 * @param queued the task as its stored job tells it.
 * @throws {MalformedMessage} naming the member that is wrong.
 */
export function checkPresentState(message: Partial<Task> | null, queued: Task): Task {
  const { id, model, modelVersion, state, startedAt, attempts, batch } = message ?? {};
  require(id === queued.id, 'id', id);
  require(model === queued.model, 'model', model);
  require(isName(modelVersion), 'modelVersion', modelVersion);
  require(state === TaskState.Queued || state === TaskState.Running, 'state', state);
  require(isAbsentOr(isInstant, startedAt), 'startedAt', startedAt);
  require(isCount(attempts), 'attempts', attempts);
  require(batch?.rowCount === queued.batch?.rowCount && isAbsentOr(isRowBatch, batch), 'batch', batch);
  const told = { modelVersion, state, attempts, ...(startedAt === undefined ? {} : { startedAt }) };
  return { ...queued, ...(told as Task), ...(batch === undefined ? {} : { batch }) };
}

/** @throws {MalformedMessage} unless it names a worker. */
export function checkLeft(message: Partial<WorkerPresence> | null): string {
  const { id } = message ?? {};
  require(isName(id), 'id', id);
  return id as string;
}

/** @throws {MalformedMessage} naming the member that is wrong. */
export function checkMovedNotice(message: Partial<MovedNotice> | null): MovedNotice {
  const { taskIds, version } = message ?? {};
  require(isListOf(isName, taskIds), 'taskIds', taskIds);
  require(isName(version), 'version', version);
  return message as MovedNotice;
}

/**
 * @param shape of the batch: rows that are missing would move those of later chunks to other places.
 * @throws {MalformedMessage} naming the member that is wrong.
 */
export function checkChunkResult(
  message: Partial<ChunkResult>,
  taskId: string,
  shape: RowBatchShape,
  chunk: number,
): ChunkResult {
  const { from, to } = rowsOfChunk(shape, chunk);
  require(message.taskId === taskId, 'taskId', message.taskId);
  require(message.chunk === chunk, 'chunk', message.chunk);
  require(isInstant(message.startedAt), 'startedAt', message.startedAt);
  require(isInstant(message.finishedAt), 'finishedAt', message.finishedAt);
  require(isOutputColumns(message.columns, to - from), 'columns', message.columns);
  const isErrorHere = (error: unknown) => isRowError(error) && error.row >= from && error.row < to;
  require(isListOf(isErrorHere, message.errors), 'errors', message.errors);
  require(message.rowsFailed === message.errors?.length, 'rowsFailed', message.rowsFailed);
  const result = message as ChunkResult;
  return { ...result, errors: result.errors.map(withShortMessage) };
}

/** @throws {MalformedMessage} naming the member that is wrong. */
export function checkPresence(message: Partial<WorkerPresence> | null): WorkerPresence {
  const { id, startedAt, models, refused, leaving } = message ?? {};
  require(isName(id), 'id', id);
  require(isInstant(startedAt), 'startedAt', startedAt);
  require(isShortListOf(isVersionPresence, models), 'models', models);
  require(refused === undefined || isShortListOf(isRefusedVersion, refused), 'refused', refused);
  require(leaving === undefined || isShortListOf(isNamedVersion, leaving), 'leaving', leaving);
  return message as WorkerPresence;
}

/** @throws {MalformedMessage} naming the member that is wrong. */
export function checkSuspectMark(message: Partial<SuspectMark>): SuspectMark {
  require(isCount(message.soloRuns), 'soloRuns', message.soloRuns);
  return message as SuspectMark;
}

/** @throws {MalformedMessage} naming the member that is wrong. */
export function checkDeadLetter(message: Partial<DeadLetter>): DeadLetter {
  require(ERROR_CODES.includes(message.code), 'code', message.code);
  for (const name of ['reason', 'worker', 'job'] as const)
    require(typeof message[name] === 'string', name, message[name]);
  require(isText(message.subject), 'subject', message.subject);
  require(isCount(message.attempts), 'attempts', message.attempts);
  require(isInstant(message.diedAt), 'diedAt', message.diedAt);
  const letter = message as DeadLetter;
  // The job can be redriven without all of these texts.
  return { ...letter, reason: shortText(letter.reason), worker: shortText(letter.worker) };
}

/** @throws {MalformedMessage} naming the member that is wrong. */
export function checkActual(message: Partial<Actual>): Actual {
  const { predicted, actual, reportedAt } = message;
  require(isValues(actual), 'actual', actual);
  require(typeof predicted === 'object' && predicted !== null, 'predicted', predicted);
  const names = Object.keys({ ...actual, ...predicted });
  const wrong = names.find((name) => !isComparable(predicted?.[name], actual?.[name]));
  require(wrong === undefined, 'predicted and actual', { [wrong ?? '']: [predicted, actual] });
  require(isInstant(reportedAt), 'reportedAt', reportedAt);
  return message as Actual;
}

export function checkRollout(message: Partial<RolloutRecord>): RolloutRecord {
  const { weights, ranges, setAt, shadow } = message;
  require(isShortListOf(isWeight, weights), 'weights', weights);
  require(isAbsentOr(isShadow, shadow), 'shadow', shadow);
  require(Array.isArray(ranges) && coverNothingOrAll(ranges), 'ranges', ranges);
  require(isInstant(setAt), 'setAt', setAt);
  return message as RolloutRecord;
}

/** @throws {MalformedMessage} naming the member that is wrong. */
export function checkShadowJob(message: Partial<ShadowJob>): ShadowJob {
  const { taskId, input, sentAt, deadline } = message;
  require(isName(taskId), 'taskId', taskId);
  require(typeof input === 'object' && input !== null, 'input', input);
  require(isInstant(sentAt), 'sentAt', sentAt);
  require(isInstant(deadline), 'deadline', deadline);
  return message as ShadowJob;
}

/** @throws {MalformedMessage} naming the member that is wrong. */
export function checkShadowAnswer(message: Partial<ShadowAnswer> | null): ShadowAnswer {
  const { taskId, version, timings, prediction } = message ?? {};
  require(isName(taskId), 'taskId', taskId);
  require(isName(version), 'version', version);
  require(isAbsentOr(isTimings, timings), 'timings', timings);
  require(isAbsentOr(isValues, prediction), 'prediction', prediction);
  return message as ShadowAnswer;
}

/** @throws {MalformedMessage} naming the member that is wrong. */
export function checkComparisons(message: Partial<GatewayComparisons> | null): GatewayComparisons {
  const { home, since, comparisons } = message ?? {};
  require(isName(home), 'home', home);
  require(isInstant(since), 'since', since);
  require(isShortListOf(isComparison, comparisons), 'comparisons', comparisons);
  return message as GatewayComparisons;
}

export function isBucket(value: unknown): value is number {
  return isCount(value) && value < BUCKETS;
}

/** Ids of tasks, such as a job carries of those it was redriven from. */
export function isHistory(value: unknown): value is readonly string[] {
  return isListOf(isName, value) && (value as readonly string[]).length <= MAX_HISTORY;
}

export function isInstant(value: unknown): value is number {
  return typeof value === 'number' && Math.abs(value) <= LATEST_INSTANT;
}

export function isName(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= LONGEST_NAME;
}

/** Which is shown or kept as it is. */
function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MESSAGE_MAX_CHARACTERS;
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= LARGEST_INT;
}

/** Of a task or a part of it, in milliseconds. Estimates of the broker's time differ: it may seem to end before it begins. */
export function isDuration(value: unknown): value is number {
  return typeof value === 'number' && Math.abs(value) <= LONGEST_DURATION_MS;
}

function isTimings(value: unknown): value is TaskTimings {
  if (typeof value !== 'object' || value === null) return false;
  const { queueMs, batchMs, computeMs, batchSize } = value as Partial<TaskTimings>;
  return [queueMs, batchMs, computeMs].every(isDuration) && isCount(batchSize);
}

export function isValues(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const values = Object.values(value);
  return values.length > 0 && values.every(isValue);
}

function isValue(value: unknown): value is Value {
  if (typeof value === 'number') return Number.isFinite(value);
  return typeof value === 'string' || typeof value === 'boolean' || isListOf(Number.isFinite, value);
}

export function isRowBatchShape(value: unknown): value is RowBatchShape {
  if (typeof value !== 'object' || value === null) return false;
  const { rowCount, rowsPerChunk } = value as Partial<RowBatchShape>;
  const isWithin = (rows: unknown, most: number) => isCount(rows) && rows > 0 && rows <= most;
  return isWithin(rowCount, MAX_BATCH_ROWS) && isWithin(rowsPerChunk, MAX_CHUNK_ROWS);
}

function isRowBatch(value: unknown): value is RowBatch {
  if (!isRowBatchShape(value)) return false;
  const { rowCount, rowsDone, rowsFailed, secondsLeft } = value as Partial<RowBatch> & RowBatchShape;
  if (!isCount(rowsDone) || !isCount(rowsFailed)) return false;
  return rowsDone <= rowCount && rowsFailed <= rowsDone && isAbsentOr(Number.isFinite, secondsLeft);
}

function isProgress(value: unknown): value is ChunkProgress {
  if (typeof value !== 'object' || value === null) return false;
  const { chunk, rowsDone, rowsFailed } = value as Partial<ChunkProgress>;
  return [chunk, rowsDone, rowsFailed].every(isCount);
}

function isOutputColumns(value: unknown, rowCount: number): value is OutputColumns {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const isCell = (cell: unknown) => cell === null || isValue(cell);
  const columns: readonly unknown[] = Object.values(value);
  const isColumn = (column: unknown) =>
    Array.isArray(column) && column.length === rowCount && column.every(isCell);
  return columns.length > 0 && columns.every(isColumn);
}

function isRowError(value: unknown): value is RowError {
  return isError(value) && isCount((value as Partial<RowError>).row);
}

function isError(value: unknown): value is TaskError {
  if (typeof value !== 'object' || value === null) return false;
  const { code, message } = value as Partial<TaskError>;
  return ERROR_CODES.includes(code) && typeof message === 'string';
}

function isNamedVersion(value: unknown): value is NamedVersion {
  if (typeof value !== 'object' || value === null) return false;
  const { model, version } = value as Partial<NamedVersion>;
  return isName(model) && isName(version);
}

function isVersionPresence(value: unknown): value is VersionPresence {
  if (!isNamedVersion(value)) return false;
  const { executionProvider, finishedLastMinute } = value as Partial<VersionPresence>;
  return isName(executionProvider) && isAbsentOr(isCount, finishedLastMinute);
}

function isRefusedVersion(value: unknown): value is RefusedVersion {
  return isNamedVersion(value) && isText((value as Partial<RefusedVersion>).reason);
}

function isWeight(value: unknown): value is Weight {
  if (typeof value !== 'object' || value === null) return false;
  const { version, percent, digest } = value as Partial<Weight>;
  if (!isName(version) || !isAbsentOr(isName, digest)) return false;
  if (typeof percent !== 'number' || percent < 0 || percent > 100) return false;
  return bucketsOf({ version, percent }) !== undefined;
}

function isShadow(value: unknown): value is Shadow {
  if (typeof value !== 'object' || value === null) return false;
  const { weights, since } = value as Partial<Shadow>;
  return isShortListOf(isWeight, weights) && weights?.length !== 0 && isInstant(since);
}

function isComparison(value: unknown): value is ComparisonSums {
  if (typeof value !== 'object' || value === null) return false;
  const { version, shadowVersion, sent, compared, failed, outputs, ...said } = value as ComparisonSums;
  const durations = [said.latency, said.compute, said.shadowLatency, said.shadowCompute];
  return (
    [version, shadowVersion].every(isName) &&
    [sent, compared, failed].every(isCount) &&
    durations.every(isDurations) &&
    isRecordOf(isDifferences, outputs)
  );
}

function isDurations(value: Partial<DurationSums> | undefined): boolean {
  if (!isSum(value?.sumMs) || !isRecordOf(isCount, value?.histogram)) return false;
  return Object.keys(value?.histogram ?? {}).every((bucket) => HISTOGRAM_BUCKET.test(bucket));
}

function isDifferences(value: unknown): value is DifferenceSums {
  if (typeof value !== 'object' || value === null) return false;
  const { count, different, measured, sum, absoluteSum, largest } = value as Partial<DifferenceSums>;
  return [count, different, measured].every(isCount) && [sum, absoluteSum, largest].every(isSum);
}

/** What stays finite when those of many gateways are added up. */
function isSum(value: unknown): boolean {
  return typeof value === 'number' && Math.abs(value) <= LARGEST_SUM;
}

function coverNothingOrAll(ranges: readonly unknown[]): boolean {
  let covered = 0;
  for (const range of ranges) {
    const [version, from, to]: readonly unknown[] = Array.isArray(range) ? range : [];
    if (!isName(version) || from !== covered || !isCount(to) || to <= covered) return false;
    covered = to;
  }
  return covered === 0 || covered === BUCKETS;
}

function isListOf(isItem: (item: unknown) => boolean, value: unknown): boolean {
  return Array.isArray(value) && value.every(isItem);
}

/** Of what there are few: versions, and what is told of each. */
function isShortListOf(isItem: (item: unknown) => boolean, value: unknown): boolean {
  return isListOf(isItem, value) && (value as readonly unknown[]).length <= LONGEST_LIST;
}

function isRecordOf(isItem: (item: unknown) => boolean, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return isShortListOf(isName, Object.keys(value)) && Object.values(value).every(isItem);
}

function isAbsentOr(is: (value: unknown) => boolean, value: unknown): boolean {
  return value === undefined || is(value);
}

function require(holds: boolean, name: string, got: unknown): void {
  if (!holds) throw new MalformedMessage(`${name} cannot be ${JSON.stringify(got)?.slice(0, 40)}`);
}

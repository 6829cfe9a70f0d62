/**
 * The ends of the tasks of a bundle. All of them are one message: each write has the ends so far, and more. So a reader
 * needs one read, and any message that was stored is true by itself.
 */
import { COUNT, DURATION, INSTANT, NAME } from '../bounds.ts';
import { OWNER } from '../owner.ts';
import { integer, listOf, object, type Passing, recordOf } from '../schema.ts';
import { Lane } from '../subjects.ts';
import {
  FINAL_STATE,
  type FinishedTask,
  hasFittingCounts,
  MAX_HISTORY,
  ROW_BATCH,
  TASK_ERROR,
  TASK_LANE,
  TaskState,
  type TaskTimings,
  withShortMessage,
} from '../task.ts';
import { type BundleAddress, rowAddress, SECRET_LENGTH, type TaskAddress } from '../taskId.ts';
import { TASK_LOG } from '../taskLog.ts';
import { CELL, KEPT_COLUMNS, type Value, type Values } from '../values.ts';
import {
  LABELS_OF_ROWS,
  type QueuedBundle,
  ROWS,
  SECRETS,
  SUBMITTED_AT,
  TIMEOUT_MS,
  TRACES_OF_ROWS,
} from './bundle.ts';
import { decoderOf, encodeMessage, MalformedMessage, requireThat, versionOf } from './decoder.ts';

/** Messages of 0.2 had version 1, and were the end of one task each. */
const ENDS_VERSION = 2;
/** Every row may have ended alone. */
const MAX_PARTS = 0x10000;

const RUN = object('a run', {
  /** When its batch was formed. */
  formedAt: INSTANT,
  startedAt: INSTANT,
  computeMs: DURATION,
  /** Tasks in the batch. */
  batchSize: COUNT,
});
/** What the tasks of a run have in common. */
export type Run = Passing<typeof RUN>;

const PART = object(
  'the ends of some rows',
  {
    rows: ROWS,
    secrets: SECRETS,
    submittedAt: SUBMITTED_AT,
    modelVersion: NAME,
    state: FINAL_STATE,
    finishedAt: INSTANT,
    attempts: COUNT,
  },
  {
    history: listOf('a list of task ids', NAME),
    /** The start of the last run of a task that has no `run`. */
    startedAt: INSTANT,
    run: RUN,
    /** The id of the worker that ran them. Absent in ends that no run brought, and of a row batch. */
    worker: NAME,
    /** A list of values per output, by GraphQL name, with one value for each row. */
    columns: recordOf('columns by name', listOf('a list of values', CELL), { minProperties: 1 }),
    error: TASK_ERROR,
    batch: ROW_BATCH,
    /** Absent if no row has one. */
    labels: LABELS_OF_ROWS,
    /** Those of their jobs. Absent if no row has one. */
    traces: TRACES_OF_ROWS,
    /** What happened to all of these rows in workers, if it is kept. */
    log: TASK_LOG,
    /** The inputs of the rows, as in their bundle. Absent if none is kept, see `keptInputs`. */
    inputs: KEPT_COLUMNS,
  },
);
/** Rows that came to the same end in the same run. Their values differ. */
export type EndsPart = Passing<typeof PART>;

export const ENDS = object(
  'the ends of a bundle',
  {
    v: versionOf(ENDS_VERSION),
    model: NAME,
    /** The second of their deadlines. */
    second: integer('a second since the epoch', 0, 9_999_999_999),
    owner: OWNER,
    /** In the order in which they were written. */
    parts: listOf('a list of parts', PART, { minItems: 1, maxItems: MAX_PARTS }),
  },
  { timeoutMs: TIMEOUT_MS, lane: TASK_LANE, requestId: NAME },
);

/** What the ends of a bundle have in common, beside its address. */
export type EndsCommon = Pick<Passing<typeof ENDS>, 'owner' | 'timeoutMs' | 'lane' | 'requestId'>;

/** The ends of a bundle, as far as its rows have ended. */
export interface Ends extends EndsCommon {
  readonly address: BundleAddress;
  readonly parts: readonly EndsPart[];
}

/** Ends without the address that they are stored under. */
export type StoredParts = Omit<Ends, 'address'>;

const readEnds = decoderOf(ENDS);

/** Decodes the ends of the bundle that a subject names. Throws as every decoder does, see `decoderOf`. */
export function decodeEnds(data: Uint8Array, subject: string): Ends {
  const { v: _, model, second, ...stored } = readEnds(data);
  const [home = '', bundle = ''] = subject.split('.').slice(-2);
  for (const part of stored.parts) requireFitting(part);
  return { address: { model, home, deadlineSecond: second, bundle }, ...stored };
}

function requireFitting(part: EndsPart): void {
  const { rows, secrets, submittedAt, state, columns, batch, labels, traces, inputs = {} } = part;
  const count = rows.length;
  requireThat(secrets.length === count * SECRET_LENGTH, 'secrets', `${SECRETS.expected}, ${count}`, secrets);
  requireThat(submittedAt.length === count, 'submittedAt', `a list of ${count}`, submittedAt);
  requireThat(labels === undefined || labels.length === count, 'labels', `a list of ${count}`, labels);
  requireThat(traces === undefined || traces.length === count, 'traces', `a list of ${count}`, traces);
  for (const [name, column] of Object.entries(inputs))
    requireThat(column.length === count, `inputs.${name.slice(0, 40)}`, `a list of ${count}`, column);
  const isCountRight = batch === undefined || hasFittingCounts(batch);
  requireThat(isCountRight, 'batch', 'no more rows done than there are, no more failed than done', batch);
  if (state !== TaskState.Succeeded || batch !== undefined) {
    requireThat(columns === undefined, 'columns', `absent in ${state} and in a row batch`, columns);
    return;
  }
  if (columns === undefined) throw new MalformedMessage('columns must be there, as the tasks succeeded');
  for (const [name, column] of Object.entries(columns)) {
    const isFull = column.length === count && !column.includes(null);
    requireThat(isFull, `columns.${name.slice(0, 40)}`, `a list of ${count} values`, column);
  }
}

export function encodeEnds({ address, ...stored }: Ends): string {
  const { model, deadlineSecond: second } = address;
  return encodeMessage({ v: ENDS_VERSION, model, second, ...stored });
}

/** What the ends of a bundle have in common. */
export function commonIn({ owner, timeoutMs, lane, requestId }: QueuedBundle): EndsCommon {
  return { owner, timeoutMs, ...(lane === Lane.Bulk ? { lane } : {}), requestId };
}

/** The same, from one of its tasks. */
export function commonOf({ owner, submittedAt, deadline, lane, requestId }: FinishedTask): EndsCommon {
  // Whole, as in the bundle: a sum of fractions is a little off.
  const timeoutMs = deadline === undefined ? undefined : Math.round(deadline - submittedAt);
  return { owner, timeoutMs, lane, requestId };
}

/** The end of one task as a part of the ends of its bundle. */
export function partOfTask(
  {
    submittedAt,
    modelVersion,
    state,
    finishedAt,
    attempts,
    history,
    startedAt,
    timings,
    worker,
    prediction,
    error,
    batch,
    labels,
    trace,
    log,
    input,
  }: FinishedTask,
  { row, secret }: TaskAddress,
): EndsPart {
  return {
    rows: [row],
    secrets: secret ?? '',
    submittedAt: [submittedAt],
    modelVersion,
    state,
    finishedAt,
    attempts,
    ...(history === undefined ? {} : { history }),
    ...(timings === undefined || startedAt === undefined
      ? { startedAt }
      : { run: runOf(submittedAt, startedAt, timings) }),
    ...(worker === undefined ? {} : { worker }),
    ...(prediction === undefined ? {} : { columns: columnsOfOne(prediction) }),
    ...(error === undefined ? {} : { error }),
    ...(batch === undefined ? {} : { batch }),
    ...(labels === undefined ? {} : { labels: [labels] }),
    ...(trace === undefined ? {} : { traces: [trace] }),
    ...(log === undefined ? {} : { log }),
    ...(input === undefined ? {} : { inputs: columnsOfOne(input) }),
  };
}

function columnsOfOne(values: Values): Readonly<Record<string, readonly Value[]>> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, [value]]));
}

function runOf(submittedAt: number, startedAt: number, { queueMs, computeMs, batchSize }: TaskTimings): Run {
  return { formedAt: submittedAt + queueMs, startedAt, computeMs, batchSize };
}

/** The rows that have ended. */
export function endedRows({ parts }: Pick<Ends, 'parts'>): ReadonlySet<number> {
  return new Set(parts.flatMap(({ rows }) => rows));
}

/** The rows of a part that are not in a set, or undefined if all of them are. */
export function partWithout(part: EndsPart, without: ReadonlySet<number>): EndsPart | undefined {
  const picked = part.rows.flatMap((row, i) => (without.has(row) ? [] : i));
  if (picked.length === part.rows.length) return part;
  if (picked.length === 0) return undefined;
  const pick = <T>(list: readonly T[]): T[] => picked.map((i) => list[i] as T);
  const { columns, labels, traces, inputs } = part;
  const pickEach = (all: NonNullable<EndsPart['columns']>) =>
    Object.fromEntries(Object.entries(all).map(([name, column]) => [name, pick(column)]));
  return {
    ...part,
    rows: pick(part.rows),
    secrets: picked.map((i) => secretIn(part, i)).join(''),
    submittedAt: pick(part.submittedAt),
    ...(labels === undefined ? {} : { labels: pick(labels) }),
    ...(traces === undefined ? {} : { traces: pick(traces) }),
    ...(columns === undefined ? {} : { columns: pickEach(columns) }),
    ...(inputs === undefined ? {} : { inputs: pickEach(inputs) }),
  };
}

/** All tasks that have ended. */
export function tasksIn({ address, parts, ...common }: Ends): FinishedTask[] {
  return parts.flatMap((part) =>
    part.rows.map((row, i) => taskIn(part, i, rowAddress(address, row, secretIn(part, i)), common)),
  );
}

/** The end of a task; undefined if it has none yet. Only the id with the right secret has one. */
export function endOf({ parts, ...common }: StoredParts, address: TaskAddress): FinishedTask | undefined {
  for (const part of parts) {
    const i = part.rows.indexOf(address.row);
    if (i !== -1)
      return secretIn(part, i) === (address.secret ?? '') ? taskIn(part, i, address, common) : undefined;
  }
  return undefined;
}

function secretIn({ secrets }: EndsPart, i: number): string {
  return secrets.slice(i * SECRET_LENGTH, (i + 1) * SECRET_LENGTH);
}

function taskIn(
  part: EndsPart,
  i: number,
  { id, model }: Pick<TaskAddress, 'id' | 'model'>,
  { owner, timeoutMs, lane, requestId }: EndsCommon,
): FinishedTask {
  const { modelVersion, state, finishedAt, attempts, history, run, worker, columns, error, batch, log } =
    part;
  const submittedAt = part.submittedAt[i] ?? finishedAt;
  return {
    id,
    model,
    modelVersion,
    owner,
    state,
    submittedAt,
    finishedAt,
    attempts,
    deadline: timeoutMs === undefined ? undefined : submittedAt + timeoutMs,
    lane,
    labels: part.labels?.[i] ?? undefined,
    trace: part.traces?.[i] ?? undefined,
    log,
    input: part.inputs && inputIn(part.inputs, i),
    requestId,
    history: history?.slice(-MAX_HISTORY),
    startedAt: run?.startedAt ?? part.startedAt,
    timings: run && timingsOf(run, submittedAt),
    worker,
    prediction: columns && valuesIn(columns, i),
    // A worker may cut nothing off: the end of the task is worth more than all of the text.
    error: error && withShortMessage(error),
    batch,
  };
}

function timingsOf({ formedAt, startedAt, computeMs, batchSize }: Run, submittedAt: number): TaskTimings {
  return {
    queueMs: Math.max(0, formedAt - submittedAt),
    batchMs: Math.max(0, startedAt - formedAt),
    computeMs,
    batchSize,
  };
}

/** The input of a row; undefined if it is not kept. */
function inputIn(inputs: NonNullable<EndsPart['inputs']>, i: number): Values | undefined {
  const input = valuesIn(inputs, i);
  for (const name in input) if (input[name] === null) return undefined;
  return input;
}

function valuesIn(columns: NonNullable<EndsPart['columns']>, i: number): Values {
  const values: Record<string, Value> = {};
  for (const name of Object.keys(columns)) values[name] = columns[name]?.[i] as Value;
  return values;
}

/**
 * A bundle carries single tasks to a worker: as many as were submitted while the one before was stored, and often one.
 * Its tasks have the model, version, lane, owner and time limit in common, and their deadlines lie in one second. What
 * the subject tells is not said again in the body.
 */
import { INSTANT, NAME } from '../bounds.ts';
import { OWNER } from '../owner.ts';
import { BUCKET } from '../rollout.ts';
import {
  custom,
  integer,
  listOf,
  number,
  object,
  type Passing,
  type Schema,
  text,
  uncheckedRecord,
} from '../schema.ts';
import { jobAddress, Lane, parseJobSubject } from '../subjects.ts';
import { LABELS, MAX_HISTORY, MAX_TIMEOUT_MS } from '../task.ts';
import {
  type BundleAddress,
  MAX_BUNDLE_ROWS,
  parseTaskId,
  rowAddress,
  SECRET_LENGTH,
  type TaskAddress,
} from '../taskId.ts';
import type { PackedColumns, Value } from '../values.ts';
import {
  checkOf,
  encodeMessage,
  MalformedMessage,
  MESSAGE_VERSION,
  parseMessage,
  requireThat,
  saidVersion,
  versionOf,
} from './decoder.ts';
import { decodeParsedJob, type Job, type QueuedJob, type TaskHeader } from './job.ts';

/** The newest version of jobs. Messages of 0.2 had version 1, and carried one task each. */
export const BUNDLE_VERSION = 2;

const LIMITS = { minItems: 1, maxItems: MAX_BUNDLE_ROWS };
export const ROWS = listOf('a list of row numbers', integer('the number of a row', 0, 0xffff), LIMITS);
export const SECRETS = text(`a text of ${SECRET_LENGTH} hex digits for each row`, {
  pattern: `^([0-9a-f]{${SECRET_LENGTH}})+$`,
});
/** From the submission of a task to its deadline. */
export const TIMEOUT_MS = number(`milliseconds up to ${MAX_TIMEOUT_MS}`, 0, MAX_TIMEOUT_MS);
/** The labels of each row, null for one without. */
export const LABELS_OF_ROWS: Schema<readonly (readonly string[] | null)[]> = listOf(
  'a list of labels for each row',
  custom<readonly string[] | null>(`${LABELS.expected}, or null`, { ...LABELS, type: ['array', 'null'] }),
  LIMITS,
);
/** W3C `traceparent` of each row, null for one without. */
export const TRACES_OF_ROWS: Schema<readonly (string | null)[]> = listOf(
  'a list of traces',
  custom<string | null>('a trace or null', { ...NAME, type: ['string', 'null'] }),
  LIMITS,
);
export const SUBMITTED_AT = listOf('a list of instants', INSTANT, LIMITS);

const BUNDLE_MEMBERS = {
  /** First in the body, see `rowsIn`. */
  v: versionOf(BUNDLE_VERSION),
  /** Second in the body: the number of rows. Every list below has that many entries, one for each row. */
  count: integer(`a number of rows from 1 to ${MAX_BUNDLE_ROWS}`, 1, MAX_BUNDLE_ROWS),
  owner: OWNER,
  timeoutMs: TIMEOUT_MS,
  /** Their numbers in the bundle. A bundle that was divided by a rollout has some of them in each part. */
  rows: ROWS,
  secrets: SECRETS,
  submittedAt: SUBMITTED_AT,
  /** Checked against the manifest by its reader. */
  columns: uncheckedRecord('an object with a column by the name of each input'),
};
const BUNDLE_OPTIONAL = {
  /** Where the tasks lie in the rollout of their model; absent if they are pinned to their version. */
  buckets: listOf('a list of buckets', BUCKET, LIMITS),
  /** Absent if no row has one. */
  traces: TRACES_OF_ROWS,
  /** Of a task that was redriven: the ids of the tasks that died with its input, oldest first. It is alone then. */
  history: listOf(`a list of ${MAX_HISTORY} task ids at most`, NAME, { maxItems: MAX_HISTORY }),
  /** Absent if no row has one. */
  labels: LABELS_OF_ROWS,
  /** Of a task that is alone. */
  requestId: NAME,
};
export const BUNDLE = object('a bundle', BUNDLE_MEMBERS, BUNDLE_OPTIONAL);
type BundleMessage = Passing<typeof BUNDLE>;

/** The lanes of single tasks. */
export type TaskLane = Exclude<Lane, typeof Lane.Batch>;

/** A bundle as it lies in its queue: its columns are not checked yet. */
export interface QueuedBundle extends Omit<BundleMessage, 'v' | 'count' | 'secrets'> {
  readonly address: BundleAddress;
  readonly version: string;
  readonly lane: TaskLane;
  /** One for each row; undefined for the task of a job of 0.2, which is alone. */
  readonly secrets: string | undefined;
}

/** A bundle whose columns are values. */
export interface Bundle extends QueuedBundle {
  readonly columns: PackedColumns;
}

/** A task that is to travel in a bundle. */
export interface BundledJob {
  readonly job: Job;
  readonly address: TaskAddress;
}

/** Puts jobs into a bundle. They are rows of one bundle, and have in common what a bundle's tasks have in common. */
export function bundleOf(jobs: readonly BundledJob[]): Bundle {
  const [first] = jobs;
  if (first === undefined) throw new Error('a bundle has a task');
  const {
    version,
    lane = Lane.Interactive,
    owner,
    submittedAt,
    deadline,
    bucket,
    history,
    requestId,
  } = first.job;
  return {
    address: first.address,
    version,
    lane,
    owner,
    // Whole, as it was before the deadline was made of it: a sum of fractions might lie in another second.
    timeoutMs: Math.round(deadline - submittedAt),
    rows: jobs.map(({ address }) => address.row),
    // The task of a request that 0.2 has recorded has none, and is alone.
    secrets:
      first.address.secret === undefined ? undefined : jobs.map(({ address }) => address.secret).join(''),
    submittedAt: jobs.map(({ job }) => job.submittedAt),
    ...(bucket === undefined ? {} : { buckets: jobs.map(({ job }) => job.bucket ?? 0) }),
    ...(jobs.some(({ job }) => job.trace !== undefined)
      ? { traces: jobs.map(({ job }) => job.trace ?? null) }
      : {}),
    ...(history === undefined ? {} : { history }),
    ...(jobs.some(({ job }) => job.labels !== undefined)
      ? { labels: jobs.map(({ job }) => job.labels ?? null) }
      : {}),
    ...(requestId === undefined ? {} : { requestId }),
    columns: columnsOf(jobs),
  };
}

function columnsOf(jobs: readonly BundledJob[]): PackedColumns {
  const columns: Record<string, Value[]> = {};
  for (const name of Object.keys(jobs[0]?.job.input ?? {}))
    columns[name] = jobs.map(({ job }) => job.input[name] as Value);
  return columns;
}

/** The body of a bundle; a job of 0.2 becomes one again. */
export function encodeBundle(bundle: QueuedBundle): string {
  if (bundle.secrets === undefined) return encodeMessage(jobIn(bundle, 0));
  const { address: _, version: __, lane: ___, ...body } = bundle;
  return encodeMessage({ v: BUNDLE_VERSION, count: bundle.rows.length, ...body });
}

const COUNT_AT = `{"v":${BUNDLE_VERSION},"count":`.length;

/** The number of rows of a stored job, without parsing it; 1 if it is no bundle that we have written. */
export function rowsIn(data: Uint8Array): number {
  let rows = 0;
  for (let i = COUNT_AT; i < COUNT_AT + 3; i++) {
    const digit = (data[i] ?? 0) - 48;
    if (digit < 0 || digit > 9) break;
    rows = rows * 10 + digit;
  }
  return Math.max(1, Math.min(rows, MAX_BUNDLE_ROWS));
}

const checkBundle = checkOf(BUNDLE);

/** Decodes a bundle, or the job of one task that 0.2 has queued. Throws as every decoder does, see `decoderOf`. */
export function decodeBundle(data: Uint8Array, subject: string): QueuedBundle {
  const message = parseMessage(data);
  if (saidVersion(message) === MESSAGE_VERSION) return bundleOfJob(decodeParsedJob(message, subject));
  const { v: _, count, ...body } = checkBundle(message);
  const { rows, secrets, submittedAt, buckets, traces, labels } = body;
  requireThat(secrets.length === count * SECRET_LENGTH, 'secrets', `${SECRETS.expected}, ${count}`, secrets);
  for (const [name, list] of Object.entries({ rows, submittedAt, buckets, traces, labels }))
    requireThat(list === undefined || list.length === count, name, `a list of ${count}`, list);
  requireThat(new Set(rows).size === count, 'rows', 'different numbers', rows);
  const { version, lane, deadlineSecond } = parseJobSubject(subject);
  const address = jobAddress(subject);
  if (address === undefined || (lane !== Lane.Interactive && lane !== Lane.Bulk))
    throw new MalformedMessage('the subject must name a lane and a bundle of this model and deadline');
  const stray = submittedAt.find((at) => Math.ceil((at + body.timeoutMs) / 1000) !== deadlineSecond);
  requireThat(stray === undefined, 'submittedAt', `of tasks that are due in second ${deadlineSecond}`, stray);
  return { ...body, address, version, lane };
}

function bundleOfJob(job: QueuedJob): QueuedBundle {
  const {
    taskId,
    version,
    lane = Lane.Interactive,
    owner,
    submittedAt,
    deadline,
    bucket,
    trace,
    history,
    labels,
    requestId,
  } = job;
  const address = parseTaskId(taskId);
  if (address === undefined)
    throw new MalformedMessage('the subject must name a task of this model and deadline');
  return {
    address,
    version,
    lane,
    owner,
    timeoutMs: deadline - submittedAt,
    rows: [address.row],
    secrets: address.secret,
    submittedAt: [submittedAt],
    ...(bucket === undefined ? {} : { buckets: [bucket] }),
    ...(trace === undefined ? {} : { traces: [trace] }),
    ...(history === undefined ? {} : { history }),
    ...(labels === undefined ? {} : { labels: [labels] }),
    ...(requestId === undefined ? {} : { requestId }),
    columns: Object.fromEntries(Object.entries(job.input).map(([name, value]) => [name, [value]])),
  };
}

/** The task of a row. @param i its place in the lists of the bundle. */
export function addressIn(
  { address, rows, secrets }: Pick<QueuedBundle, 'address' | 'rows' | 'secrets'>,
  i: number,
): TaskAddress {
  if (secrets === undefined) return { ...address, id: address.bundle, row: 0, secret: undefined };
  return rowAddress(address, rows[i] ?? 0, secrets.slice(i * SECRET_LENGTH, (i + 1) * SECRET_LENGTH));
}

/** The header of the task of a row. @param i its place in the lists of the bundle. */
export function headerIn(bundle: QueuedBundle, i: number): TaskHeader {
  const {
    address,
    version,
    owner,
    timeoutMs,
    submittedAt: times,
    buckets,
    traces,
    history,
    requestId,
  } = bundle;
  const submittedAt = times[i] ?? 0;
  const bucket = buckets?.[i];
  const trace = traces?.[i] ?? undefined;
  const labels = bundle.labels?.[i] ?? undefined;
  return {
    v: MESSAGE_VERSION,
    taskId: addressIn(bundle, i).id,
    model: address.model,
    version,
    submittedAt,
    deadline: submittedAt + timeoutMs,
    owner,
    ...(bucket === undefined ? {} : { bucket }),
    ...(trace === undefined ? {} : { trace }),
    ...(history === undefined ? {} : { history }),
    ...(labels === undefined ? {} : { labels }),
    ...(requestId === undefined ? {} : { requestId }),
  };
}

/** A job without a lane waits in `interactive`. */
function laneOf({ lane }: QueuedBundle): { readonly lane?: TaskLane } {
  return lane === Lane.Bulk ? { lane } : {};
}

/** The job of a row, as it would be without a bundle: dead letters keep it. */
export function jobIn(bundle: QueuedBundle, i: number): QueuedJob {
  const input = Object.entries(bundle.columns).map(([name, column]) => [name, cellOf(column, i)]);
  return { ...headerIn(bundle, i), ...laneOf(bundle), input: Object.fromEntries(input) };
}

/** The value of a row in a packed column, which is not checked yet. */
function cellOf(column: unknown, i: number): unknown {
  if (Array.isArray(column)) return column[i];
  return typeof column === 'object' && column !== null && 'all' in column ? column.all : undefined;
}

/** The same bundle with some of its rows only. @param picked their places in its lists, in order. */
export function partOf(bundle: QueuedBundle, picked: readonly number[]): QueuedBundle {
  if (picked.length === bundle.rows.length) return bundle;
  const pick = <T>(list: readonly T[]): T[] => picked.map((i) => list[i] as T);
  const { secrets, buckets, traces, labels } = bundle;
  return {
    ...bundle,
    rows: pick(bundle.rows),
    secrets: secrets && picked.map((i) => secrets.slice(i * SECRET_LENGTH, (i + 1) * SECRET_LENGTH)).join(''),
    submittedAt: pick(bundle.submittedAt),
    ...(buckets === undefined ? {} : { buckets: pick(buckets) }),
    ...(traces === undefined ? {} : { traces: pick(traces) }),
    ...(labels === undefined ? {} : { labels: pick(labels) }),
    columns: Object.fromEntries(
      Object.entries(bundle.columns).map(([name, column]) => [
        name,
        Array.isArray(column) ? pick(column) : column,
      ]),
    ),
  };
}

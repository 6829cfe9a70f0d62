/**
 * The contract between gateways, workers and the broker: subjects and messages. docs/protocol.md is the prose of it.
 *
 * Messages are JSON with a version `v`. Readers accept `v` and the one before; a newer one is left for a newer
 * reader, so workers are deployed before gateways.
 */

import { createHash } from 'node:crypto';
import type { ComparisonSums } from './comparisonSums.ts';
import type { Rollout } from './rollout.ts';
import type { RowBatchShape } from './rowBatchShape.ts';
import {
  type FinalState,
  type FinishedTask,
  type Owner,
  parseTaskId,
  type RowError,
  type TaskAddress,
  type TaskErrorCode,
  type TaskTimings,
  withShortMessage,
} from './task.ts';
import type { InputColumns, NumericValues, OutputColumns, PackedColumns, Values } from './values.ts';

export const MESSAGE_VERSION = 1;

/** What every job says of its task: all it takes to end the task in a worker's place. */
export interface TaskHeader {
  readonly v: number;
  readonly taskId: string;
  readonly model: string;
  readonly version: string;
  /** Milliseconds since the epoch, broker time. */
  readonly submittedAt: number;
  /** Milliseconds since the epoch, broker time: at this instant the task expires. */
  readonly deadline: number;
  readonly owner: Owner;
  /** Where the task lies in the rollout of its model; absent if it was pinned to its version. */
  readonly bucket?: number | undefined;
  /** Ids of the tasks that died with this input before it was redriven, oldest first. */
  readonly history?: readonly string[] | undefined;
  /** W3C `traceparent` of the request, if it had one. */
  readonly trace?: string;
}

/** Carries one task to a worker. */
export interface Job extends TaskHeader {
  readonly input: Values;
  /** Which of the version's queues it waits in; absent: `interactive`. */
  readonly lane?: Exclude<Lane, typeof Lane.Batch> | undefined;
}

/**
 * Stands in the queue for a batch as a whole, from before its first chunk until its end is stored. No worker takes it:
 * it tells who asks that the batch is there, and the sweeper when its time is over.
 */
export interface RowBatchJob extends TaskHeader {
  readonly batch: RowBatchShape;
}

/** Carries some rows of a batch to a worker. */
export interface ChunkJob extends RowBatchJob {
  /** From 0. */
  readonly chunk: number;
  /** A list of values per input, by GraphQL name. */
  readonly columns: PackedColumns;
}

/** What everybody who ends a task needs to know of its job. */
export type JobHeader = Pick<
  TaskHeader,
  'taskId' | 'owner' | 'model' | 'version' | 'submittedAt' | 'deadline' | 'history'
> &
  Partial<Pick<RowBatchJob, 'batch'>>;

/** What came of a chunk. */
export interface ChunkResult {
  readonly v: number;
  readonly taskId: string;
  readonly chunk: number;
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly rowsFailed: number;
  readonly columns: OutputColumns;
  /** In order of their rows. */
  readonly errors: readonly RowError[];
}

/** Carries the final state of a task back: the task as the client will see it. */
export interface Result extends FinishedTask {
  readonly v: number;
}

/** Remembers which task a `requestId` stands for, and all it takes to submit that same task again. */
export interface RequestRecord {
  readonly v: number;
  /** Of a batch without its rows: who asks again brings the same. */
  readonly job: Job | RowBatchJob;
  /** See `inputDigest`: tells a retry from another question under the same `requestId`. */
  readonly inputDigest: string;
}

/** A task that is suspected of killing sessions, or a row of a batch. */
export interface Suspect {
  readonly taskId: string;
  readonly place?: { readonly chunk: number; readonly row: number } | undefined;
}

/** Remembers that a job is suspected of killing sessions, and how many runs alone it has had. */
export interface SuspectMark extends Suspect {
  readonly v: number;
  readonly soloRuns: number;
}

/** A job that could not be brought to a prediction, with the reason. */
export interface DeadLetter {
  readonly v: number;
  readonly taskId: string;
  readonly model: string;
  readonly code: TaskErrorCode;
  readonly reason: string;
  readonly attempts: number;
  readonly worker: string;
  readonly diedAt: number;
  /** The job's subject: what is known of it even if its body cannot be read. */
  readonly subject: string;
  /** The job's bytes as they came, base64: it may be unreadable. */
  readonly job: string;
}

/** The rollout of a model as it is stored. */
export interface RolloutRecord extends Rollout {
  readonly v: number;
  /** Milliseconds since the epoch, broker time. */
  readonly setAt: number;
}

/** What a shadow is tried on: the input of a task that has its own job. Core NATS: it may be lost, and nobody waits for it. */
export interface ShadowJob {
  readonly v: number;
  readonly taskId: string;
  readonly input: Values;
  /** Milliseconds since the epoch, broker time. */
  readonly sentAt: number;
  /** Milliseconds since the epoch, broker time: from then on nobody wants to know any more. */
  readonly deadline: number;
}

/** What came of a shadow job. Core NATS: heard by the gateway that accepted the task. */
export interface ShadowAnswer {
  readonly taskId: string;
  /** Of the shadow. */
  readonly version: string;
  /** `queueMs` counts from `sentAt`. Absent, as is `prediction`, if the shadow failed. */
  readonly timings?: TaskTimings;
  readonly prediction?: Values;
}

/** What one gateway has found out about the shadows of a model. */
export interface GatewayComparisons {
  readonly home: string;
  /** The `since` of the shadow that it belongs to. */
  readonly since: number;
  readonly comparisons: readonly ComparisonSums[];
}

/** What turned out to be true of a task, beside what was predicted: the outputs that were reported, and no others. */
export interface Actual {
  readonly v: number;
  readonly taskId: string;
  readonly model: string;
  readonly version: string;
  readonly predicted: NumericValues;
  readonly actual: NumericValues;
  /** Milliseconds since the epoch, broker time. */
  readonly reportedAt: number;
}

/** Says that a worker lives and what it serves. Sent every `PRESENCE_INTERVAL_MS`, forgotten after `PRESENCE_TTL_MS`. */
export interface WorkerPresence {
  readonly id: string;
  readonly startedAt: number;
  readonly models: readonly VersionPresence[];
  /** Versions that it has looked at and will not serve. Absent in what older workers say. */
  readonly refused?: readonly RefusedVersion[];
  /** Versions whose folder is gone, and whose queue it finishes. Absent in what older workers say. */
  readonly leaving?: readonly NamedVersion[];
}

export interface NamedVersion {
  readonly model: string;
  readonly version: string;
}

export interface VersionPresence extends NamedVersion {
  readonly executionProvider: string;
  /** Tasks that the worker ended in the last 60 s. Absent in what older workers say. */
  readonly finishedLastMinute?: number;
}

export interface RefusedVersion extends NamedVersion {
  /** One sentence, for operators: it may name files. */
  readonly reason: string;
}

export const PRESENCE_INTERVAL_MS = 1_000;
export const PRESENCE_TTL_MS = 3_500;

/** Says that a worker runs these tasks now. Core NATS: need not survive. */
export interface RunningNotice {
  readonly taskIds: readonly string[];
  readonly startedAt: number;
  readonly attempts: readonly number[];
  /** Of the only task, a batch: how far one of its chunks is. */
  readonly progress?: ChunkProgress;
}

export interface ChunkProgress {
  readonly chunk: number;
  readonly rowsDone: number;
  readonly rowsFailed: number;
}

/** Says that these queued tasks, all of one home, are another version's now. Core NATS: need not survive. */
export interface MovedNotice {
  readonly taskIds: readonly string[];
  readonly version: string;
}

/** The queues of a version. What each is for, and its share of the version's session, `workers/lanes.ts` tells. */
export const Lane = { Interactive: 'interactive', Bulk: 'bulk', Batch: 'batch' } as const;
export type Lane = (typeof Lane)[keyof typeof Lane];

export const LANES: readonly Lane[] = Object.values(Lane);

export const streams = {
  jobs: (model: string) => `JOBS_${model}`,
  results: 'RESULTS',
  requests: 'REQUESTS',
  dead: 'DEAD',
  chunks: 'CHUNKS',
  suspects: 'SUSPECTS',
  /** The name that makes it the KV bucket ROLLOUTS. */
  rollouts: 'KV_ROLLOUTS',
  actuals: 'ACTUALS',
  /** Holds the newest probe, and nothing else. */
  probe: 'WRITE_PROBE',
} as const;

/** @param subject of a message that is stored. */
export function streamOf(subject: string): string {
  const [kind = '', model = ''] = subject.split('.');
  if (kind === 'jobs') return streams.jobs(model);
  return kind === '$KV' ? streams.rollouts : kind.toUpperCase();
}

export const consumerName = (version: string, lane: Lane) => `v${version}_${lane}`;

/** @returns undefined for a consumer that is none of ours. */
export function versionOfConsumer(name: string): string | undefined {
  const [, version, lane] = /^v([^_]+)_(.+)$/.exec(name) ?? [];
  return LANES.some((known) => known === lane) ? version : undefined;
}

export const subjects = {
  allJobs: (model: string) => `jobs.${model}.*.*.*.*`,
  allChunkJobs: (model: string) => `jobs.${model}.*.${Lane.Batch}.*.*.*`,
  /** Whatever waits for a model. */
  queue: (model: string) => `jobs.${model}.>`,
  /** The jobs of a version that are tasks, whatever their lane. */
  versionJobs: (model: string, version: string) => `jobs.${model}.${version}.*.*.*`,
  /**
   * What workers take from a lane; of batches that is their chunks. With `>` also what holds a wildcard in its subject,
   * and is no job: `*` does not match it, and it would stay.
   */
  laneJobs: (model: string, version: string, lane: Lane) =>
    `jobs.${model}.${version}.${lane}.${lane === Lane.Batch ? '*.*.*' : '>'}`,
  /** Jobs and chunks whose deadline lies in one second, whatever version and lane. */
  jobsDueIn: (model: string, second: number) => `jobs.${model}.*.*.${second}.>`,
  job: ({ taskId, model, version, lane = Lane.Interactive, deadline }: Job) =>
    `jobs.${model}.${version}.${lane}.${Math.ceil(deadline / 1000)}.${taskId}`,
  rowBatchJob: ({ taskId, model, version, deadline }: TaskHeader) =>
    `jobs.${model}.${version}.${Lane.Batch}.${Math.ceil(deadline / 1000)}.${taskId}`,
  chunkJob: ({ chunk, ...header }: ChunkJob) => `${subjects.rowBatchJob(header)}.${chunk}`,
  chunkJobsOf: ({ id, model, deadlineSecond }: TaskAddress) =>
    `jobs.${model}.*.${Lane.Batch}.${deadlineSecond}.${id}.*`,
  /** Finds the job of a task without knowing its version and lane. */
  jobOf: ({ id, model, deadlineSecond }: TaskAddress) => `jobs.${model}.*.*.${deadlineSecond}.${id}`,

  probe: 'probe.write',
  /** A subject of a stream that nobody reads or takes. No home and no model is written in capitals. */
  probeOf: (stream: string, id: string) => {
    if (stream === streams.rollouts) return '$KV.ROLLOUTS.PROBE';
    if (stream === streams.actuals) return `actuals.PROBE.0.${id}`;
    if (stream === streams.requests || stream === streams.suspects) return `${stream.toLowerCase()}.${id}`;
    if (stream.startsWith(streams.jobs(''))) return `jobs.${stream.slice(5)}.0.PROBE.9999999999.${id}`;
    return `${stream.toLowerCase()}.PROBE.${id}`;
  },

  allResults: 'results.*.*',
  resultOf: ({ id, home }: TaskAddress) => `results.${home}.${id}`,
  /** Where the results stream republishes what it has stored: the only live feed of results. */
  republishedResults: 'final.{{wildcard(1)}}.{{wildcard(2)}}',
  finalsOf: (home: string) => `final.${home}.*`,
  finalOf: ({ id, home }: TaskAddress) => `final.${home}.${id}`,

  allRequests: 'requests.*',
  request: (hash: string) => `requests.${hash}`,

  allDead: 'dead.*.*',
  dead: (model: string, taskId: string) => `dead.${model}.${taskId}`,
  deadOf: (model: string) => `dead.${model}.*`,
  /** Where the stream of dead letters republishes what it has stored. */
  republishedDead: 'died.{{wildcard(1)}}.{{wildcard(2)}}',
  diedOf: (model: string) => `died.${model}.*`,

  allChunks: 'chunks.*.*',
  chunk: (taskId: string, chunk: number) => `chunks.${taskId}.${chunk}`,
  chunksOf: (taskId: string) => `chunks.${taskId}.*`,

  allSuspects: 'suspects.*',
  allSuspectRows: 'suspects.*.*.*',
  suspect: ({ taskId, place }: Suspect) =>
    place === undefined ? `suspects.${taskId}` : `suspects.${taskId}.${place.chunk}.${place.row}`,
  suspectRows: (taskId: string, chunk: number) => `suspects.${taskId}.${chunk}.*`,

  allRollouts: '$KV.ROLLOUTS.>',
  rollout: (model: string) => `$KV.ROLLOUTS.${model}`,
  /** Where the bucket of rollouts republishes what it has stored. */
  republishedRollouts: 'rollout.{{wildcard(1)}}',
  rolloutsHeard: 'rollout.*',
  allActuals: 'actuals.*.*.*',
  actual: ({ model, version, taskId }: Pick<Actual, 'model' | 'version' | 'taskId'>) =>
    `actuals.${model}.${version}.${taskId}`,
  /** Finds the actual of a task without knowing its version. */
  actualOf: ({ id, model }: TaskAddress) => `actuals.${model}.*.${id}`,

  shadowJobs: (model: string, version: string) => `shadows.${model}.${version}`,
  shadowAnswers: (home: string) => `shadowed.${home}`,
  comparisons: 'comparisons',

  presentState: (home: string) => `present.${home}`,
  running: (home: string) => `running.${home}`,
  moved: (home: string) => `moved.${home}`,
  workerPresence: 'workers.presence',
  workerLeft: 'workers.left',
  askWorkers: 'workers.ask',
} as const;

/** What a job's subject says about it, even when its body cannot be read. */
export interface JobSubject {
  readonly model: string;
  readonly version: string;
  readonly lane: string;
  readonly deadlineSecond: number;
  readonly taskId: string;
  /** Of a chunk of a batch; undefined for the job of a task. */
  readonly chunk: number | undefined;
}

export function parseJobSubject(subject: string): JobSubject {
  const [, model = '', version = '', lane = '', second = '', taskId = '', chunk] = subject.split('.');
  const numbers = { deadlineSecond: Number(second), chunk: chunk === undefined ? undefined : Number(chunk) };
  return { model, version, lane, taskId, ...numbers };
}

/** @returns where the task of a job is found, if the subject names one: of that model and that deadline. */
export function jobAddress(subject: string): TaskAddress | undefined {
  const { model, deadlineSecond, taskId } = parseJobSubject(subject);
  const address = parseTaskId(taskId);
  return address?.model === model && address.deadlineSecond === deadlineSecond ? address : undefined;
}

/** @returns the model of a rollout that was republished. */
export function rolloutModel(subject: string): string {
  return subject.split('.')[1] ?? '';
}

export function encodeMessage(message: object): string {
  return JSON.stringify(message);
}

/** The result of a job that ended in the given final state without ever being run by the caller. */
export function resultOf(
  job: Pick<TaskHeader, 'taskId' | 'owner' | 'model' | 'version' | 'submittedAt' | 'history'>,
  end: Omit<Result, 'v' | 'id' | 'owner' | 'model' | 'modelVersion' | 'submittedAt'> & {
    readonly state: FinalState;
  },
): Result {
  return {
    v: MESSAGE_VERSION,
    id: job.taskId,
    owner: job.owner,
    model: job.model,
    modelVersion: job.version,
    submittedAt: job.submittedAt,
    history: job.history,
    ...end,
    ...(end.error === undefined ? {} : { error: withShortMessage(end.error) }),
  };
}

/** The subject token of a request: the same owner, model and `requestId` meet on the same one. */
export function requestHash(owner: Owner, model: string, requestId: string): string {
  return digest(JSON.stringify([owner, model, requestId]));
}

/** The subject token of a redrive: gateways that redrive the same dead letter meet on it, and no request does. */
export function redriveHash(taskId: string): string {
  return digest(JSON.stringify(['redrive', taskId]));
}

/**
 * Tells a retry from another question.
 *
 * @param input checked values in the manifest's order, as asked: a time of `now` has not become an instant.
 */
export function inputDigest(input: Values, pinnedVersion: string | undefined): string {
  return digest(JSON.stringify([Object.entries(input), pinnedVersion]));
}

/** The same for a batch, and never that of a single task. */
export function columnsDigest(columns: InputColumns, pinnedVersion: string | undefined): string {
  return digest(JSON.stringify(['batch', Object.entries(columns), pinnedVersion]));
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

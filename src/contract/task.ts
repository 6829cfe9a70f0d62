/** A task, as clients see it. `taskId.ts` tells what its id consists of. */
import { ANY_TEXT, COUNT, DURATION, INSTANT, NAME } from './bounds.ts';
import { ANONYMOUS, OWNER } from './owner.ts';
import { SHAPE_MEMBERS } from './rowBatchShape.ts';
import { custom, listOf, object, oneOf, type Passing, text, withDefault } from './schema.ts';
import { Lane } from './subjects.ts';
import { TASK_LOG } from './taskLog.ts';
import { VALUES, type Values } from './values.ts';
import type { Work } from './work.ts';

export const TaskState = {
  Queued: 'QUEUED',
  Running: 'RUNNING',
  Succeeded: 'SUCCEEDED',
  Failed: 'FAILED',
  Canceled: 'CANCELED',
  Expired: 'EXPIRED',
} as const;
export type TaskState = (typeof TaskState)[keyof typeof TaskState];

const { Queued, Running, ...FinalStates } = TaskState;
export const FINAL_STATE = oneOf(Object.values(FinalStates));

/** Why an accepted task ended without a prediction, or work without what it was to make. */
export const TaskErrorCode = {
  DeadlineExceeded: 'DEADLINE_EXCEEDED',
  InvalidInput: 'INVALID_INPUT',
  BlobGone: 'BLOB_GONE',
  BlobStoreFull: 'BLOB_STORE_FULL',
  InferenceFailed: 'INFERENCE_FAILED',
  InvalidOutput: 'INVALID_OUTPUT',
  WorkerCrashed: 'WORKER_CRASHED',
  RunTimeout: 'RUN_TIMEOUT',
  MalformedJob: 'MALFORMED_JOB',
  DataUnusable: 'DATA_UNUSABLE',
  TrainingFailed: 'TRAINING_FAILED',
  GateRejected: 'GATE_REJECTED',
  StoreFull: 'STORE_FULL',
} as const;
export type TaskErrorCode = (typeof TaskErrorCode)[keyof typeof TaskErrorCode];

export const ERROR_CODE = oneOf(Object.values(TaskErrorCode));
const ERROR_MEMBERS = {
  code: ERROR_CODE,
  /** Of at most `MESSAGE_MAX_CHARACTERS` once it is read. */
  message: ANY_TEXT,
};
export const TASK_ERROR = object('a code and a message', ERROR_MEMBERS);
export type TaskError = Passing<typeof TASK_ERROR>;

export const ROW_ERROR = object('a row, a code and a message', {
  ...ERROR_MEMBERS,
  /** Its index in the batch. */
  row: COUNT,
});
/** A row of a batch that came to no prediction. */
export type RowError = Passing<typeof ROW_ERROR>;

export const MESSAGE_MAX_CHARACTERS = 1_000;
/** Of a task that was redriven more often, the last ids are kept. */
export const MAX_HISTORY = 100;

/**
 * An error with at most `MESSAGE_MAX_CHARACTERS` of its message, which may quote what a model gave, such as a shape.
 */
export function withShortMessage<E extends TaskError>(error: E): E {
  if (error.message.length <= MESSAGE_MAX_CHARACTERS) return error;
  return { ...error, message: shortText(error.message) };
}

/** At most `MESSAGE_MAX_CHARACTERS` of a text. */
export function shortText(text: string): string {
  if (text.length <= MESSAGE_MAX_CHARACTERS) return text;
  // Copied through bytes: V8 would keep the whole text alive for the part of it.
  return Buffer.from(text.slice(0, MESSAGE_MAX_CHARACTERS)).toString();
}

export const TASK_TIMINGS = object('the times of a run', {
  /** From submission until its batch was formed. */
  queueMs: DURATION,
  /** From its batch being formed until its run started: encoding, and earlier runs if there were any. */
  batchMs: DURATION,
  /** The run itself, shared by the whole batch. */
  computeMs: DURATION,
  /** Tasks in the batch. */
  batchSize: COUNT,
});
/** Where the time of a task went, in milliseconds. */
export type TaskTimings = Passing<typeof TASK_TIMINGS>;

export const ROW_BATCH = object(
  'the progress of a row batch',
  {
    ...SHAPE_MEMBERS,
    /** Rows that have been run, those that failed included. */
    rowsDone: COUNT,
    rowsFailed: COUNT,
  },
  {
    /** As of the last notice from a worker. */
    secondsLeft: custom<number>('a number of seconds', { type: 'number' }),
  },
);
/** Of a task with many rows: how far it is. */
export type RowBatch = Passing<typeof ROW_BATCH>;

/** Whether the counts of a batch fit each other: no more rows done than there are, no more failed than done. */
export function hasFittingCounts({ rowCount, rowsDone, rowsFailed }: RowBatch): boolean {
  return rowsDone <= rowCount && rowsFailed <= rowsDone;
}

/** The longest `timeoutMs` a task may ask for, in milliseconds. */
export const MAX_TIMEOUT_MS = 300_000;

export const MAX_LABELS = 8;
export const MAX_LABEL_LENGTH = 64;
/** Texts by which a client finds its tasks again. */
export const LABELS = listOf(
  `a list of ${MAX_LABELS} labels at most`,
  text(`a label, a text of 1 to ${MAX_LABEL_LENGTH} characters`, {
    minLength: 1,
    maxLength: MAX_LABEL_LENGTH,
  }),
  { minItems: 1, maxItems: MAX_LABELS },
);
/** The lanes of single tasks. */
export const TASK_LANE = oneOf([Lane.Interactive, Lane.Bulk]);

const TASK_MEMBERS = {
  id: NAME,
  model: NAME,
  modelVersion: NAME,
  /** Absent in the results of older workers. */
  owner: withDefault(OWNER, ANONYMOUS),
  /** Instants are milliseconds since the epoch in broker time. */
  submittedAt: INSTANT,
  attempts: COUNT,
};
const TASK_OPTIONAL = {
  /** When it expires if it has not ended; absent in the ends of 0.2. */
  deadline: INSTANT,
  labels: LABELS,
  requestId: NAME,
  /** Absent for a row batch, and if it is large, see `keptInput`. */
  input: VALUES,
  /** Absent for a row batch, and in the lane `interactive`. */
  lane: TASK_LANE,
  /** Ids of the tasks that it was redriven from, oldest first: `MAX_HISTORY` at most once they are read. */
  history: listOf('a list of task ids', NAME),
  startedAt: INSTANT,
  timings: TASK_TIMINGS,
  prediction: VALUES,
  error: TASK_ERROR,
  /** W3C `traceparent` of its job, if it has one. */
  trace: NAME,
  /** What happened to it in workers; absent if it is not kept. */
  log: TASK_LOG,
  /** If it is a batch: it has this, and no prediction. */
  batch: ROW_BATCH,
};

/** The id of the worker whose run ended a prediction of one row. */
const RAN_BY = { worker: NAME };

const TASK = object(
  'a task',
  { ...TASK_MEMBERS, state: oneOf(Object.values(TaskState)) },
  { ...TASK_OPTIONAL, finishedAt: INSTANT, ...RAN_BY },
);
export type Task = Passing<typeof TASK> & {
  /** If it is no prediction: how far it is, and what it made. Its `modelVersion` is the version that it made, or empty. */
  readonly work?: Work | undefined;
};

export const FINISHED_MEMBERS = { ...TASK_MEMBERS, state: FINAL_STATE, finishedAt: INSTANT };
export const FINISHED_OPTIONAL = TASK_OPTIONAL;
const FINISHED_TASK = object('a finished task', FINISHED_MEMBERS, { ...FINISHED_OPTIONAL, ...RAN_BY });
/** A task that has reached its end; no other state can follow. */
export type FinishedTask = Passing<typeof FINISHED_TASK>;

/** What the end of a task takes from its job. */
interface SubmittedTask {
  readonly taskId: string;
  readonly model: string;
  readonly version: string;
  readonly owner: string;
  readonly submittedAt: number;
  readonly deadline?: number | undefined;
  readonly history?: readonly string[] | undefined;
  readonly labels?: readonly string[] | undefined;
  readonly requestId?: string | undefined;
  readonly trace?: string | undefined;
  readonly input?: Values | undefined;
  readonly lane?: Task['lane'];
}

/** A task that ends now. */
export function finishedTask(
  { taskId, model, version, owner, submittedAt, deadline, ...kept }: SubmittedTask,
  end: Omit<FinishedTask, 'id' | 'model' | 'modelVersion' | 'owner' | 'submittedAt'>,
): FinishedTask {
  return {
    id: taskId,
    model,
    modelVersion: version,
    owner,
    submittedAt,
    deadline,
    history: kept.history,
    labels: kept.labels,
    requestId: kept.requestId,
    trace: kept.trace,
    input: kept.input,
    lane: kept.lane,
    ...end,
    ...(end.error === undefined ? {} : { error: withShortMessage(end.error) }),
  };
}

export function isFinal(task: Task): task is FinishedTask {
  return task.state !== TaskState.Queued && task.state !== TaskState.Running;
}

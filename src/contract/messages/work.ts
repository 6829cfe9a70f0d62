/** The messages of work: its job, its steps and what came of them, its progress, its log and its end. */
import { ANY_TEXT, COUNT, INSTANT, NAME } from '../bounds.ts';
import { OWNER } from '../owner.ts';
import { custom, listOf, object, type Passing, text } from '../schema.ts';
import { FINISHED_MEMBERS, FINISHED_OPTIONAL, LABELS, MAX_HISTORY } from '../task.ts';
import { DATASET_ASK, FILE, PROGRESS, SHA256, STEP_NAME, TRAINING_ASK, WORK } from '../work.ts';
import { checkOf, decoderOf, parseMessage, refuseNewer, VERSION } from './decoder.ts';

const JOB_MEMBERS = {
  v: VERSION,
  taskId: NAME,
  model: NAME,
  owner: OWNER,
  submittedAt: INSTANT,
  deadline: INSTANT,
};
const JOB_OPTIONAL = {
  labels: LABELS,
  requestId: NAME,
  /** Ids of the tasks that it is a retry of, oldest first. */
  history: listOf(`a list of ${MAX_HISTORY} task ids at most`, NAME, { maxItems: MAX_HISTORY }),
  /** W3C `traceparent` of the request, if it had one. */
  trace: NAME,
  /** One of both is there: what is to be done. */
  dataset: DATASET_ASK,
  training: TRAINING_ASK,
};
export const WORK_JOB = object('a job of work', JOB_MEMBERS, JOB_OPTIONAL);
/** Stands in the queue from the acceptance until the end is stored. No trainer takes it. */
export type WorkJob = Passing<typeof WORK_JOB>;

export const STEP_JOB = object('the job of a step', { ...JOB_MEMBERS, step: STEP_NAME }, JOB_OPTIONAL);
/** Carries a step to a trainer. */
export type StepJob = Passing<typeof STEP_JOB>;

export const WORK_REQUEST = object('a request record of work', {
  v: VERSION,
  /** See `workDigest`: tells a retry from another question under the same `requestId`. */
  inputDigest: SHA256,
  job: WORK_JOB,
});
/** Remembers which work a `requestId` stands for, as a request record does for a prediction. */
export type WorkRequest = Passing<typeof WORK_REQUEST>;

export const STEP_RESULT = object(
  'what came of a step',
  {
    v: VERSION,
    taskId: NAME,
    step: STEP_NAME,
    startedAt: INSTANT,
    finishedAt: INSTANT,
    trainer: NAME,
    attempts: COUNT,
    /** What later steps need. Each step has a schema of its own. */
    output: custom<Readonly<Record<string, unknown>>>('an object', { type: 'object' }),
  },
  { note: ANY_TEXT },
);
/** Only of a step that succeeded: one that fails ends its task. */
export type StepResult = Passing<typeof STEP_RESULT>;

export const WORK_PROGRESS = object(
  'the progress of work',
  {
    v: VERSION,
    taskId: NAME,
    step: STEP_NAME,
    /** Tries of this step that were started. It is stored before each try, so deliveries never count. */
    attempts: COUNT,
    startedAt: INSTANT,
    trainer: NAME,
  },
  {
    progress: PROGRESS,
    /** What it does before it tells progress. */
    note: ANY_TEXT,
    /** Where the next try begins. */
    checkpoint: FILE,
  },
);
/** The newest of a task is stored at each start of a try, each checkpoint, and every two seconds; more are only told. */
export type WorkProgress = Passing<typeof WORK_PROGRESS>;

export const WORK_END = object(
  'the end of work',
  {
    v: VERSION,
    ...FINISHED_MEMBERS,
    /** Empty if no version came of it. */
    modelVersion: text('a text of 200 characters at most', { maxLength: 200 }),
    work: WORK,
  },
  FINISHED_OPTIONAL,
);
export type WorkEnd = Passing<typeof WORK_END>;

const LOG_LINE = object('a line', { at: INSTANT, text: ANY_TEXT });
export type LogLine = Passing<typeof LOG_LINE>;
export const LOG_LINES = object('lines of a log', {
  v: VERSION,
  step: STEP_NAME,
  lines: listOf('a list of lines', LOG_LINE),
});
/** The lines that a step has written within a second. */
export type LogLines = Passing<typeof LOG_LINES>;

// Each throws as every decoder does, see `decoderOf`.
export const decodeWorkJob = decoderOf(WORK_JOB);
export const decodeStepJob = decoderOf(STEP_JOB);
export const decodeStepResult = decoderOf(STEP_RESULT);
export const decodeWorkProgress = decoderOf(WORK_PROGRESS);
export const decodeWorkEnd = decoderOf(WORK_END);
export const decodeLogLines = decoderOf(LOG_LINES);

const checkWorkRequest = checkOf(WORK_REQUEST);
export function decodeWorkRequest(data: Uint8Array): WorkRequest {
  const message = parseMessage(data);
  if (typeof message === 'object' && message !== null && 'job' in message) refuseNewer(message.job);
  return checkWorkRequest(message);
}

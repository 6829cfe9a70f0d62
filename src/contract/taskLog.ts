/** What happened to a task, as far as it is kept with its end (`TASK_HISTORY`). */
import { ANY_TEXT, INSTANT, NAME } from './bounds.ts';
import { listOf, object, type Passing } from './schema.ts';

export const TaskLogEvent = {
  Accepted: 'ACCEPTED',
  Delivered: 'DELIVERED',
  Started: 'STARTED',
  Suspect: 'SUSPECT',
  Retried: 'RETRIED',
  Ended: 'ENDED',
} as const;
export type TaskLogEvent = (typeof TaskLogEvent)[keyof typeof TaskLogEvent];

/** The most entries that are kept with an end: the delivery to the worker, and the last ones after it. */
export const MAX_TASK_LOG = 50;

const TASK_LOG_ENTRY = object(
  'an entry of the log of a task',
  {
    at: INSTANT,
    /** One of `TaskLogEvent`. A newer worker may know others, which an older gateway leaves out. */
    event: NAME,
  },
  {
    /** Where it happened: a worker or a gateway. */
    process: NAME,
    detail: ANY_TEXT,
  },
);
export type TaskLogEntry = Passing<typeof TASK_LOG_ENTRY>;

export const TASK_LOG = listOf(`a list of ${MAX_TASK_LOG} entries at most`, TASK_LOG_ENTRY, {
  minItems: 1,
  maxItems: MAX_TASK_LOG,
});

/** What happened to a task, put together from what is known of it. */
import { isFinal, type Task, TaskState } from '../contract/task.ts';
import { parseTaskId } from '../contract/taskId.ts';
import { type TaskLogEntry, TaskLogEvent } from '../contract/taskLog.ts';

export interface ShownLogEntry extends TaskLogEntry {
  readonly event: TaskLogEvent;
}

const EVENTS: ReadonlySet<string> = new Set(Object.values(TaskLogEvent));

/**
 * @returns undefined if its worker has not kept what happened to it, or if it is no prediction: a training tells it by
 *   its stages.
 */
export function logOf(task: Task): readonly ShownLogEntry[] | undefined {
  const { submittedAt, startedAt, finishedAt, attempts, log, batch } = task;
  const isFromWorker = task.state === TaskState.Succeeded || task.state === TaskState.Failed;
  if (task.work !== undefined || (isFromWorker && log === undefined && batch === undefined)) return undefined;
  const home = parseTaskId(task.id)?.home;
  const worker = log?.at(-1)?.process;
  const entries = [...(log ?? [])];
  if (startedAt !== undefined) {
    const detail = `attempt ${attempts}`;
    entries.push({ at: startedAt, event: TaskLogEvent.Started, process: worker, detail });
  }
  if (isFinal(task) && finishedAt !== undefined) {
    const detail = task.error === undefined ? task.state : `${task.state}, ${task.error.code}`;
    entries.push({ at: finishedAt, event: TaskLogEvent.Ended, process: worker, detail });
  }
  const accepted = { at: submittedAt, event: TaskLogEvent.Accepted, process: home && `gateway-${home}` };
  // Each process estimates the time of the broker: what follows the acceptance may seem to come before it.
  const later = entries.map((entry) => ({ ...entry, at: Math.max(entry.at, submittedAt) }));
  return [accepted, ...later.toSorted((a, b) => a.at - b.at)].filter(isKnown);
}

/** A newer worker may keep events that this gateway does not know. */
function isKnown(entry: TaskLogEntry): entry is ShownLogEntry {
  return EVENTS.has(entry.event);
}

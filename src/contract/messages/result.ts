/** The final state of a task, as the client will see it. */
import { object, type Passing } from '../schema.ts';
import {
  FINISHED_MEMBERS,
  FINISHED_OPTIONAL,
  hasFittingCounts,
  MAX_HISTORY,
  parseTaskId,
  TaskState,
  withShortMessage,
} from '../task.ts';
import { decoderOf, MESSAGE_VERSION, requireThat, VERSION } from './decoder.ts';
import type { TaskHeader } from './job.ts';

export const RESULT = object('a result', { v: VERSION, ...FINISHED_MEMBERS }, FINISHED_OPTIONAL);
/** Carries the final state of a task back. */
export type Result = Passing<typeof RESULT>;

/** The result of a job that ends now. */
export function newResult(
  job: Pick<TaskHeader, 'taskId' | 'model' | 'version' | 'owner' | 'submittedAt' | 'history'>,
  end: Omit<Result, 'v' | 'id' | 'model' | 'modelVersion' | 'owner' | 'submittedAt'>,
): Result {
  return {
    v: MESSAGE_VERSION,
    id: job.taskId,
    model: job.model,
    modelVersion: job.version,
    owner: job.owner,
    submittedAt: job.submittedAt,
    history: job.history,
    ...end,
    ...(end.error === undefined ? {} : { error: withShortMessage(end.error) }),
  };
}

const readResult = decoderOf(RESULT);

/** Decodes the final state of a task. Throws as every decoder does, see `decoderOf`. */
export function decodeResult(data: Uint8Array, id: string): Result {
  const result = readResult(data);
  const { model, state, batch, prediction } = result;
  requireThat(result.id === id, 'id', JSON.stringify(id), result.id);
  requireThat(model === parseTaskId(id)?.model, 'model', 'that of the id', model);
  const isCountRight = batch === undefined || hasFittingCounts(batch);
  requireThat(isCountRight, 'batch', 'no more rows done than there are, no more failed than done', batch);
  if (state === TaskState.Succeeded && batch === undefined)
    requireThat(prediction !== undefined, 'prediction', 'there, as the task succeeded', prediction);
  else requireThat(prediction === undefined, 'prediction', `absent in ${state} and in a batch`, prediction);
  return cutOff(result);
}

/** A worker may cut nothing off: the end of the task is worth more than all of the text. */
function cutOff(result: Result): Result {
  const { error, history } = result;
  if (error === undefined && history === undefined) return result;
  return {
    ...result,
    ...(error === undefined ? {} : { error: withShortMessage(error) }),
    ...(history === undefined ? {} : { history: history.slice(-MAX_HISTORY) }),
  };
}

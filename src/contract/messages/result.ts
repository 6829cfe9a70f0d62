/** The end of one task, as 0.2 stored it. Tasks of 0.2 that are still queued end in this form, for gateways of 0.2. */
import { object, type Passing } from '../schema.ts';
import {
  FINISHED_MEMBERS,
  FINISHED_OPTIONAL,
  type FinishedTask,
  hasFittingCounts,
  MAX_HISTORY,
  TaskState,
  withShortMessage,
} from '../task.ts';
import { parseTaskId } from '../taskId.ts';
import { decoderOf, encodeMessage, MESSAGE_VERSION, requireThat, VERSION } from './decoder.ts';

export const RESULT = object('a result', { v: VERSION, ...FINISHED_MEMBERS }, FINISHED_OPTIONAL);
type Result = Passing<typeof RESULT>;

const readResult = decoderOf(RESULT);

export function encodeResult(task: FinishedTask): string {
  return encodeMessage({ v: MESSAGE_VERSION, ...task });
}

/** Decodes the end of a task. Throws as every decoder does, see `decoderOf`. */
export function decodeResult(data: Uint8Array, id: string): FinishedTask {
  const { v: _, ...result }: Result = readResult(data);
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
function cutOff(result: FinishedTask): FinishedTask {
  const { error, history } = result;
  if (error === undefined && history === undefined) return result;
  return {
    ...result,
    ...(error === undefined ? {} : { error: withShortMessage(error) }),
    ...(history === undefined ? {} : { history: history.slice(-MAX_HISTORY) }),
  };
}

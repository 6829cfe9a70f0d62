/** An actual: the true values of a task beside the predicted ones, for the outputs that were reported. */
import { INSTANT, NAME } from '../bounds.ts';
import { ANONYMOUS, OWNER } from '../owner.ts';
import { object, type Passing, withDefault } from '../schema.ts';
import { isComparable, NUMERIC_VALUES } from '../values.ts';
import { decoderOf, requireAsInSubject, requireThat, VERSION } from './decoder.ts';

export const ACTUAL = object('an actual', {
  v: VERSION,
  taskId: NAME,
  model: NAME,
  version: NAME,
  /** Absent in messages of older gateways. */
  owner: withDefault(OWNER, ANONYMOUS),
  predicted: NUMERIC_VALUES,
  actual: NUMERIC_VALUES,
  /** Milliseconds since the epoch, broker time. */
  reportedAt: INSTANT,
});
export type Actual = Passing<typeof ACTUAL>;

const readActual = decoderOf(ACTUAL);

/** Decodes the actual of the task that its subject names. Throws as every decoder does, see `decoderOf`. */
export function decodeActual(data: Uint8Array, subject: string): Actual {
  const message = readActual(data);
  const { predicted, actual } = message;
  const [, model = '', version = '', taskId = ''] = subject.split('.');
  requireAsInSubject('taskId', message.taskId, taskId);
  requireAsInSubject('model', message.model, model);
  requireAsInSubject('version', message.version, version);
  const names = Object.keys({ ...actual, ...predicted });
  const wrong = names.find((name) => !isComparable(predicted[name], actual[name])) ?? '';
  requireThat(
    wrong === '',
    `actual.${wrong}`,
    'there in both, and of the same length as in predicted',
    actual[wrong],
  );
  return message;
}

/** A job that could not be brought to a prediction, with the reason. */
import { ANY_TEXT, COUNT, INSTANT } from '../bounds.ts';
import { object, type Passing, text } from '../schema.ts';
import { ERROR_CODE, MESSAGE_MAX_CHARACTERS, shortText } from '../task.ts';
import { decoderOf, requireAsInSubject, VERSION } from './decoder.ts';

export const DEAD_LETTER = object('a dead letter', {
  v: VERSION,
  taskId: ANY_TEXT,
  model: ANY_TEXT,
  code: ERROR_CODE,
  reason: ANY_TEXT,
  attempts: COUNT,
  /** The id of the last worker that had the job. */
  worker: ANY_TEXT,
  diedAt: INSTANT,
  /** The job's subject. It can be read even if the body cannot. */
  subject: text(`a text of ${MESSAGE_MAX_CHARACTERS} characters at most`, {
    maxLength: MESSAGE_MAX_CHARACTERS,
  }),
  /** The job's bytes as they came, base64: it may be unreadable. */
  job: ANY_TEXT,
});
export type DeadLetter = Passing<typeof DEAD_LETTER>;

const readDeadLetter = decoderOf(DEAD_LETTER);

/** Decodes the dead letter of the task that its subject names. Throws as every decoder does, see `decoderOf`. */
export function decodeDeadLetter(data: Uint8Array, subject: string): DeadLetter {
  const letter = readDeadLetter(data);
  const [, model = '', taskId = ''] = subject.split('.');
  requireAsInSubject('model', letter.model, model);
  requireAsInSubject('taskId', letter.taskId, taskId);
  // The job can be redriven without all of these texts.
  return { ...letter, reason: shortText(letter.reason), worker: shortText(letter.worker) };
}

/**
 * Puts large outputs into the store of blobs, before the ends that name them are stored. An end has to be stored within
 * `ENDS_WITHIN_MS` after that: otherwise the blobs could vanish before it does.
 */
import { blobOf } from '../src/contract/blob.ts';
import { RequestError, RequestErrorCode } from '../src/contract/errors.ts';
import type { Owner } from '../src/contract/owner.ts';
import { type TaskError, TaskErrorCode } from '../src/contract/task.ts';
import type { TaskFields } from '../src/contract/trace.ts';
import type { Value, Values } from '../src/contract/values.ts';
import type { Manifest } from '../src/models/manifest.ts';
import { hasBytes, inlineBytesOf, isLargeValue } from '../src/models/valueBytes.ts';
import { type Answer, type Answers, isRaw, messageValue } from './answer.ts';
import type { SettleOptions } from './assignment.ts';
import { untilStored } from './settle.ts';

const ENDS_WITHIN_MS = 60_000;

/** The answers to rows, of which some may have none. */
type AnswersOfRows = Readonly<Record<string, readonly (Answer | null)[]>>;

/** The tasks whose outputs they are. */
interface Named extends TaskFields {
  readonly owner: Owner;
}

/** Columns for a message, which has to be stored before the signal aborts. */
interface Placed {
  readonly columns: Readonly<Record<string, readonly (Value | null)[]>>;
  /** By index of a row whose outputs the store had no room for. It has none in the columns. */
  readonly errors: ReadonlyMap<number, TaskError>;
  readonly signal: AbortSignal;
}

/** Whether any answer is too large for a message. */
export function haveLargeAnswers({ outputs }: Pick<Manifest, 'outputs'>, answers: AnswersOfRows): boolean {
  // Only tensors and files are bytes.
  if (!outputs.some((output) => 'shape' in output || 'kind' in output)) return false;
  const limit = inlineBytesOf(outputs);
  return Object.values(answers).some((column) => column.some((answer) => isLarge(answer, limit)));
}

/**
 * Stores large answers, and puts a reference in place of each. A row for which there is no room fails alone: outputs are
 * not held until others expire, since they take memory.
 *
 * @returns undefined if the worker has to stop before.
 */
export async function placeLargeAnswers(
  answers: AnswersOfRows,
  { owner, ...fields }: Named,
  options: SettleOptions,
): Promise<Placed | undefined> {
  const placed = await untilStored(() => columnsWithBlobs(answers, owner, options), fields, options);
  if (placed === undefined) return undefined;
  return { ...placed, signal: AbortSignal.any([options.signal, AbortSignal.timeout(ENDS_WITHIN_MS)]) };
}

async function columnsWithBlobs(
  answers: AnswersOfRows,
  owner: Owner,
  { manifest: { outputs }, blobs: { store } }: SettleOptions,
): Promise<Omit<Placed, 'signal'>> {
  const limit = inlineBytesOf(outputs);
  const errors = new Map<number, TaskError>();
  const place = async (answer: Answer | null, row: number): Promise<Value | null> => {
    if (answer === null || errors.has(row)) return null;
    if (!isLarge(answer, limit)) return messageValue(answer);
    const { digest, content } = blobOf(bytesOf(answer));
    try {
      await store.put(owner, digest, content);
      return referenceTo(answer, digest);
    } catch (error) {
      if (!(error instanceof RequestError) || error.code !== RequestErrorCode.BlobStoreFull) throw error;
      errors.set(row, { code: TaskErrorCode.BlobStoreFull, message: error.message });
      return null;
    }
  };
  const placed: Record<string, (Value | null)[]> = {};
  for (const [name, column] of Object.entries(answers)) {
    const values: (Value | null)[] = [];
    for (const [row, answer] of column.entries()) values.push(await place(answer, row));
    placed[name] = values;
  }
  // Their other outputs may have come first.
  for (const column of Object.values(placed)) for (const row of errors.keys()) column[row] = null;
  return { columns: placed, errors };
}

/** The answers to a row as its end would have them. Nothing is stored: a shadow's answers are only compared. */
export function comparableValues({ outputs }: Pick<Manifest, 'outputs'>, answers: Answers): Values {
  const limit = inlineBytesOf(outputs);
  const values: Record<string, Value> = {};
  for (const [name, answer] of Object.entries(answers))
    values[name] = isLarge(answer, limit)
      ? referenceTo(answer, blobOf(bytesOf(answer)).digest)
      : messageValue(answer);
  return values;
}

function referenceTo(answer: Exclude<Answer, string | number | boolean>, digest: string): Value {
  const shape = 'shape' in answer ? { shape: answer.shape } : {};
  return { ...shape, blob: digest, bytes: bytesOf(answer).length };
}

function isLarge(answer: Answer | null, limit: number): answer is Exclude<Answer, string | number | boolean> {
  return isRaw(answer) ? answer.data.length > limit : isLargeValue(answer, limit);
}

function bytesOf(answer: Answer): Uint8Array {
  if (isRaw(answer)) return answer.data;
  if (hasBytes(answer) && 'base64' in answer) return Buffer.from(answer.base64, 'base64');
  throw new Error('an answer of a model has its bytes');
}

/** What a model answers to a row, while the worker has it. Tensors stay bytes until their ends are written. */
import type { ElementType, TensorBytes, TensorTexts } from '../src/contract/tensor.ts';
import type { Value, Values } from '../src/contract/values.ts';

/** A tensor of numbers: its elements in row-major order, little-endian. */
export interface RawTensor {
  readonly type: ElementType;
  readonly shape: readonly number[];
  /** Often a part of the memory of a whole run. */
  readonly data: Uint8Array<ArrayBuffer>;
}

/** A file, such as a picture. */
export interface RawFile {
  readonly data: Uint8Array<ArrayBuffer>;
}

export type Answer = Exclude<Value, TensorBytes> | RawTensor | RawFile | TensorTexts;

/** One answer per output of the manifest, by its GraphQL name. */
export type Answers = Readonly<Record<string, Answer>>;

/** The answers to several rows, by GraphQL name. */
export type AnswerColumns = Readonly<Record<string, readonly Answer[]>>;

/** The answer as messages carry it. */
export function messageValue(answer: Answer): Value {
  if (!isRaw(answer)) return answer;
  const base64 = answer.data.toBase64();
  return 'shape' in answer ? { shape: answer.shape, base64 } : { base64 };
}

/** The answers to a row as messages carry them. */
export function valuesOf(answers: Answers): Values {
  return Object.fromEntries(Object.entries(answers).map(([name, answer]) => [name, messageValue(answer)]));
}

/** The same for the answers to several rows, of which some may have none. */
export function valueColumns(
  columns: Readonly<Record<string, readonly (Answer | null)[]>>,
): Readonly<Record<string, readonly (Value | null)[]>> {
  const values: Record<string, readonly (Value | null)[]> = {};
  for (const [name, column] of Object.entries(columns))
    values[name] = column.some(isRaw)
      ? column.map((answer) => (answer === null ? null : messageValue(answer)))
      : (column as readonly (Value | null)[]);
  return values;
}

export function isRaw(answer: Answer | null | undefined): answer is RawTensor | RawFile {
  return typeof answer === 'object' && answer !== null && 'data' in answer;
}

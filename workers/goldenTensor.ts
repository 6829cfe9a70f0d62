/**
 * Tensors in golden rows. `golden.json` has all elements of a small one, and of a large one a sample: every so many
 * elements, and the mean of all.
 *
 *     { "shape": [2, 2], "values": [0.5, 1, "NaN", -1] }
 *     { "shape": [1, 672, 672], "every": 7056, "values": [0.1, …], "mean": 0.42 }
 */
import { type ElementType, elementsOf } from '../src/contract/tensor.ts';
import { elementsIn, exactNumber } from '../src/models/elements.ts';
import { isObject } from '../src/process/jsonFile.ts';
import type { Answer, Answers, RawTensor } from './answer.ts';
import type { GoldenValue } from './golden.ts';

export interface GoldenTensor {
  readonly shape: readonly number[];
  /** Only each so many elements are given, from the first one on. @default 1 */
  readonly every?: number;
  /**
   * Texts; or numbers, where NaN and ±Infinity are texts, and whole numbers beyond ±(2^53 − 1) are texts of their digits.
   */
  readonly values: readonly (number | string)[];
  /** Of all elements that are finite. */
  readonly mean?: number;
}

type TensorAnswer = RawTensor | { readonly shape: readonly number[]; readonly texts: readonly string[] };

/** The largest difference between a wanted and an answered tensor. */
export interface TensorDifference {
  /** Infinite if the tensors cannot be compared, or texts differ. */
  readonly deviation: number;
  /** What is compared, to be read after the output's name. */
  readonly where: string;
  readonly wanted: string;
  readonly got: string;
}

const MAX_KEPT = 256;

/** Answers as `golden.json` keeps them. */
export function goldenValues(answers: Answers): Readonly<Record<string, GoldenValue>> {
  const kept = Object.entries(answers).flatMap(([name, answer]) => {
    const value = goldenValue(answer);
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(kept);
}

/** @returns undefined for a picture: its file depends on the library that writes it. */
function goldenValue(answer: Answer): GoldenValue | undefined {
  if (typeof answer !== 'object') return answer;
  if ('length' in answer) return answer;
  return 'shape' in answer && !('base64' in answer || 'blob' in answer) ? goldenTensor(answer) : undefined;
}

export function goldenTensor(answer: TensorAnswer): GoldenTensor {
  const { shape } = answer;
  const count = elementsOf(shape);
  const every = Math.ceil(count / MAX_KEPT);
  const values = Array.from({ length: sampleSize(count, Math.max(1, every)) }, (_, i) =>
    jsonElement(elementAt(answer, i * every)),
  );
  if (every <= 1) return { shape, values };
  return 'texts' in answer ? { shape, every, values } : { shape, every, values, mean: meanOf(answer) };
}

/** Whether a golden row may have this as a tensor. */
export function isGoldenTensor(value: unknown): value is GoldenTensor {
  if (!isObject(value)) return false;
  const { shape, every = 1, values, mean } = value;
  return (
    Array.isArray(shape) &&
    shape.every((size) => Number.isSafeInteger(size) && size >= 0) &&
    Number.isSafeInteger(every) &&
    Number(every) > 0 &&
    Array.isArray(values) &&
    values.length === sampleSize(elementsOf(shape), Number(every)) &&
    values.every((item) => typeof item === 'number' || typeof item === 'string') &&
    (mean === undefined || typeof mean === 'number')
  );
}

/** Compares elements and means. NaN equals NaN, and Infinity equals Infinity. */
export function tensorDifference(wanted: GoldenTensor, got: TensorAnswer): TensorDifference {
  const [wantedShape, gotShape] = [wanted.shape, got.shape].map((shape) => `[${shape.join(', ')}]`);
  if (wantedShape !== gotShape)
    return difference(Number.POSITIVE_INFINITY, ' of shape', wantedShape, gotShape);
  const { every = 1 } = wanted;
  let worst = difference(0, '', '', '');
  for (const [i, value] of wanted.values.entries()) {
    const element = elementAt(got, i * every);
    const deviation = deviationOf(value, element);
    if (deviation > worst.deviation)
      worst = difference(deviation, ` at element ${i * every}`, value, element);
  }
  if (wanted.mean === undefined || 'texts' in got) return worst;
  const mean = meanOf(got);
  const deviation = deviationOf(wanted.mean, mean);
  return deviation > worst.deviation ? difference(deviation, ', on average,', wanted.mean, mean) : worst;
}

function difference(deviation: number, where: string, wanted: unknown, got: unknown): TensorDifference {
  return { deviation, where, wanted: String(wanted), got: String(got) };
}

function deviationOf(wanted: number | string, got: number | bigint | string): number {
  if (typeof got === 'string') return got === wanted ? 0 : Number.POSITIVE_INFINITY;
  if (typeof got === 'bigint') {
    const difference = Number(got - BigInt(wanted));
    return Math.abs(difference);
  }
  const number = Number(wanted);
  if (Object.is(number, got)) return 0;
  const deviation = Math.abs(number - got);
  return Number.isNaN(deviation) ? Number.POSITIVE_INFINITY : deviation;
}

function sampleSize(count: number, every: number): number {
  return Math.ceil(count / every);
}

function elementAt(answer: TensorAnswer, index: number): number | bigint | string {
  if ('texts' in answer) return answer.texts[index] ?? '';
  return elementsIn(answer.type, answer.data)[index] ?? 0;
}

function jsonElement(element: number | bigint | string): number | string {
  if (typeof element === 'bigint') return exactNumber(element);
  return typeof element === 'string' || Number.isFinite(element) ? element : String(element);
}

function meanOf({
  type,
  data,
}: {
  readonly type: ElementType;
  readonly data: Uint8Array<ArrayBuffer>;
}): number {
  let [sum, count] = [0, 0];
  for (const element of elementsIn(type, data)) {
    const number = Number(element);
    if (!Number.isFinite(number)) continue;
    sum += number;
    count++;
  }
  return count === 0 ? 0 : sum / count;
}

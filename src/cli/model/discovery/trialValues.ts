/** Makes tensors that a graph is likely to take, for trial runs. Equal seeds make equal tensors. */
import type { Column } from '../../../../workers/runtimes/onnx/encoder.ts';
import { elementsOf } from '../../../contract/tensor.ts';
import { isFloat, type TensorType } from '../../../models/manifest.ts';
import type { Hint } from '../onnx/hints.ts';
import { newData } from './tensors.ts';

/** An input of a graph. */
export interface Port {
  readonly name: string;
  readonly type: TensorType;
  /** A text is a size that varies; the same text is the same size. */
  readonly dims: readonly (number | string)[];
  readonly hint: Hint;
  /** The values that the user gave, by row, each as a flat list. */
  readonly given?: readonly (readonly unknown[])[];
}

/**
 *  given   the user's values, again and again.
 *  varied  values that differ.
 *  digits  the same, but texts are numbers.
 */
export type Filling = 'given' | 'varied' | 'digits' | 'ones' | 'zeros';

const TEXTS = ['a', 'ab', 'good', 'bad', 'hello world', '3', 'yes', 'no'];
/** Pixels of a byte. */
const BYTE = 256;
const SMALL_NUMBERS = 4;

export function trialTensor(port: Port, dims: readonly number[], seed: number, filling: Filling): Column {
  const data = newData(port.type, elementsOf(dims)) as { [index: number]: number | bigint | string };
  const random = randomFrom(seed);
  const lastAxis = dims.at(-1) ?? 1;
  const given = filling === 'given' ? (port.given?.[seed % port.given.length] ?? []) : [];
  for (let i = 0; i < elementsOf(dims); i++)
    data[i] =
      given.length > 0
        ? givenElement(port, given[i % given.length])
        : element(port, filling === 'given' ? 'varied' : filling, random(), i % lastAxis);
  return { type: port.type, data: data as Column['data'], dims };
}

function element(port: Port, filling: Filling, random: number, place: number): number | bigint | string {
  const { type } = port;
  if (type === 'string') return textFor(port, filling, random);
  const number = numberFor(port, filling, random, place);
  return type === 'int64' || type === 'uint64' ? BigInt(number) : number;
}

function givenElement({ type }: Port, value: unknown): number | bigint | string {
  if (type === 'string') return String(value);
  if (type === 'int64' || type === 'uint64') return BigInt(Math.trunc(Number(value)) || 0);
  return Number(value);
}

function textFor({ hint }: Port, filling: Filling, random: number): string {
  if (filling === 'digits') return String(random % SMALL_NUMBERS);
  if (filling !== 'varied') return filling === 'ones' ? '1' : '0';
  const texts = hint.categories?.map(String) ?? TEXTS;
  return texts[random % texts.length] ?? '';
}

function numberFor(
  { name, type, dims, hint }: Port,
  filling: Filling,
  random: number,
  place: number,
): number {
  if (filling === 'ones') return 1;
  if (filling === 'zeros') return 0;
  const usual = usualNumber(name, place);
  if (usual !== undefined) return usual;
  if (type === 'bool') return random % 2;
  if (isFloat(type)) return (random % 100) / 100;
  const categories = hint.categories?.map(Number);
  if (categories !== undefined) return categories[random % categories.length] ?? 0;
  if (hint.vocabulary !== undefined) return random % hint.vocabulary;
  return random % (type === 'uint8' && dims.length > 2 ? BYTE : SMALL_NUMBERS);
}

/** What inputs of well-known names take. */
function usualNumber(name: string, place: number): number | undefined {
  if (isMask(name)) return 1;
  if (/token_?type|segment/i.test(name)) return 0;
  if (/position/i.test(name)) return place;
  if (isSampleRate(name)) return SAMPLE_RATE;
  return undefined;
}

export const SAMPLE_RATE = 16_000;

export function isSampleRate(name: string): boolean {
  return /^sr$|sample_?rate/i.test(name);
}

/** Whether an input tells by its name which elements are real. */
export function isMask(name: string): boolean {
  return /mask/i.test(name);
}

/** A generator of numbers that look random (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = Math.imul(seed + 1, 0x9e3779b1);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}

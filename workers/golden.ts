/** Golden rows: inputs with the answers that a version must give. A version with another answer is not served. */
import { join } from 'node:path';
import { messageOf } from '../src/contract/errors.ts';
import { elementsOf } from '../src/contract/tensor.ts';
import type { Value, Values } from '../src/contract/values.ts';
import { bytesIn, type Elements } from '../src/models/elements.ts';
import { checkInput } from '../src/models/input.ts';
import { NOW } from '../src/models/localTime.ts';
import {
  isMediaOutput,
  isPlainOutput,
  isTensorInput,
  type Manifest,
  type ManifestOutput,
  type Shape,
  sizeOf,
  tensorTypeOf,
} from '../src/models/manifest.ts';
import type { ModelVersion } from '../src/models/models.ts';
import { isObject, readJson, shownJson } from '../src/process/jsonFile.ts';
import { GOLDEN_MAX_BYTES } from '../src/process/regularFile.ts';
import type { Answer } from './answer.ts';
import {
  type GoldenTensor,
  isGoldenTensor,
  type TensorDifference,
  tensorDifference,
} from './goldenTensor.ts';
import { RunShapes } from './runShapes.ts';
import { filledWith } from './tensorLayout.ts';

export interface GoldenRows {
  readonly tolerance: Tolerance;
  readonly rows: readonly GoldenRow[];
}

/**
 * The largest allowed absolute difference of a number, in its output's unit: one for all outputs, or one for each
 * numeric output, by name. Texts and booleans must be equal.
 */
export type Tolerance = number | Readonly<Record<string, number>>;

export interface GoldenRow {
  readonly input: Values;
  readonly output: Readonly<Record<string, GoldenValue>>;
}

export type GoldenValue = number | string | boolean | readonly number[] | GoldenTensor;

/** @throws {Error} naming the file, if there is no row, or if a row lacks an output or has an invalid input. */
export async function readGoldenRows(manifest: Manifest, { folder }: ModelVersion): Promise<GoldenRows> {
  const file = join(folder, 'golden.json');
  const found = await readJson(file, GOLDEN_MAX_BYTES);
  const { rows, tolerance } = (isObject(found) ? found : {}) as Partial<GoldenRows>;
  if (!Array.isArray(rows) || rows.length === 0) throw new Error(`${file} must hold at least one row`);
  if (!rows.every(isRow))
    throw new Error(`${file} must hold rows of the shape { "input": { … }, "output": { … } }, and no others`);
  return {
    tolerance: checkTolerance(manifest, tolerance, file),
    rows: rows.map((row) => checkRow(manifest, row, file)),
  };
}

/** A row may lack outputs here. `checkRow` names them. */
function isRow(row: unknown): boolean {
  if (!isObject(row)) return false;
  const { input = {}, output = {} } = row;
  return isObject(input) && isObject(output);
}

function checkTolerance({ outputs }: Manifest, tolerance: Tolerance | undefined, file: string): Tolerance {
  const numbers = outputs.filter(
    (output) =>
      output.type !== 'string' &&
      output.type !== 'boolean' &&
      !(isMediaOutput(output) && output.kind === 'image'),
  );
  const given = tolerance ?? {};
  const missing = numbers.find(({ name }) => !(toleranceOf(given, name) >= 0));
  if (missing === undefined) return given;
  throw new Error(`${file} must hold a tolerance, one for all outputs or one for ${missing.name} too`);
}

/** The tolerance of an output, by name; NaN if there is none. */
export function toleranceOf(tolerance: Tolerance, output: string): number {
  const given = typeof tolerance === 'number' ? tolerance : tolerance[output];
  return typeof given === 'number' ? given : Number.NaN;
}

function checkRow(manifest: Manifest, row: Partial<GoldenRow>, file: string): GoldenRow {
  const { input = {}, output = {} } = row;
  const unknown = Object.keys(input).find((name) => !manifest.inputs.some((field) => field.name === name));
  if (unknown !== undefined) throw new Error(`${file} names ${unknown}, which is no input`);
  const missing = manifest.outputs.find((field) => !isValueOf(field, output[field.name]));
  if (missing !== undefined) throw new Error(`${file} must give ${missing.name} for ${shownJson(input)}`);
  try {
    return { input: fixedInput(manifest, input), output };
  } catch (error) {
    throw new Error(`${file}: ${messageOf(error)}`, { cause: error });
  }
}

/** @throws {Error} if the row's answer would change with time. */
function fixedInput(manifest: Manifest, input: Values): Values {
  const values = checkInput(manifest, withFilled(manifest, input));
  const moving = manifest.inputs.find(({ name, type }) => type === 'dateTime' && values[name] === NOW);
  if (moving === undefined) return values;
  throw new Error(`a golden row must give ${moving.name}, whose default is ${NOW}: ${shownJson(input)}`);
}

/** Golden rows may have larger tensors as `fill` than clients, so these become bytes here. */
function withFilled({ inputs }: Manifest, input: Values): Values {
  const filled = inputs.flatMap((field) => {
    const given: unknown = input[field.name];
    if (!isTensorInput(field) || !isObject(given) || !('fill' in given)) return [];
    const { shape = field.shape, fill } = given as { shape?: Shape; fill: number | boolean };
    const type = tensorTypeOf(field);
    if (type === 'string' || !shape.every(Number.isSafeInteger)) return [];
    const elements = filledWith(type, elementsOf(shape.map(Number)), fill) as Elements;
    return [[field.name, { shape, base64: bytesIn(elements).toBase64() }] as const];
  });
  return filled.length === 0 ? input : ({ ...input, ...Object.fromEntries(filled) } as Values);
}

function isValueOf(field: ManifestOutput, value: unknown): boolean {
  if (isMediaOutput(field) && field.kind === 'image') return value === undefined;
  if (!isPlainOutput(field)) return isGoldenTensor(value);
  if (field.type === 'string' || field.type === 'boolean') return typeof value === field.type;
  const size = sizeOf(field);
  return size === undefined
    ? Number.isFinite(value)
    : Array.isArray(value) && value.length === size && value.every(Number.isFinite);
}

/** Batches of golden rows. */
export interface GoldenBatches {
  /** One of each row. */
  readonly alone: readonly (readonly GoldenRow[])[];
  /** A full one of each shape that rows have. */
  readonly full: readonly (readonly GoldenRow[])[];
}

export function goldenBatches(manifest: Manifest, { rows }: Pick<GoldenRows, 'rows'>): GoldenBatches {
  const shapes = new RunShapes(manifest, manifest.batching.maxBatchSize);
  const sizes = new Map<string, number>();
  const byShape = Map.groupBy(rows, ({ input }) => {
    const { key, maxRows } = shapes.of((name) => input[name]);
    sizes.set(key, maxRows);
    return key;
  });
  const full = [...byShape].map(([key, alike]) =>
    Array.from({ length: sizes.get(key) ?? 1 }, (_, i) => alike[i % alike.length] as GoldenRow),
  );
  return { alone: rows.map((row) => [row]), full };
}

/** @param predictions of the batch's rows, in order. @throws {Error} naming the first row with another answer. */
export function compareWithGolden(
  batch: readonly GoldenRow[],
  predictions: readonly (Readonly<Record<string, Answer | Value>> | string)[],
  tolerance: Tolerance,
): void {
  for (const [i, { input, output }] of batch.entries()) {
    for (const [name, value] of Object.entries(output)) {
      const prediction = predictions[i];
      const answer = typeof prediction === 'object' ? prediction[name] : prediction;
      const allowed = toleranceOf(tolerance, name);
      const { deviation, where, wanted, got } = differenceOf(value, answer);
      if (deviation <= (Number.isNaN(allowed) ? 0 : allowed)) continue;
      const within = typeof value === 'string' || typeof value === 'boolean' ? '' : ` ± ${allowed}`;
      throw new Error(
        `for ${shownJson(input)} golden.json wants ${name}${where} ${wanted}${within}, the model gave ${got}`,
      );
    }
  }
}

/** @returns the largest difference of two numbers; infinite if the answer is another text or boolean, or cannot be compared. */
export function differenceOf(wanted: GoldenValue, got: Answer | Value | undefined): TensorDifference {
  if (typeof wanted === 'object' && 'shape' in wanted && isTensorAnswer(got))
    return tensorDifference(wanted, got);
  return { deviation: deviationOf(wanted, got), where: '', wanted: show(wanted), got: show(got) };
}

function deviationOf(wanted: GoldenValue, got: Answer | Value | undefined): number {
  if (typeof wanted === 'number' && typeof got === 'number') return Math.abs(got - wanted);
  if (isNumbers(wanted) && isNumbers(got) && wanted.length === got.length)
    return wanted.reduce((most, number, i) => Math.max(most, Math.abs((got[i] ?? 0) - number)), 0);
  return wanted === got ? 0 : Number.POSITIVE_INFINITY;
}

function isNumbers(value: unknown): value is readonly number[] {
  return Array.isArray(value);
}

function isTensorAnswer(
  answer: Answer | Value | undefined,
): answer is Extract<Answer, { readonly shape: readonly number[] }> {
  return typeof answer === 'object' && ('data' in answer || 'texts' in answer);
}

function show(value: unknown): string {
  if (Array.isArray(value)) return `[${value.join(', ')}]`;
  return typeof value === 'object' ? shownJson(value) : String(value);
}

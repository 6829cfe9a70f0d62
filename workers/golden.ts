/** Golden rows: inputs with the answers that a version must give. A version that misses one is not served. */
import { join } from 'node:path';
import { messageOf } from '../src/errors.ts';
import { type Manifest, type ModelVersion, readJson, validateInput } from '../src/models.ts';
import type { Values } from '../src/task.ts';

export interface GoldenRows {
  /** Largest absolute difference allowed, in each output's unit. */
  readonly tolerance: number;
  readonly rows: readonly GoldenRow[];
}

export interface GoldenRow {
  readonly input: Values;
  readonly output: Values;
}

/** @throws {Error} naming the file, if there is no row, or one leaves out an output or has an impossible input. */
export async function readGoldenRows(manifest: Manifest, { folder }: ModelVersion): Promise<GoldenRows> {
  const file = join(folder, 'golden.json');
  const { rows, tolerance } = (await readJson(file)) as Partial<GoldenRows>;
  if (!Array.isArray(rows) || rows.length === 0 || !(Number(tolerance) >= 0)) {
    throw new Error(`${file} must hold a tolerance and at least one row`);
  }
  return { tolerance: Number(tolerance), rows: rows.map((row) => checkRow(manifest, row, file)) };
}

function checkRow(manifest: Manifest, row: Partial<GoldenRow>, file: string): GoldenRow {
  const { input = {}, output = {} } = row;
  const unknown = Object.keys(input).find((name) => !manifest.inputs.some((field) => field.name === name));
  if (unknown !== undefined) throw new Error(`${file} names ${unknown}, which is no input`);
  const missing = manifest.outputs.find(({ name }) => !Number.isFinite(output[name]));
  if (missing !== undefined)
    throw new Error(`${file} must give ${missing.name} for ${JSON.stringify(input)}`);
  try {
    return { input: validateInput(manifest, input), output };
  } catch (error) {
    throw new Error(`${file}: ${messageOf(error)}`, { cause: error });
  }
}

/** Each row alone, and as many rows as a full batch holds. */
export function goldenBatches(
  { batching }: Manifest,
  { rows }: GoldenRows,
): readonly (readonly GoldenRow[])[] {
  const fullBatch = Array.from({ length: batching.maxBatchSize }, (_, i) => rows[i % rows.length]);
  return [...rows.map((row) => [row]), fullBatch.filter((row) => row !== undefined)];
}

/** @param predictions of the batch's rows, in order. @throws {Error} naming the first row that is missed. */
export function compareWithGolden(
  batch: readonly GoldenRow[],
  predictions: readonly (Values | string)[],
  tolerance: number,
): void {
  for (const [i, { input, output }] of batch.entries()) {
    for (const [name, wanted] of Object.entries(output)) {
      const prediction = predictions[i];
      const got = typeof prediction === 'object' ? prediction[name] : prediction;
      if (Math.abs(Number(got) - wanted) <= tolerance) continue;
      throw new Error(
        `for ${JSON.stringify(input)} golden.json wants ${name} ${wanted} ± ${tolerance}, the model gave ${got}`,
      );
    }
  }
}

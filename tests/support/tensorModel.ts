/** A model with tensors of any length: `y` is twice `x`, and `echo` is `scale`. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeModel } from '../../src/cli/train/onnx.ts';
import { writeVersion } from './models.ts';

export async function writeTensorModel(modelsDir: string, name: string): Promise<void> {
  const folder = join(modelsDir, name);
  const tensor = { type: 'float32', shape: ['n'], description: 'Numbers.' };
  const number = { type: 'float32', unit: 'parts', description: 'A number.' };
  const manifest = {
    name,
    description: 'Doubles tensors.',
    versions: 'all',
    graphql: { mutation: 'double', inputType: 'DoubleInput', predictionType: 'Doubled' },
    inputs: [
      { ...tensor, name: 'x', tensor: 'x' },
      { ...number, name: 'scale', tensor: 'scale', minimum: 0, maximum: 9, default: 1 },
    ],
    outputs: [
      { ...tensor, name: 'y', tensor: 'y' },
      { ...number, name: 'echo', tensor: 'echo' },
    ],
    axes: { n: { minimum: 1, maximum: 100_000_000 } },
    batching: { maxBatchSize: 4, maxWaitMs: 0 },
    limits: { timeoutMs: 60_000 },
    example: { x: { shape: [2], base64: base64Of([1, 2]) }, scale: 1 },
  };
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'model.json'), JSON.stringify(manifest));
  const port = { type: 'float32', description: '' } as const;
  const graph = encodeModel({
    name: 'doubles',
    description: '',
    inputs: [
      { name: 'x', shape: ['N', 'n'], ...port },
      { name: 'scale', shape: ['N'], ...port },
    ],
    constants: [],
    operators: [
      { type: 'Add', inputs: ['x', 'x'], output: 'y' },
      { type: 'Identity', inputs: ['scale'], output: 'echo' },
    ],
    outputs: [
      { name: 'y', shape: ['N', 'n'], ...port },
      { name: 'echo', shape: ['N'], ...port },
    ],
  });
  const row = {
    input: { x: { shape: [2], base64: base64Of([1, 2]) }, scale: 3 },
    output: { y: { shape: [2], values: [2, 4] }, echo: 3 },
  };
  await writeVersion(join(folder, '1'), graph, { tolerance: 0, rows: [row] });
}

function base64Of(numbers: readonly number[]): string {
  return new Uint8Array(Float32Array.from(numbers).buffer).toBase64();
}

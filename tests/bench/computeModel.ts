/** A model that only multiplies matrices, which takes most of the time of a task. */
import { createHash } from 'node:crypto';
import { mkdir, mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { encodeModel } from '../../src/cli/train/onnx.ts';
import { seededRandom } from '../support/random.ts';
import { type Questions, questions } from './questions.ts';

export const BATCH = 64;
/** The mutation for many rows. */
export const BATCH_MUTATION = 'predictComputes';
const WIDTH = 1_024;
/** A batch of 64 needs 64 × 1,024 × 1,024 multiplications for each: about 20 ms on one core of a server of 2024. */
const PRODUCTS = 11;
const DIFFERENT_ROWS = 256;

export interface ComputeModel extends AsyncDisposable {
  /** The folder for MODELS_DIR. */
  readonly path: string;
  readonly questions: Questions;
  /** Runs a batch of `BATCH` rows in this process, on one thread. It blocks the process. */
  run(): Promise<void>;
}

/** Writes the model with version 1. Row i is the number i + 1, and its answer is a multiple of that. */
export async function writeComputeModel(
  batching: object = { maxBatchSize: BATCH, maxWaitMs: 0 },
): Promise<ComputeModel> {
  await using made = new AsyncDisposableStack();
  const folder = await mkdtempDisposable(join(tmpdir(), 'tidings-bench-'));
  made.defer(() => folder.remove());
  const version = join(folder.path, 'compute/1');
  await mkdir(version, { recursive: true });
  const bytes = encodeModel(graph());
  await writeFile(join(version, 'model.onnx'), bytes);
  const session = await InferenceSession.create(join(version, 'model.onnx'), { intraOpNumThreads: 1 });
  made.defer(() => session.release());
  const predict = async (numbers: readonly number[]) => {
    const { y } = await session.run({
      x: new Tensor('float32', Float32Array.from(numbers), [numbers.length]),
    });
    return Array.from(y?.data as Float32Array);
  };
  const inputs = Array.from({ length: DIFFERENT_ROWS }, (_, i) => ({ x: i + 1 }));
  const expected: number[] = [];
  for (const { x } of inputs) expected.push(...(await predict([x])));
  // The order of additions depends on the batch, so an answer may differ by a fraction of the distance between rows.
  const tolerance = Math.abs(expected[0] ?? 0) / 4;

  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const record = { sha256, created: '2026-01-01T00:00:00Z', trainedOn: [], metrics: [] };
  const golden = { tolerance, rows: [{ input: inputs[0], output: { y: expected[0] } }] };
  await writeFile(join(folder.path, 'compute/model.json'), JSON.stringify({ ...MANIFEST, batching }));
  await writeFile(join(version, 'version.json'), JSON.stringify(record));
  await writeFile(join(version, 'golden.json'), JSON.stringify(golden));

  const batch = inputs.slice(0, BATCH).map(({ x }) => x);
  const removing = made.move();
  return {
    path: folder.path,
    questions: questions({ ...MANIFEST.graphql, output: 'y', inputs, expected, tolerance }),
    run: async () => void (await predict(batch)),
    [Symbol.asyncDispose]: () => removing.disposeAsync(),
  };
}

const MANIFEST = {
  name: 'compute',
  description: 'Multiplies matrices.',
  versions: 'all',
  graphql: {
    mutation: 'predictCompute',
    inputType: 'PredictComputeInput',
    predictionType: 'ComputePrediction',
  },
  inputs: [
    {
      name: 'x',
      tensor: 'x',
      type: 'float32',
      unit: 'none',
      minimum: 0,
      maximum: 1_000,
      description: 'Any number.',
    },
  ],
  outputs: [{ name: 'y', tensor: 'y', type: 'float32', unit: 'none', description: 'A multiple of x.' }],
  limits: { timeoutMs: 60_000 },
  example: { x: 1 },
};

/** y = x · first · matrix · … · matrix · last, from the left. */
function graph(): Parameters<typeof encodeModel>[0] {
  const random = seededRandom(1);
  // This scale keeps the length of a vector about the same.
  const scale = Math.sqrt(12 / WIDTH);
  const values = (count: number) =>
    Float32Array.from({ length: count }, () => (random.number(2 ** 20) / 2 ** 20 - 0.5) * scale);
  const products = Array.from({ length: PRODUCTS }, (_, i) => ({
    type: 'MatMul',
    inputs: [`product${i}`, 'matrix'],
    output: `product${i + 1}`,
  }));
  return {
    name: 'compute',
    description: MANIFEST.description,
    inputs: [{ name: 'x', type: 'float32', shape: ['N'], description: 'Any number.' }],
    constants: [
      { name: 'column', shape: [2], values: BigInt64Array.from([-1n, 1n]) },
      { name: 'first', shape: [1, WIDTH], values: values(WIDTH) },
      { name: 'matrix', shape: [WIDTH, WIDTH], values: values(WIDTH * WIDTH) },
      { name: 'last', shape: [WIDTH, 1], values: values(WIDTH) },
    ],
    operators: [
      { type: 'Reshape', inputs: ['x', 'column'], output: 'xs' },
      { type: 'MatMul', inputs: ['xs', 'first'], output: 'product0' },
      ...products,
      { type: 'MatMul', inputs: [`product${PRODUCTS}`, 'last'], output: 'y' },
    ],
    outputs: [{ name: 'y', type: 'float32', shape: ['N', 1], description: 'A multiple of x.' }],
  };
}

/** Models that take a tensor: small networks of the kinds that a GPU is for, with weights at random. */
import { createHash } from 'node:crypto';
import { mkdir, mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Constant, encodeModel, type Graph, type Operator } from '../../src/cli/train/onnx.ts';
import { elementsOf } from '../../src/contract/tensor.ts';
import { type Elements, newElements } from '../../src/models/elements.ts';
import { seededRandom } from '../support/random.ts';

export interface TensorNetwork {
  readonly name: string;
  /** Of the input `x`. */
  readonly type: 'float32' | 'uint8' | 'int64';
  /** The elements of `x` are whole numbers below this, or lie around 0 if they are float32. */
  readonly below: number;
  /** The shape of one row of `x`. */
  readonly rowShape: readonly number[];
  /** Numbers in the answer, `y`. */
  readonly width: number;
  readonly graph: Graph;
}

/** A model folder with a network. */
export interface TensorModel extends AsyncDisposable {
  /** The folder for MODELS_DIR. */
  readonly path: string;
  /** Of `model.onnx`. */
  readonly file: string;
}

const CLASSES = 10;
/** In ONNX. */
const FLOAT32 = 1;

/** Hardly any arithmetic: what it takes is the way of the tensor. 3 × 224 × 224. */
export function poolingNetwork(): TensorNetwork {
  const weights = constant('weights', [3, CLASSES], 1);
  return network(
    { name: 'pooling', type: 'float32', below: 1, rowShape: [3, 224, 224], width: CLASSES },
    [weights],
    classify('x'),
  );
}

/** Five convolutions over a picture of bytes, 3 × 96 × 96: 69 million multiplications a row. */
export function convolutionalNetwork(): TensorNetwork {
  const constants: Constant[] = [constant('weights', [256, CLASSES], 1)];
  const operators: Operator[] = [
    { type: 'Cast', inputs: ['x'], output: 'floats', attributes: { to: FLOAT32 } },
    { type: 'Mul', inputs: ['floats', 'scale'], output: 'r' },
  ];
  constants.push({ name: 'scale', shape: [], values: Float32Array.of(1 / 255) });
  for (const [i, { from, to, kernel, stride }] of CONVOLUTIONS.entries()) {
    const pad = Math.floor(kernel / 2);
    const attributes = {
      kernel_shape: [kernel, kernel],
      strides: [stride, stride],
      pads: [pad, pad, pad, pad],
    };
    constants.push(constant(`w${i}`, [to, from, kernel, kernel], Math.sqrt(2 / (from * kernel * kernel))));
    operators.push(
      { type: 'Conv', inputs: [operators.at(-1)?.output ?? 'x', `w${i}`], output: `c${i}`, attributes },
      { type: 'Relu', inputs: [`c${i}`], output: `r${i}` },
    );
  }
  operators.push(...classify(operators.at(-1)?.output ?? 'x'));
  return network(
    { name: 'convolution', type: 'uint8', below: 256, rowShape: [3, 96, 96], width: CLASSES },
    constants,
    operators,
  );
}

function classify(channels: string): readonly Operator[] {
  return [
    { type: 'GlobalAveragePool', inputs: [channels], output: 'pooled' },
    { type: 'Flatten', inputs: ['pooled'], output: 'flat' },
    { type: 'MatMul', inputs: ['flat', 'weights'], output: 'y' },
  ];
}

const CONVOLUTIONS = [
  { from: 3, to: 64, kernel: 7, stride: 4 },
  { from: 64, to: 128, kernel: 3, stride: 2 },
  { from: 128, to: 128, kernel: 3, stride: 1 },
  { from: 128, to: 256, kernel: 3, stride: 2 },
  { from: 256, to: 256, kernel: 3, stride: 1 },
];

const TOKENS = 128;
const VOCABULARY = 1_000;
const EMBEDDING = 256;

/** A block of a transformer, one head, over the ids of 128 tokens: 109 million multiplications a row. */
export function transformerBlock(): TensorNetwork {
  const scale = 1 / Math.sqrt(EMBEDDING);
  const matrices = ['query', 'key', 'value', 'out'].map((name) =>
    constant(`w_${name}`, [EMBEDDING, EMBEDDING], scale),
  );
  const constants = [
    constant('embeddings', [VOCABULARY, EMBEDDING], 1),
    ...matrices,
    constant('w_up', [EMBEDDING, 4 * EMBEDDING], scale),
    constant('w_down', [4 * EMBEDDING, EMBEDDING], scale / 2),
    { name: 'scale', shape: [], values: Float32Array.of(scale) },
    { name: 'ones', shape: [EMBEDDING], values: new Float32Array(EMBEDDING).fill(1) },
  ];
  const project = (name: string, from: string): Operator => ({
    type: 'MatMul',
    inputs: [from, `w_${name}`],
    output: name,
  });
  const norm = (from: string, output: string): Operator => ({
    type: 'LayerNormalization',
    inputs: [from, 'ones'],
    output,
    attributes: { axis: -1 },
  });
  const shape = { rowShape: [TOKENS], width: EMBEDDING };
  return network({ name: 'transformer', type: 'int64', below: VOCABULARY, ...shape }, constants, [
    { type: 'Gather', inputs: ['embeddings', 'x'], output: 'e' },
    norm('e', 'n1'),
    ...['query', 'key', 'value'].map((name) => project(name, 'n1')),
    { type: 'Transpose', inputs: ['key'], output: 'keyT', attributes: { perm: [0, 2, 1] } },
    { type: 'MatMul', inputs: ['query', 'keyT'], output: 'scores' },
    { type: 'Mul', inputs: ['scores', 'scale'], output: 'scaled' },
    { type: 'Softmax', inputs: ['scaled'], output: 'weights', attributes: { axis: -1 } },
    { type: 'MatMul', inputs: ['weights', 'value'], output: 'attended' },
    project('out', 'attended'),
    { type: 'Add', inputs: ['e', 'out'], output: 'a1' },
    norm('a1', 'n2'),
    { type: 'MatMul', inputs: ['n2', 'w_up'], output: 'up' },
    { type: 'Relu', inputs: ['up'], output: 'active' },
    { type: 'MatMul', inputs: ['active', 'w_down'], output: 'down' },
    { type: 'Add', inputs: ['a1', 'down'], output: 'a2' },
    { type: 'ReduceMean', inputs: ['a2'], output: 'y', attributes: { axes: [1], keepdims: 0 } },
  ]);
}

/** Row i of the input of a network, different for each i. */
export function inputRow({ type, below, rowShape }: TensorNetwork, i: number): Elements {
  const random = seededRandom(i + 1);
  const elements = newElements(type, elementsOf(rowShape));
  for (let at = 0; at < elements.length; at++) {
    if (type === 'float32') elements[at] = random.number(2 ** 20) / 2 ** 20 - 0.5;
    else elements[at] = type === 'int64' ? BigInt(random.number(below)) : random.number(below);
  }
  return elements;
}

/** Writes the network as version 1 of a model. @param answer its answer to a row of ones. */
export async function writeTensorModel(
  { name, type, rowShape, width, graph }: TensorNetwork,
  answer: readonly number[],
  { maxBatchSize, tolerance }: { readonly maxBatchSize: number; readonly tolerance: number },
): Promise<TensorModel> {
  const folder = await mkdtempDisposable(join(tmpdir(), 'tidings-bench-'));
  const version = join(folder.path, name, '1');
  await mkdir(version, { recursive: true });
  const bytes = encodeModel(graph);
  const file = join(version, 'model.onnx');
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const example = { x: { shape: rowShape, fill: 1 } };
  const record = { sha256, created: '2026-01-01T00:00:00Z', trainedOn: [], metrics: [] };
  const typeName = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  const manifest = {
    name,
    description: 'A network with weights at random.',
    versions: 'all',
    graphql: {
      mutation: `predict${typeName}`,
      inputType: `Predict${typeName}Input`,
      predictionType: `${typeName}Prediction`,
    },
    inputs: [{ name: 'x', tensor: 'x', type, shape: rowShape, description: 'The input.' }],
    outputs: [
      { name: 'y', tensor: 'y', type: 'float32', size: width, unit: 'none', description: 'The answer.' },
    ],
    batching: { maxBatchSize, maxWaitMs: 0 },
    isolation: 'own',
    limits: { timeoutMs: 300_000 },
    example,
  };
  await writeFile(file, bytes);
  await writeFile(join(folder.path, name, 'model.json'), JSON.stringify(manifest));
  await writeFile(join(version, 'version.json'), JSON.stringify(record));
  await writeFile(
    join(version, 'golden.json'),
    JSON.stringify({ tolerance, rows: [{ input: example, output: { y: answer } }] }),
  );
  return { path: folder.path, file, [Symbol.asyncDispose]: () => folder.remove() };
}

function network(
  shape: Omit<TensorNetwork, 'graph'>,
  constants: readonly Constant[],
  operators: readonly Operator[],
): TensorNetwork {
  const { name, type, rowShape, width } = shape;
  const graph = {
    name,
    description: '',
    inputs: [{ name: 'x', type, shape: ['N', ...rowShape], description: '' }],
    constants,
    operators,
    outputs: [{ name: 'y', type: 'float32' as const, shape: ['N', width], description: '' }],
  };
  return { ...shape, graph };
}

/** @param spread the numbers lie between this and its negative. */
function constant(name: string, shape: readonly number[], spread: number): Constant {
  const size = elementsOf(shape);
  const random = seededRandom(name.length + size);
  const values = Float32Array.from({ length: size }, () => (random.number(2 ** 20) / 2 ** 19 - 1) * spread);
  return { name, shape, values };
}

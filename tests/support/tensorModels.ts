/** Models of tensors: each shows one way in which rows lie in the tensors of a run. */
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeModel, type Graph, type Operator, type Port } from '../../src/cli/train/onnx.ts';
import { ELEMENT_BYTES } from '../../src/contract/tensor.ts';
import type { Manifest } from '../../src/models/manifest.ts';
import { identities } from './onnxFiles.ts';

type Fields = Pick<Manifest, 'inputs' | 'outputs'> & Partial<Pick<Manifest, 'axes' | 'masks'>>;

interface TensorModel extends Fields {
  readonly graph: Uint8Array;
  readonly batching?: object;
  readonly golden: readonly { readonly input: object; readonly output: object }[];
}

/** Writes all models below into a folder, by their names. */
export async function writeTensorModels(modelsDir: string): Promise<void> {
  const models = {
    echo: echo(),
    masked: masked(),
    varying: varying(),
    triple: triple(),
    state: state(),
    alone: alone(),
  };
  for (const [name, model] of Object.entries(models)) await write(modelsDir, name, model);
}

const description = 'A tensor.';
const port = { description: '' };

/** The fields of `echo` and the graph's types. */
export const ECHOED = {
  ...Object.fromEntries(Object.keys(ELEMENT_BYTES).map((type) => [type, type])),
  string: 'string',
} as Readonly<Record<string, Port['type']>>;

/** An input of each element type, of the shape [2, any], and an output that equals it. */
function echo(): TensorModel {
  const fields = Object.entries(ECHOED).map(([name, type]) => ({
    ...{ name, tensor: name, description, shape: [2, 'width'] },
    type: type === 'bool' ? ('boolean' as const) : type,
    allowNaN: true,
  }));
  const ports = fields.map(({ tensor, name }) => ({
    name: tensor,
    type: ECHOED[name] as Port['type'],
    shape: ['N', 2, 'width'],
  }));
  const input = Object.fromEntries(fields.map(({ name }) => [name, { shape: [2, 0], values: [] }]));
  return {
    graph: identities(ports),
    inputs: fields.map((field) => withoutNaN(field)),
    outputs: fields.map(({ name, type, shape }) => ({
      ...{ name: `${name}Out`, tensor: `${name}_out`, description, type, shape },
    })),
    axes: { width: { minimum: 0, maximum: 100 } },
    golden: [
      {
        input,
        output: Object.fromEntries(fields.map(({ name }) => [`${name}Out`, { shape: [2, 0], values: [] }])),
      },
    ],
  } as TensorModel;
}

/** Only numbers can be NaN. */
function withoutNaN<T extends { readonly type: string; readonly allowNaN: boolean }>({
  allowNaN,
  ...field
}: T) {
  return field.type.startsWith('float') ? { ...field, allowNaN } : field;
}

/** The mean of the real elements, and each element doubled. Rows are padded to 4 or 8 elements. */
function masked(): TensorModel {
  const tensor = { description, type: 'float32', shape: ['length'] } as const;
  return {
    graph: graph({
      inputs: [
        { ...port, name: 'x', type: 'float32', shape: ['N', 'length'] },
        { ...port, name: 'real', type: 'float32', shape: ['N', 'length'] },
      ],
      constants: [{ name: 'axes', shape: [1], values: BigInt64Array.of(1n) }],
      operators: [
        { type: 'Mul', inputs: ['x', 'real'], output: 'reals' },
        sum('reals', 'total'),
        sum('real', 'count'),
        { type: 'Div', inputs: ['total', 'count'], output: 'mean' },
        { type: 'Add', inputs: ['x', 'x'], output: 'doubled' },
      ],
      outputs: [
        { ...port, name: 'mean', type: 'float32', shape: ['N'] },
        { ...port, name: 'doubled', type: 'float32', shape: ['N', 'length'] },
      ],
    }),
    inputs: [{ ...tensor, name: 'x', tensor: 'x', pad: 1000 }],
    outputs: [
      { name: 'mean', tensor: 'mean', type: 'float32', unit: 'parts', description },
      { ...tensor, name: 'doubled', tensor: 'doubled' },
    ],
    axes: { length: { minimum: 1, maximum: 8, buckets: [4, 8] } },
    masks: [{ tensor: 'real', type: 'float32', shape: ['length'] }],
    golden: [
      {
        input: { x: { shape: [3], values: [1, 2, 6] } },
        output: { mean: 3, doubled: { shape: [3], values: [2, 4, 12] } },
      },
      {
        input: { x: { shape: [5], fill: 2 } },
        output: { mean: 2, doubled: { shape: [5], values: [4, 4, 4, 4, 4] } },
      },
    ],
  };
}

/** Each element doubled. Rows are not padded. */
function varying(): TensorModel {
  const tensor = { description, type: 'int32', shape: ['length'] } as const;
  return {
    graph: doubling({ type: 'int32', shape: ['N', 'length'] }),
    inputs: [{ ...tensor, name: 'x', tensor: 'x' }],
    outputs: [{ ...tensor, name: 'y', tensor: 'y' }],
    axes: { length: { minimum: 0, maximum: 8 } },
    golden: [{ input: { x: { shape: [2], values: [1, 2] } }, output: { y: { shape: [2], values: [2, 4] } } }],
  };
}

/** The graph takes three rows, no more and no fewer. */
function triple(): TensorModel {
  const tensor = { description, type: 'float32', shape: [2] } as const;
  return {
    graph: doubling({ type: 'float32', shape: [3, 2] }),
    inputs: [{ ...tensor, name: 'x', tensor: 'x' }],
    outputs: [{ ...tensor, name: 'y', tensor: 'y' }],
    batching: { maxBatchSize: 3, fixedBatchSize: 3, maxWaitMs: 0 },
    golden: [{ input: { x: [1, 2] }, output: { y: { shape: [2], values: [2, 4] } } }],
  };
}

/** A step of a recurrent network: rows of its state lie on the second axis. */
function state(): TensorModel {
  const [x, states] = [
    { description, type: 'float32', shape: [1] } as const,
    { description, type: 'float32', shape: [2, 1], batchAxis: 1 } as const,
  ];
  return {
    graph: graph({
      inputs: [
        { ...port, name: 'x', type: 'float32', shape: ['N', 1] },
        { ...port, name: 'state', type: 'float32', shape: [2, 'N', 1] },
      ],
      constants: [{ name: 'offsets', shape: [2, 1, 1], values: Float32Array.of(0, 100) }],
      operators: [
        { type: 'Add', inputs: ['state', 'x'], output: 'moved' },
        { type: 'Add', inputs: ['moved', 'offsets'], output: 'stateN' },
      ],
      outputs: [{ ...port, name: 'stateN', type: 'float32', shape: [2, 'N', 1] }],
    }),
    inputs: [
      { ...x, name: 'x', tensor: 'x' },
      { ...states, name: 'state', tensor: 'state', default: { shape: [2, 1], fill: 0 } },
    ],
    outputs: [{ ...states, name: 'state', tensor: 'stateN' }],
    golden: [{ input: { x: [1], state: [5, 6] }, output: { state: { shape: [2, 1], values: [6, 107] } } }],
  };
}

/** The graph has no batch axis. */
function alone(): TensorModel {
  const tensor = { description, type: 'float32', shape: [2, 'width'], batchAxis: null } as const;
  return {
    graph: doubling({ type: 'float32', shape: [2, 'width'] }),
    inputs: [{ ...tensor, name: 'x', tensor: 'x' }],
    outputs: [{ ...tensor, name: 'y', tensor: 'y' }],
    axes: { width: { minimum: 1, maximum: 8 } },
    batching: { maxBatchSize: 1, maxWaitMs: 0 },
    golden: [
      { input: { x: { shape: [2, 1], values: [1, 2] } }, output: { y: { shape: [2, 1], values: [2, 4] } } },
    ],
  };
}

function doubling(tensor: Pick<Port, 'type' | 'shape'>): Uint8Array {
  return graph({
    inputs: [{ ...port, ...tensor, name: 'x' }],
    operators: [{ type: 'Add', inputs: ['x', 'x'], output: 'y' }],
    outputs: [{ ...port, ...tensor, name: 'y' }],
  });
}

function sum(input: string, output: string): Operator {
  return { type: 'ReduceSum', inputs: [input, 'axes'], output, attributes: { keepdims: 0 } };
}

function graph(parts: Pick<Graph, 'inputs' | 'operators' | 'outputs'> & Partial<Graph>): Uint8Array {
  return encodeModel({ name: 'tensors', description: '', constants: [], ...parts });
}

async function write(modelsDir: string, name: string, model: TensorModel): Promise<void> {
  const { graph: bytes, golden, batching = { maxBatchSize: 8, maxWaitMs: 0 }, ...fields } = model;
  const capital = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  const manifest = {
    ...{ name, description: 'A model of tensors.', versions: 'all', ...fields, batching },
    graphql: {
      ...{ mutation: `run${capital}`, inputType: `${capital}Input`, predictionType: `${capital}Prediction` },
    },
    limits: { timeoutMs: 60_000, runTimeoutMs: 10_000, maxAttempts: 3 },
    example: golden[0]?.input,
  };
  const folder = join(modelsDir, name, '1');
  await mkdir(folder, { recursive: true });
  await writeFile(join(modelsDir, name, 'model.json'), JSON.stringify(manifest));
  await writeFile(join(folder, 'model.onnx'), bytes);
  await writeFile(join(folder, 'golden.json'), JSON.stringify({ tolerance: 1e-6, rows: golden }));
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const record = { sha256, created: '2026-01-01T00:00:00Z', trainedOn: [], metrics: [] };
  await writeFile(join(folder, 'version.json'), JSON.stringify(record));
}

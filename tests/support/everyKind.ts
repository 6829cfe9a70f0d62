/** A model with every kind of input and output. Its outputs equal its inputs. */
import { createHash } from 'node:crypto';
import { mkdir, mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Constant,
  encodeModel,
  type Graph,
  type Operator,
  type Port,
} from '../../src/cli/train/onnx.ts';
import type { Values } from '../../src/contract/values.ts';
import { COLOURS, EVERY_KIND, RANKS } from './everyKindManifest.ts';
import { startNats } from './natsServer.ts';
import { type Gateway, startGateway, startWorker } from './processes.ts';

export { EVERY_KIND };

/** The model's prediction for an input with all values. */
export function echoOf(input: Values): Values {
  return {
    countOut: value(input, 'count'),
    stepsOut: value(input, 'steps'),
    shareOut: value(input, 'share'),
    weightsOut: value(input, 'weights'),
    placesOut: value(input, 'places'),
    titleOut: value(input, 'title'),
    noteOut: value(input, 'note'),
    colourOut: COLOURS.values.find(({ name }) => name === input.colour)?.value ?? '',
    rankOut: RANKS.values.find(({ name }) => name === input.rank)?.value ?? 0,
    isNewOut: value(input, 'isNew'),
    pickupSecond: Date.parse(`${input.pickupAt}Z`) / 1_000,
  };
}

const GOLDEN_INPUTS: readonly Values[] = [
  {
    count: -5,
    steps: 2,
    share: 1 / 3,
    weights: [0, 0.5, 1000],
    places: [-1, 1],
    title: 'naïve 🚕',
    note: 'x',
    colour: 'BLUE',
    rank: 'HIGH',
    isNew: true,
    pickupAt: '2021-03-14T02:30:00',
  },
  {
    count: 0,
    steps: 7,
    share: 0,
    weights: [1, 2, 3],
    places: [8, 9],
    title: '',
    note: '',
    colour: 'DARK_RED',
    rank: 'LOW',
    isNew: false,
    pickupAt: '1969-12-31T23:59:59',
  },
];

/** The model, served by a new gateway and worker. */
export async function startEveryKind(): Promise<AsyncDisposable & { readonly gateway: Gateway }> {
  const [models, nats] = await Promise.all([everyKindModels(), startNats()]);
  const env = { MODELS_DIR: models.path };
  const [gateway, worker] = await Promise.all([startGateway(nats, env), startWorker(nats, env)]);
  return {
    gateway,
    async [Symbol.asyncDispose]() {
      for (const started of [gateway, worker, nats, models]) await started[Symbol.asyncDispose]();
    },
  };
}

/** A folder for MODELS_DIR with only that model: version 1 takes columns as [N], version 2 as [N, 1]. */
export async function everyKindModels(): Promise<AsyncDisposable & { readonly path: string }> {
  const folder = await mkdtempDisposable(join(tmpdir(), 'tidings-models-'));
  const model = join(folder.path, EVERY_KIND.name);
  await mkdir(model);
  await writeFile(join(model, 'model.json'), JSON.stringify(EVERY_KIND));
  const rows = GOLDEN_INPUTS.map((input) => ({ input, output: echoOf(input) }));
  await writeVersion(join(model, '1'), echoGraph(['N']), rows);
  await writeVersion(join(model, '2'), echoGraph(['N', 1]), rows);
  // Version 3 is as if trained before the input for the pickup time existed: it gives a constant for it.
  const ageless = rows.map(({ input, output }) => ({ input, output: { ...output, pickupSecond: 0 } }));
  await writeVersion(join(model, '3'), withoutPickup(echoGraph(['N'])), ageless);
  return { path: folder.path, [Symbol.asyncDispose]: () => folder.remove() };
}

async function writeVersion(folder: string, graph: Graph, rows: readonly object[]): Promise<void> {
  const bytes = encodeModel(graph);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  await mkdir(folder);
  await writeFile(join(folder, 'model.onnx'), bytes);
  await writeFile(join(folder, 'golden.json'), JSON.stringify({ tolerance: 1e-9, rows }));
  await writeFile(
    join(folder, 'version.json'),
    JSON.stringify({ sha256, created: '2026-11-22T00:00:00Z', trainedOn: [], metrics: [] }),
  );
}

/** A graph with one Identity for each input. @param column the shape of all inputs that are not vectors. */
function echoGraph(column: Port['shape']): Graph {
  const inputs = EVERY_KIND.inputs.map((input) => ({ name: input.tensor, ...portOf(input, column) }));
  return {
    name: 'every-kind',
    description: 'Gives back what it is given.',
    inputs,
    constants: [],
    operators: inputs.map(({ name }) => ({ type: 'Identity', inputs: [name], output: outputOf(name) })),
    outputs: inputs.map((port) => ({ ...port, name: outputOf(port.name) })),
  };
}

/** The graph without the pickup time. It gives zero for it, in as many rows as `in_rank` has. */
function withoutPickup(graph: Graph): Graph {
  const zero: Constant = { name: 'zero', shape: [], values: BigInt64Array.of(0n) };
  const operators: Operator[] = [
    ...graph.operators.filter(({ output }) => output !== 'out_pickup'),
    { type: 'Mul', inputs: ['in_rank', zero.name], output: 'out_pickup' },
  ];
  return {
    ...graph,
    inputs: graph.inputs.filter(({ name }) => name !== 'in_pickup'),
    constants: [zero],
    operators,
  };
}

const outputOf = (tensor: string) => tensor.replace(/^in/, 'out');

function portOf(
  input: (typeof EVERY_KIND.inputs)[number],
  column: Port['shape'],
): Pick<Port, 'type' | 'shape' | 'description'> {
  const shape = 'size' in input ? ['N', Number(input.size)] : column;
  return { type: tensorType(input), shape, description: input.description };
}

/** The tensor's type, without the worker's own code for it, so that the graph is an independent check. */
function tensorType({ name, type }: { readonly name: string; readonly type: string }): Port['type'] {
  if (name === 'colour') return 'string';
  if (name === 'rank' || name === 'pickupAt') return 'int64';
  return type === 'boolean' ? 'bool' : (type as Port['type']);
}

function value(input: Values, name: string) {
  const given = input[name];
  if (given === undefined) throw new Error(`the input has no ${name}`);
  return given;
}

/** Temporary models folders, and a silent log. */
import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeModel, type Graph } from '../../src/cli/train/onnx.ts';
import { createLog } from '../../src/process/log.ts';

export const MODELS = join(import.meta.dirname, '../../models');

/**
 * One version of one model, by links to the committed trip-duration/1. It is for tests that need no special model, but
 * an answer that is the same at all times, and processes that start quickly.
 */
export const TEST_MODELS = join(import.meta.dirname, 'testModels');

export const SILENT = createLog({ logLevel: 'silent', logFormat: 'json' }, 'test');

export interface ModelsFolder extends AsyncDisposable {
  /** A folder for MODELS_DIR. */
  readonly path: string;
  /** The folder of trip-duration in it. */
  readonly model: string;
}

/**
 * A models folder with only version 1 of the committed trip-duration, and a changed manifest. It cannot be trained, unless
 * the change says how: its recipe is not there.
 */
export async function modelsWith(
  change: (manifest: Record<string, unknown>) => void = () => {},
): Promise<ModelsFolder> {
  const folder = await mkdtempDisposable(join(tmpdir(), 'tidings-models-'));
  const model = join(folder.path, 'trip-duration');
  await cp(join(MODELS, 'trip-duration/1'), join(model, '1'), { recursive: true });
  const manifest = JSON.parse(await readFile(join(MODELS, 'trip-duration/model.json'), 'utf8'));
  delete manifest.training;
  change(manifest);
  await writeFile(join(model, 'model.json'), JSON.stringify(manifest, null, 2));
  return { path: folder.path, model, [Symbol.asyncDispose]: () => folder.remove() };
}

/** A graph of trip-duration that answers every trip with the same minutes. */
export function constantGraph(minutes: number): Uint8Array {
  return encodeModel({
    name: 'constant',
    description: `Answers ${minutes} minutes.`,
    inputs: [
      { name: 'PULocationID', type: 'int64', shape: ['N'], description: 'Not looked at.' },
      { name: 'DOLocationID', type: 'int64', shape: ['N'], description: 'Not looked at.' },
      { name: 'trip_distance', type: 'float32', shape: ['N'], description: 'Gives the number of rows.' },
    ],
    constants: [
      { name: 'zero', shape: [1], values: new Float32Array([0]) },
      { name: 'minutes', shape: [1], values: new Float32Array([minutes]) },
    ],
    operators: [
      { type: 'Mul', inputs: ['trip_distance', 'zero'], output: 'nothing' },
      { type: 'Add', inputs: ['nothing', 'minutes'], output: 'duration' },
    ],
    outputs: [{ name: 'duration', type: 'float32', shape: ['N'], description: 'Minutes.' }],
  });
}

/** Adds a version of trip-duration that answers every trip with the same minutes. */
export async function addConstantVersion(
  { model }: ModelsFolder,
  version: string,
  minutes: number,
): Promise<void> {
  const trip = {
    pickupLocationId: 1,
    dropoffLocationId: 2,
    tripDistanceMiles: 3,
    pickupAt: '2026-01-01T12:00:00',
  };
  await writeVersion(join(model, version), constantGraph(minutes), {
    tolerance: 0,
    rows: [{ input: trip, output: { durationMinutes: minutes } }],
  });
}

/** Writes a small model with one input and one output, which is the input plus a number. */
export async function writeAddingModel(modelsDir: string, name: string, added: number): Promise<void> {
  await writeNumberModel(modelsDir, name);
  await writeNumberVersion(join(modelsDir, name, '1'), addingGraph(added), [{ x: 1, y: 1 + added }]);
}

/** The graph of `writeAddingModel`. */
export function addingGraph(added: number): Uint8Array {
  return numberGraph({
    constants: [{ name: 'added', shape: [], values: Float32Array.of(added) }],
    operators: [{ type: 'Add', inputs: ['x', 'added'], output: 'y' }],
  });
}

/** The graph of a model whose output equals its input. A run uses as many MiB as its largest row says. */
export function hungryGraph(): Uint8Array {
  const FLOATS_IN_A_MIB = 2n ** 18n;
  return numberGraph({
    constants: [
      { name: 'zero', shape: [1], values: Float32Array.of(0) },
      { name: 'unit', shape: [1], values: BigInt64Array.of(FLOATS_IN_A_MIB) },
    ],
    operators: [
      { type: 'ReduceMax', inputs: ['x'], output: 'largest', attributes: { axes: [0], keepdims: 1 } },
      { type: 'Cast', inputs: ['largest'], output: 'mebibytes', attributes: { to: 7 } },
      { type: 'Mul', inputs: ['mebibytes', 'unit'], output: 'size' },
      { type: 'Expand', inputs: ['zero', 'size'], output: 'memory' },
      { type: 'ReduceSum', inputs: ['memory'], output: 'sum', attributes: { keepdims: 0 } },
      { type: 'Add', inputs: ['x', 'sum'], output: 'y' },
    ],
  });
}

function numberGraph(parts: Pick<Graph, 'constants' | 'operators'>): Uint8Array {
  const port = { type: 'float32', shape: ['N'], description: '' } as const;
  return encodeModel({
    name: 'numbers',
    description: '',
    inputs: [{ name: 'x', ...port }],
    outputs: [{ name: 'y', ...port }],
    ...parts,
  });
}

/** Writes the manifest of a model with one number as input and one as output. */
export async function writeNumberModel(
  modelsDir: string,
  name: string,
  {
    maxBatchSize = 8,
    isolation = 'shared',
    limits = {},
  }: { maxBatchSize?: number; isolation?: 'shared' | 'own'; limits?: object } = {},
): Promise<void> {
  const field = { type: 'float32', unit: 'parts', description: 'A number.' } as const;
  const capital = `${name[0]?.toUpperCase()}${name.slice(1)}`;
  const manifest = {
    name,
    description: 'Makes a number of a number.',
    versions: 'all',
    graphql: {
      mutation: `predict${capital}`,
      inputType: `Predict${capital}Input`,
      predictionType: `${capital}Prediction`,
    },
    inputs: [{ ...field, name: 'x', tensor: 'x', minimum: -1000, maximum: 10_000 }],
    outputs: [{ ...field, name: 'y', tensor: 'y' }],
    batching: { maxBatchSize, maxWaitMs: 0 },
    isolation,
    limits: { timeoutMs: 60_000, ...limits },
    example: { x: 1 },
  };
  await mkdir(join(modelsDir, name), { recursive: true });
  await writeFile(join(modelsDir, name, 'model.json'), JSON.stringify(manifest));
}

export async function writeNumberVersion(
  folder: string,
  graph: Uint8Array,
  golden: readonly { readonly x: number; readonly y: number }[],
): Promise<void> {
  const rows = golden.map(({ x, y }) => ({ input: { x }, output: { y } }));
  await writeVersion(folder, graph, { tolerance: 1e-6, rows });
}

export async function writeVersion(folder: string, model: Uint8Array, golden: object): Promise<void> {
  const record = {
    sha256: createHash('sha256').update(model).digest('hex'),
    created: '2026-01-01T00:00:00Z',
    trainedOn: ['nothing'],
    metrics: [],
  };
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'model.onnx'), model);
  await writeFile(join(folder, 'version.json'), JSON.stringify(record));
  await writeFile(join(folder, 'golden.json'), JSON.stringify(golden));
}

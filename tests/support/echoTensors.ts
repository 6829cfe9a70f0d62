/** A model with tensors of many types, served by processes. Its outputs equal its inputs. */
import { createHash } from 'node:crypto';
import { mkdir, mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeModel, type Port } from '../../src/cli/train/onnx.ts';
import { startNats } from './natsServer.ts';
import { type Gateway, startGateway, startWorker } from './processes.ts';
import { TENSORS } from './tensorManifest.ts';

/** The model, served by a new gateway and worker. @param env of the gateway. */
export async function startTensors(
  env: Readonly<Record<string, string>> = {},
): Promise<AsyncDisposable & { readonly gateway: Gateway }> {
  const [models, nats] = await Promise.all([tensorModels(), startNats()]);
  const common = { MODELS_DIR: models.path };
  const [gateway, worker] = await Promise.all([
    startGateway(nats, { ...common, ...env }),
    startWorker(nats, common),
  ]);
  return {
    gateway,
    async [Symbol.asyncDispose]() {
      for (const started of [gateway, worker, nats, models]) await started[Symbol.asyncDispose]();
    },
  };
}

/** A folder for MODELS_DIR with only that model. */
export async function tensorModels(): Promise<AsyncDisposable & { readonly path: string }> {
  const folder = await mkdtempDisposable(join(tmpdir(), 'tidings-models-'));
  const version = join(folder.path, TENSORS.name, '1');
  await mkdir(version, { recursive: true });
  await writeFile(join(folder.path, TENSORS.name, 'model.json'), JSON.stringify(TENSORS));
  const bytes = echoFile();
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  await writeFile(join(version, 'model.onnx'), bytes);
  await writeFile(join(version, 'golden.json'), JSON.stringify({ tolerance: 0, rows: [GOLDEN] }));
  await writeFile(
    join(version, 'version.json'),
    JSON.stringify({ sha256, created: '2026-11-28T00:00:00Z', trainedOn: [], metrics: [] }),
  );
  return { path: folder.path, [Symbol.asyncDispose]: () => folder.remove() };
}

const GOLDEN = {
  input: {
    image: { shape: [2, 1, 2], values: [0, 1, 128, 255] },
    isRow: { shape: [1], values: [true] },
    scores: [0.5, -1, 2],
    ids: ['9223372036854775807', -1],
    words: ['a', 'ß'],
    half: { fill: 1.5 },
    readings: [0.1, 2],
    seed: 5,
    population: 8e9,
  },
  output: {
    imageOut: { shape: [2, 1, 2], values: [0, 1, 128, 255] },
    isRowOut: { shape: [1], values: [1] },
    scoresOut: { shape: [3], values: [0.5, -1, 2] },
    idsOut: { shape: [2], values: ['9223372036854775807', -1] },
    wordsOut: { shape: [2], values: ['a', 'ß'] },
    halfOut: { shape: [], values: [1.5] },
    readingsOut: { shape: [2], values: [0.1, 2] },
    seedOut: 5,
    populationOut: 8e9,
    chances: [0.5, -1, 2],
  },
};

/** A graph with one Identity for each output. */
function echoFile(): Uint8Array {
  const inputs = TENSORS.inputs.map(({ tensor, type, description, ...input }): Port => {
    const shape = 'shape' in input ? (input.shape as readonly (number | string)[]) : [];
    return {
      name: tensor,
      type: type === 'boolean' ? 'bool' : (type as Port['type']),
      shape: ['N', ...shape],
      description,
    };
  });
  const ports = TENSORS.outputs.map(({ tensor, description }) => {
    const name = tensor === 'out_chances' ? 'in_scores' : tensor.replace('out', 'in');
    const { type, shape } = inputs.find((input) => input.name === name) ?? { type: 'float32', shape: [] };
    return { input: name, output: { name: tensor, type, shape, description } };
  });
  return encodeModel({
    name: 'tensors',
    description: TENSORS.description,
    inputs,
    constants: [],
    operators: ports.map(({ input, output }) => ({ type: 'Identity', inputs: [input], output: output.name })),
    outputs: ports.map(({ output }) => output),
  });
}

/** Models folders of a test's own, and a log that is heard by nobody. */
import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeModel } from '../../models/onnx.ts';
import { createLog } from '../../src/log.ts';

export const MODELS = join(import.meta.dirname, '../../models');

export const SILENT = createLog({ logLevel: 'silent', logFormat: 'json' }, 'test');

export interface ModelsFolder extends AsyncDisposable {
  /** A folder for MODELS_DIR. */
  readonly path: string;
  /** The folder of trip-duration in it. */
  readonly model: string;
}

/** A models folder with the committed trip-duration in it, version 1 alone, its manifest changed. */
export async function modelsWith(
  change: (manifest: Record<string, unknown>) => void = () => {},
): Promise<ModelsFolder> {
  const folder = await mkdtempDisposable(join(tmpdir(), 'tidings-models-'));
  const model = join(folder.path, 'trip-duration');
  await cp(join(MODELS, 'trip-duration/1'), join(model, '1'), { recursive: true });
  const manifest = JSON.parse(await readFile(join(MODELS, 'trip-duration/model.json'), 'utf8'));
  change(manifest);
  await writeFile(join(model, 'model.json'), JSON.stringify(manifest));
  return { path: folder.path, model, [Symbol.asyncDispose]: () => folder.remove() };
}

/** Adds a version of trip-duration that answers every trip with the same minutes. */
export async function addConstantVersion(
  { model }: ModelsFolder,
  version: string,
  minutes: number,
): Promise<void> {
  const graph = encodeModel({
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
  const trip = { pickupLocationId: 1, dropoffLocationId: 2, tripDistanceMiles: 3 };
  const files = {
    'model.onnx': graph,
    'version.json': JSON.stringify({
      sha256: createHash('sha256').update(graph).digest('hex'),
      created: '2026-01-01T00:00:00Z',
      trainedOn: ['nothing'],
      metrics: [],
    }),
    'golden.json': JSON.stringify({
      tolerance: 0,
      rows: [{ input: trip, output: { durationMinutes: minutes } }],
    }),
  };
  await mkdir(join(model, version));
  for (const [name, content] of Object.entries(files)) await writeFile(join(model, version, name), content);
}

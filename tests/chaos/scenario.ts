/** The parts of every scenario. */
import { cp, mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TEST_MODELS } from '../support/models.ts';
import { tripNumber } from '../support/predictDirectly.ts';
import type { ClientHabits } from './clients.ts';
import type { Oracle, Trial } from './oracle.ts';
import type { Random } from './random.ts';

export interface Stage {
  readonly oracle: Oracle;
  /** The random choices for the schedule of faults. */
  readonly random: Random;
  readonly seed: string;
  readonly tasks: number;
  readonly seconds: number;
}

export interface Scenario {
  readonly name: string;
  /** The events of the scenario, in one line. */
  readonly about: string;
  readonly run: (stage: Stage) => Promise<void>;
}

/** A trip that must succeed. */
export function goodTrip(i: number): Trial & ClientHabits {
  return { input: tripNumber(i), expectation: 'succeeds' };
}

/** The environment of a process that first loads these test files, as do the processes that it starts. */
export function withImports(files: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const imports = files.map((file) => `--import=${join(import.meta.dirname, file)}`);
  return { ...env, NODE_OPTIONS: imports.join(' ') };
}

/** The environment of a worker whose runs take this much longer. */
export function slowWorker(runMs: number) {
  return withImports(['../support/slowRuns.js'], { RUN_MS: String(runMs) });
}

/** A worker that is so slow that it usually has jobs when it is killed. */
export const SLOW_WORKER = slowWorker(30);

/** TEST_MODELS in smaller batches. */
export async function modelsWithBatchesOf(maxBatchSize: number) {
  const folder = await mkdtempDisposable(join(tmpdir(), 'tidings-models-'));
  await cp(TEST_MODELS, folder.path, { recursive: true, dereference: true });
  const file = join(folder.path, 'trip-duration/model.json');
  const manifest = JSON.parse(await readFile(file, 'utf8'));
  await writeFile(file, JSON.stringify({ ...manifest, batching: { ...manifest.batching, maxBatchSize } }));
  return { path: folder.path, [Symbol.asyncDispose]: () => folder.remove() };
}

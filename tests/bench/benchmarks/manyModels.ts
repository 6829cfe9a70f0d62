/** `npm start` with many small models: its start time, its processes and their memory. */
import { cp, mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Benchmark, figure, type Revision } from '../benchmark.ts';
import { npmStart } from '../npmStart.ts';
import { proportionalMiB, treeOf } from '../operatingSystem.ts';

const MODELS = 45;

export const manyModels: Benchmark = {
  name: 'many-models',
  about: `npm start with ${MODELS} copies of churn, memory (PSS, Linux only) of all its processes once it serves`,
  async prepare(revision) {
    const models = await copiesOfChurn(revision);
    const env = { MODELS_DIR: models.path };
    await (await npmStart(revision, env))[Symbol.asyncDispose]();
    return {
      async measure() {
        await using running = await npmStart(revision, env);
        const pids = await treeOf(running.pid);
        return [
          figure('npm start to ready, s', 2, running.tookMs / 1_000, { atMost: 5 }),
          figure('all processes, MiB', 0, await proportionalMiB(pids), { atMost: 600 }),
          figure('processes', 0, pids.length),
        ];
      },
      [Symbol.asyncDispose]: () => models.remove(),
    };
  },
};

/** A folder for MODELS_DIR. Names that must differ between models begin with the number of the copy. */
async function copiesOfChurn({ root }: Revision) {
  const folder = await mkdtempDisposable(join(tmpdir(), 'tidings-bench-'));
  const churn = join(root, 'models/churn');
  const manifest = await readFile(join(churn, 'model.json'), 'utf8');
  for (let i = 1; i <= MODELS; i++) {
    const copy = join(folder.path, `churn${i}`);
    await cp(churn, copy, { recursive: true });
    const renamed = manifest
      .replace('"name": "churn"', `"name": "churn${i}"`)
      .replaceAll(
        /"(?:predictChurn|PredictChurnInput|ChurnPrediction)"/g,
        (name) => `${name.slice(0, -1)}${i}"`,
      )
      .replaceAll(/"enumType": "\w+/g, (name) => `${name}${i}`);
    await writeFile(join(copy, 'model.json'), renamed);
  }
  return folder;
}

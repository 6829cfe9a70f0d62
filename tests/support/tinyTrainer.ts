/**
 * A trainer whose steps take no time: `prepare` and `evaluate` do nothing, and `train` runs the script of
 * tinyTraining.ts. All that happens between the steps is that of real trainers.
 *
 * `STRIKE=storeStepResult:after:2:SIGKILL` strikes the process itself before or after the second write of that name.
 */
import { ArtifactStore } from '../../src/broker/artifactStore.ts';
import { VersionStore } from '../../src/broker/versionStore.ts';
import { WorkStore } from '../../src/broker/workStore.ts';
import { runProcess } from '../../src/process/runProcess.ts';
import { concluding } from '../../workers/training/conclude.ts';
import { runTrainer } from '../../workers/training/runTrainer.ts';
import { trainStep } from '../../workers/training/train.ts';

/** A recipe without validation or training data; the script reads none. */
const PREPARED = [{ name: 'hold.csv', use: 'HOLDOUT', place: 'STORE', sha256: '0'.repeat(64), bytes: 1 }];
const WRITERS = [WorkStore.prototype, VersionStore.prototype, ArtifactStore.prototype] as const;

/** Lets a method of the broker's stores strike this process. */
function strikeAt(wish: string): void {
  const [method = '', when = '', count = '1', signal = 'SIGKILL'] = wish.split(':');
  const writer = WRITERS.find((prototype) => method in prototype) as Record<string, Write> | undefined;
  const write = writer?.[method];
  if (writer === undefined || write === undefined) throw new Error(`STRIKE must name a write, got ${method}`);
  let left = Number(count);
  const strike = () => {
    if (--left !== 0) return;
    console.log(`struck by ${signal} at ${method}`);
    process.kill(process.pid, signal);
    // A signal to the own process takes effect at once, but perhaps not within this turn.
    for (const end = Date.now() + 50; Date.now() < end; );
  };
  writer[method] = async function (...args) {
    if (when === 'before') strike();
    const answer = await write.apply(this, args);
    if (when === 'after') strike();
    return answer;
  };
}

type Write = (this: unknown, ...args: unknown[]) => Promise<unknown>;

if (process.env.STRIKE) strikeAt(process.env.STRIKE);
await runProcess('trainer', (context) =>
  runTrainer(context, ({ broker, artifacts, config: { modelsDir } }) => ({
    steps: {
      check: async () => ({ output: {} }),
      prepare: async () => ({ output: { files: PREPARED, notes: [] } }),
      train: trainStep({
        modelsDir,
        datasetsDir: undefined,
        recipeEnv: [],
        maxMib: 0,
        sessionMaxMib: 0,
        findVersion: async () => undefined,
      }),
      evaluate: async () => ({ output: { gates: [], metrics: [], profile: [], passed: true } }),
    },
    conclude: concluding({ broker, artifacts, modelsDir, signingKey: undefined }),
  })),
);

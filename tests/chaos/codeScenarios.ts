/** Scenarios with a version that is code: the trip model, run by a predictor in Node. */
import { cp, mkdtempDisposable, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEADLY_MILES, ENDLESS_MILES } from '../support/badTrips.js';
import { writeCodeVersion } from '../support/codeModels.ts';
import { TEST_MODELS } from '../support/models.ts';
import { tripNumber } from '../support/predictDirectly.ts';
import { ROOT } from '../support/processes.ts';
import type { Trial } from './oracle.ts';
import { endProcess, newestSession } from './processScenarios.ts';
import { goodTrip, type Scenario } from './scenario.ts';
import { TestedSystem } from './testedSystem.ts';

/** Answers as ONNX Runtime does, because it is asked. Some distances kill the process, or hang it. */
const PREDICTOR = `import { createRequire } from 'node:module';
const { InferenceSession, Tensor } = createRequire('${join(ROOT, 'package.json')}')('onnxruntime-node');
export class Predictor {
  async load() {
    this.session = await InferenceSession.create('weights.onnx', { intraOpNumThreads: 1 });
  }
  async predict(columns) {
    const miles = columns.trip_distance.data;
    if (miles.includes(${DEADLY_MILES})) process.abort();
    if (miles.includes(${ENDLESS_MILES})) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    console.log('a batch of', miles.length);
    const feeds = Object.entries(columns).map(([name, { type, data, shape }]) => [name, new Tensor(type, data, shape)]);
    const { duration } = await this.session.run(Object.fromEntries(feeds), ['duration']);
    return { duration: { data: duration.data, shape: duration.dims } };
  }
}
`;

/** How often a trip is one that harms its process. */
const HARM_EVERY = 120;

export const codePoison: Scenario = {
  name: 'code-poison',
  about: 'a version that is code: trips kill or hang its process, which is killed from outside, too',
  async run({ oracle, random, seed, tasks, seconds }) {
    await using models = await codeModels();
    const env = { MODELS_DIR: models.path };
    await using system = await TestedSystem.start({
      ...{ oracle, random, seed },
      gateways: [env, env],
      workers: [env, env],
    });
    const strike = async (i: number) => {
      const session = newestSession(system.workers[i % 2]?.current.output() ?? '');
      if (session !== undefined && endProcess(session)) oracle.struck(1);
    };
    await system.run({ tasks, seconds, trial }, { count: Math.round(seconds / 3), strike });
  },
};

function trial(i: number): Trial {
  const harms = i % HARM_EVERY;
  if (harms === 20)
    return { input: { ...tripNumber(i), tripDistanceMiles: DEADLY_MILES }, expectation: 'crashes' };
  if (harms === 80)
    return { input: { ...tripNumber(i), tripDistanceMiles: ENDLESS_MILES }, expectation: 'times out' };
  return goodTrip(i);
}

async function codeModels() {
  const folder = await mkdtempDisposable(join(tmpdir(), 'tidings-models-'));
  await cp(TEST_MODELS, folder.path, { recursive: true, dereference: true });
  const model = join(folder.path, 'trip-duration');
  const version = join(model, '1');
  const manifest = JSON.parse(await readFile(join(model, 'model.json'), 'utf8'));
  const limits = { ...manifest.limits, runTimeoutMs: 3_000 };
  await writeFile(join(model, 'model.json'), JSON.stringify({ ...manifest, limits }));
  const golden = JSON.parse(await readFile(join(version, 'golden.json'), 'utf8'));
  await cp(join(version, 'model.onnx'), join(version, 'weights.onnx'));
  for (const file of ['model.onnx', 'README.md']) await rm(join(version, file), { force: true });
  await writeCodeVersion({
    folder: version,
    code: { runtime: 'node', entry: 'predictor.mjs:Predictor' },
    files: { 'predictor.mjs': PREDICTOR },
    tolerance: golden.tolerance,
    golden: golden.rows,
  });
  return { path: folder.path, [Symbol.asyncDispose]: () => folder.remove() };
}

/** Trainings that report progress all the time, each watched: the CPU that their gateway takes. */
import { createClient } from 'graphql-ws';
import { StepName } from '../../../src/contract/work.ts';
import { TryProgress } from '../../../workers/training/tryProgress.ts';
import { type Broker, openTestBroker } from '../../support/jobs.ts';
import { SILENT } from '../../support/models.ts';
import { queueTraining, TRAINER, trainableModels } from '../../support/work.ts';
import { type Benchmark, elapsed, figure } from '../benchmark.ts';
import { cpuNow, difference, startSystem } from '../system.ts';

const TRAININGS = 50;
const NOTICES_PER_S = 100;
const WARM_UP_MS = 3_000;
const UPDATES = `subscription ($id: ID!) { taskUpdates(id: $id) {
  state training { stages { name state } progress { done of unit metrics { name value } secondsLeft } } } }`;

export const progress: Benchmark = {
  name: 'progress',
  about: `${TRAININGS} trainings, whose recipes report ${NOTICES_PER_S} times a second each; each training is watched by taskUpdates`,
  async prepare(revision, { seconds }) {
    await using started = new AsyncDisposableStack();
    const models = started.use(await trainableModels());
    const system = started.use(await startSystem(revision, { models: models.path }));
    const broker = started.use(await openTestBroker({ url: system.natsUrl }, { MODELS_DIR: models.path }));
    const steps = await Promise.all(Array.from({ length: TRAININGS }, () => beginStep(broker, started)));
    const watching = await watchAll(
      system.url,
      steps.map(({ id }) => id),
      started,
    );
    const stopping = started.move();
    return {
      async measure() {
        const quiet = await sharesOf(system.pids, seconds);
        using _reporting = reportAll(steps.map(({ progress: each }) => each));
        await elapsed(WARM_UP_MS);
        const before = watching.updates();
        const busy = await sharesOf(system.pids, seconds);
        const perSecond = (watching.updates() - before) / seconds / TRAININGS;
        if (perSecond === 0) throw new Error('progress must reach those who watch it, got none');
        return [
          figure('gateway, % of a core', 1, busy.gateway ?? Number.NaN),
          figure('gateway while nothing is reported, % of a core', 1, quiet.gateway ?? Number.NaN),
          figure('nats-server, % of a core', 1, busy['nats-server'] ?? Number.NaN),
          figure('states that a watcher sees each second', 1, perSecond, { atMost: 4.1 }),
        ];
      },
      [Symbol.asyncDispose]: () => stopping.disposeAsync(),
    };
  },
};

/** A training in its first step, in the hands of a trainer that is a part of this process. */
async function beginStep(broker: Broker, opened: AsyncDisposableStack) {
  const { job } = await queueTraining(broker);
  const options = {
    ...{ broker, job: { ...job, step: StepName.Prepare }, trainer: TRAINER, log: SILENT },
    ...{ signal: new AbortController().signal, onOvertaken: () => {} },
  };
  const begun = await TryProgress.begin(options, 1);
  if (begun === undefined) throw new Error('a first try must be allowed');
  return { id: job.taskId, progress: opened.use(begun) };
}

/** Watches each task over one WebSocket. */
async function watchAll(url: string, ids: readonly string[], opened: AsyncDisposableStack) {
  const client = createClient({ url: url.replace('http', 'ws'), lazy: false });
  opened.defer(() => client.dispose());
  let updates = 0;
  const seen = new Set<string>();
  const all = Promise.withResolvers<void>();
  for (const id of ids) {
    const next = () => {
      updates++;
      if (seen.add(id).size === ids.length) all.resolve();
    };
    client.subscribe({ query: UPDATES, variables: { id } }, { next, error: all.reject, complete: () => {} });
  }
  await all.promise;
  return { updates: () => updates };
}

/** Reports as recipes do. */
function reportAll(steps: readonly TryProgress[]): Disposable {
  let done = 0;
  const timer = setInterval(() => {
    done++;
    for (const step of steps)
      step.report({ done, of: 1_000_000, unit: 'trees', metrics: [{ name: 'rmse', value: 5 + 1 / done }] });
  }, 1_000 / NOTICES_PER_S);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** The percents of a core that servers take. */
async function sharesOf(
  pids: Readonly<Record<string, readonly number[]>>,
  seconds: number,
): Promise<Readonly<Record<string, number>>> {
  const before = await cpuNow(pids);
  const startedAt = performance.now();
  await elapsed(seconds * 1_000);
  const used = difference(await cpuNow(pids), before);
  const tookS = (performance.now() - startedAt) / 1_000;
  return Object.fromEntries(Object.entries(used).map(([name, cpu]) => [name, (cpu / tookS) * 100]));
}

/** Scenarios with trainings: trainers die or stand still, at random moments and at their writes. */
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkEnd } from '../../src/contract/messages/work.ts';
import type { WorkAddress } from '../../src/contract/workId.ts';
import type { TaskView } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { type Broker, openTestBroker } from '../support/jobs.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { tripNumber } from '../support/predictDirectly.ts';
import { startGateway } from '../support/processes.ts';
import { inspectStreams } from '../support/streams.ts';
import { tinyTraining } from '../support/tinyTraining.ts';
import { startTrainer, submitTraining } from '../support/trainings.ts';
import type { Oracle } from './oracle.ts';
import type { Scenario, Stage } from './scenario.ts';
import { Kept } from './testedSystem.ts';

/** A training takes as long as many predictions. */
const TASKS_A_TRAINING = 20;
const TRAINERS = 3;
/** On a busy machine. */
const SECONDS_A_TRAINING = 8;
/** Longer than a lease, and than a trainer waits for a sign of life of another one. */
const FREEZE_MS = 6_000;
/** A trainer is struck often; a task may be unlucky with all of them. */
const MAX_ATTEMPTS = 1_000;
/** A gateway looks at work that is 30 s old, every 30 s. */
const LEAVE_WITHIN_MS = 90_000;
const WRITES = [
  'storeProgress',
  'put',
  'storeStepResult',
  'storeStepJob',
  'store',
  'storeEnd',
  'remove',
] as const;
/** A third of the recipes keeps checkpoints, and dies two times by itself. */
const KINDS = ['plain', 'plain', 'goes-on'] as const;

export const trainKill: Scenario = {
  name: 'train-kill',
  about: 'three trainers are killed again and again, at random moments and at each of their writes',
  run: (stage) => train(stage, 'SIGKILL'),
};

export const trainZombie: Scenario = {
  name: 'train-zombie',
  about:
    'three trainers stand still for 6 s again and again, also in the middle of their writes, and wake up late',
  run: (stage) => train(stage, 'SIGSTOP'),
};

async function train(
  { oracle, random, tasks, seconds }: Stage,
  signal: 'SIGKILL' | 'SIGSTOP',
): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const nats = stack.use(await startNats());
  const models = stack.use(await tinyTraining());
  const folder = await mkdtempDisposable(join(tmpdir(), 'tidings-chaos-'));
  stack.defer(() => folder.remove());
  const broker = stack.use(await openTestBroker(nats, { MODELS_DIR: models.path }));
  let started = 0;
  const start = () =>
    startTrainer({
      ...{ url: nats.url, modelsDir: models.path, dataDir: join(folder.path, String(started++)) },
      strike: `${random.pick(WRITES)}:${random.pick(['before', 'after'])}:${1 + random.below(6)}:${signal}`,
    });
  const trainers = await Promise.all(Array.from({ length: TRAINERS }, () => Kept.start(start)));
  for (const trainer of trainers) stack.use(trainer);

  const addresses: WorkAddress[] = [];
  for (let i = 0; i < Math.ceil(tasks / TASKS_A_TRAINING); i++) {
    const address = await submitTraining(
      broker,
      { how: random.pick(KINDS), name: `n${i}` },
      { maxAttempts: MAX_ATTEMPTS },
    );
    oracle.accepted({ input: tripNumber(i), expectation: 'trains' }, { id: address.id } as TaskView);
    addresses.push(address);
  }
  const striking = strike(trainers, { oracle, random, seconds, signal });
  // One that has stopped itself at a write is woken up, too.
  const waking = setInterval(() => {
    for (const { current } of trainers) current.kill('SIGCONT');
  }, FREEZE_MS);
  try {
    const giveUpAt = performance.now() + (seconds + addresses.length * SECONDS_A_TRAINING) * 1_000;
    for (const address of addresses) {
      const patienceMs = Math.max(1, giveUpAt - performance.now());
      await eventually(() => isOver(broker, address), Boolean, patienceMs).catch(() => {});
      const end = await broker.work.readEnd(address);
      // Without an end it counts as lost.
      if (end !== undefined) saw(oracle, end);
    }
    await striking;
  } finally {
    clearInterval(waking);
  }
  await lookForDoubles(oracle, broker, addresses);
  await lookForLeftovers(oracle, nats, models.path);
}

/** Whether a training has its end, or will never have one: it is not on its queue any more. */
async function isOver({ work }: Broker, address: WorkAddress): Promise<boolean> {
  return (await work.readEnd(address)) !== undefined || (await work.readJob(address)) === undefined;
}

async function strike(
  trainers: readonly Kept<Awaited<ReturnType<typeof startTrainer>>>[],
  {
    oracle,
    random,
    seconds,
    signal,
  }: Pick<Stage, 'oracle' | 'random' | 'seconds'> & { signal: NodeJS.Signals },
): Promise<void> {
  const until = performance.now() + seconds * 1_000;
  while (performance.now() < until) {
    await sleep(random.between(200, 1_500));
    oracle.struck(signal === 'SIGKILL' ? 1 : 0);
    trainers[random.below(trainers.length)]?.current.kill(signal);
  }
}

function saw(oracle: Oracle, end: WorkEnd): void {
  const { id, state, error, submittedAt } = end;
  const at = new Date(submittedAt).toISOString();
  oracle.saw({ id, state, error, submittedAt: at } as TaskView, 'the stream of ends');
}

/** Each training has made one version, which its end names. */
async function lookForDoubles(
  oracle: Oracle,
  broker: Broker,
  addresses: readonly WorkAddress[],
): Promise<void> {
  const { versions } = await broker.versions.read();
  for (const address of addresses) {
    const own = versions.filter(({ record }) => record?.taskId === address.id);
    const end = await broker.work.readEnd(address);
    if (own.length !== 1 || own[0]?.version !== end?.modelVersion)
      oracle.surprise(
        `${address.id} has made the versions ${own.map(({ version }) => version).join(', ') || 'none'}, and its end names ${end?.modelVersion}`,
      );
  }
  if (versions.length !== addresses.length)
    oracle.surprise(`${addresses.length} trainings have made ${versions.length} versions`);
}

/**
 * A trainer that wakes up late may have queued a step once more, which another one takes off. One that died while it took
 * ended work off the queue has left a part of it, which a gateway takes off.
 */
async function lookForLeftovers(oracle: Oracle, nats: NatsServer, modelsDir: string): Promise<void> {
  await using _gateway = await startGateway(nats, { MODELS_DIR: modelsDir });
  await using streams = await inspectStreams(nats);
  const left = () => streams.subjects('WORK');
  await eventually(left, (subjects) => subjects.length === 0, LEAVE_WITHIN_MS).catch((error: Error) =>
    oracle.surprise(`jobs were left behind: ${error.message}`),
  );
}

/** What a trainer does from its start to its stop. What the steps need, such as DuckDB, is loaded with the first of them. */
import { randomBytes } from 'node:crypto';
import {
  type Broker,
  type BrokerOptions,
  openBlobsBroker,
  openBroker,
  type StepSource,
} from '../../src/broker/broker.ts';
import { StepName } from '../../src/contract/work.ts';
import { addBrokerMetrics } from '../../src/metrics/brokerMetrics.ts';
import { openMetrics } from '../../src/metrics/openMetrics.ts';
import { WorkReadiness } from '../../src/metrics/workReadiness.ts';
import { Catalog } from '../../src/models/catalog.ts';
import { stepPlacesOf } from '../../src/models/stepPlaces.ts';
import { type Config, readConfig } from '../../src/process/config.ts';
import { createLog } from '../../src/process/log.ts';
import type { ProcessContext } from '../../src/process/runProcess.ts';
import { OwnFigures } from '../../src/system/ownFigures.ts';
import { openTracing } from '../openTracing.ts';
import { type RunnerOptions, StepRunner } from './runner.ts';
import { Scratch } from './scratch.ts';
import { StepEvents } from './stepEvents.ts';
import { StepMetrics } from './stepMetrics.ts';

export interface TrainerParts {
  readonly broker: Broker;
  /** At the broker of `BLOBS_NATS_URL`, if there is one. */
  readonly artifacts: Broker['artifacts'];
  readonly config: Config;
}

/** @param stepsOf what the trainer does in each step, and at the end of a task. */
export async function runTrainer(
  { env, stopping, stopped, ready, reportBroker, answerSupervisor }: ProcessContext,
  stepsOf: (parts: TrainerParts) => Pick<RunnerOptions, 'steps' | 'conclude'>,
): Promise<void> {
  const config = readConfig(env);
  const log = createLog(config, 'trainer');
  using catalog = await Catalog.open(config.modelsDir, log);
  const trainer = `trainer-${randomBytes(4).toString('hex')}`;
  const reached: BrokerOptions = {
    access: config,
    role: 'trainer',
    name: trainer,
    models: catalog.models,
    limits: config,
    log,
    signal: stopping,
  };
  const readiness = new WorkReadiness();
  await using opened = await openMetrics({
    config,
    role: 'trainer',
    problem: async () => readiness.problem,
    answerSupervisor,
    log,
  });
  const { metrics } = opened;
  await using broker = await openBroker(reached);
  readiness.reached(broker);
  addBrokerMetrics(metrics, broker);
  await using blobsBroker = await openBlobsBroker(reached);
  const { artifacts } = blobsBroker ?? broker;
  using _reporting = reportBroker(broker, () => broker.checkSilentStreams());
  using _figures = new OwnFigures({ broker, id: trainer, role: 'trainer' });
  await using scratch = await Scratch.open(config.dataDir);
  const { trainerClasses, trainerSteps, trainerSlots } = config;
  const places = stepPlacesOf(catalog.models).filter(
    ({ step, trainerClass }) => trainerSteps.includes(step) && trainerClasses.includes(trainerClass),
  );
  const events = new StepEvents();
  using _stepMetrics = new StepMetrics({ metrics, events });
  await using _tracing = await openTracing({
    ...{ config, role: 'trainer', id: trainer, now: () => broker.now(), log },
    listen: (tracing) => [events.on('over', (tried) => tracing.tried(tried))],
  });
  const runner = new StepRunner({
    ...stepsOf({ broker, artifacts, config }),
    broker,
    artifacts,
    trainer,
    modelNamed: (name) => catalog.models.find(({ manifest }) => manifest.name === name),
    scratch,
    modelsDir: config.modelsDir,
    events,
    stopping,
    log,
  });
  // A check takes seconds, and does not wait for a training of hours.
  const { checks = [], others = [] } = Object.groupBy(places, ({ step }) =>
    step === StepName.Check ? 'checks' : 'others',
  );
  const queues = [
    { places: checks, slots: 1 },
    { places: others, slots: trainerSlots },
  ].filter(({ places }) => places.length > 0);
  const sources = queues.map(({ places }) => broker.consumeSteps(places));
  const slots = queues.flatMap(({ slots }, i) =>
    Array.from({ length: slots }, () => takeAll(sources[i] as StepSource, runner)),
  );
  if (places.length === 0)
    log.warn(
      { classes: trainerClasses, steps: trainerSteps },
      'no model has a training with steps of these classes: there is nothing to do',
    );
  log.info({ trainer, classes: trainerClasses, steps: trainerSteps, slots: trainerSlots }, 'ready');
  readiness.ready();
  ready({});
  await stopped;
  readiness.stop();
  log.info('stopping: handing back the steps');
  await Promise.all(sources.map((source) => source[Symbol.asyncDispose]()));
  await Promise.all(slots);
  log.info('stopped');
}

async function takeAll(source: StepSource, runner: StepRunner): Promise<void> {
  for (let step = await source.next(); step !== undefined; step = await source.next()) await runner.run(step);
}

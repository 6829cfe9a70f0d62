/** The worker process: loads every served model version, announces itself once all are warm, and works until told to stop. */
import { randomBytes } from 'node:crypto';
import { openBroker } from '../src/broker/broker.ts';
import { Catalog } from '../src/catalog.ts';
import { readConfig } from '../src/config.ts';
import { createLog } from '../src/log.ts';
import { runProcess } from '../src/process.ts';
import { RecentCount } from './recentCount.ts';
import { Session } from './session.ts';
import { runWorker } from './worker.ts';

/** Time for what is running when the worker is told to stop, in milliseconds. */
const DRAIN_MS = 5_000;
/** Batches of one session in the worker's hands: the one that runs and the one that gathers. */
const BATCHES_HELD = 2;

await runProcess('worker', async ({ env, stopping, stopped, ready }) => {
  const config = readConfig(env);
  const log = createLog(config, 'worker');
  using catalog = await Catalog.open(config.modelsDir, log);
  const { models } = catalog;
  const workerId = `worker-${randomBytes(4).toString('hex')}`;
  const startedAt = Date.now();
  const impatience = new AbortController();

  await using sessions = new AsyncDisposableStack();
  const served = await Promise.all(
    models.flatMap(({ manifest, versions }) =>
      versions.map(async (version) => {
        const { executionProviders, sessionThreads: threads } = config;
        const session = sessions.use(
          await Session.open({ manifest, version, executionProviders, threads, log }),
        );
        return {
          manifest,
          version: version.version,
          session,
          executionProvider: await session.executionProvider,
        };
      }),
    ),
  );

  await using broker = await openBroker({
    url: config.natsUrl ?? 'nats://127.0.0.1:4222',
    name: workerId,
    models,
    limits: config,
    log,
    signal: stopping,
  });
  const lines = served.map(({ manifest, version, session, executionProvider }) => {
    const maxHeld = BATCHES_HELD * manifest.batching.maxBatchSize;
    const source = broker.consumeJobs({ model: manifest.name, version, maxHeld });
    const signal = impatience.signal;
    const finished = new RecentCount();
    const onFinished = () => finished.add();
    return {
      source,
      served: () => ({
        model: manifest.name,
        version,
        executionProvider,
        finishedLastMinute: finished.total(),
      }),
      done: runWorker({ source, session, broker, manifest, workerId, log, onFinished, signal }),
    };
  });
  const announced = broker.notices.announceWorker(() => ({
    id: workerId,
    startedAt,
    models: lines.map(({ served }) => served()),
  }));
  log.info(
    { workerId, models: served.map(({ manifest, version }) => `${manifest.name}/${version}`) },
    'ready',
  );
  ready({});

  const finished = Promise.all(lines.map(({ done }) => done));
  // A line ends by itself only if its session cannot be started any more.
  await Promise.race([finished, stopped]);

  log.info('stopping: handing back what is not running');
  announced[Symbol.dispose]();
  const giveUp = setTimeout(() => impatience.abort(), DRAIN_MS);
  for (const { source } of lines) await source.stop();
  await finished;
  clearTimeout(giveUp);
  log.info('stopped');
});

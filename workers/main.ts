/**
 * The worker process: loads and checks its versions, announces itself once one is served, and works until it is told to
 * stop. Versions come and go with their folders meanwhile.
 */
import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { type Announcement, type BrokerOptions, openBlobsBroker, openBroker } from '../src/broker/broker.ts';
import { ConfigurationError } from '../src/contract/errors.ts';
import { BUNDLE_VERSION } from '../src/contract/messages/bundle.ts';
import { addBrokerMetrics } from '../src/metrics/brokerMetrics.ts';
import { openMetrics } from '../src/metrics/openMetrics.ts';
import { WorkReadiness } from '../src/metrics/workReadiness.ts';
import { Catalog } from '../src/models/catalog.ts';
import { publicReason } from '../src/models/publicReason.ts';
import { readConfig } from '../src/process/config.ts';
import { createLog } from '../src/process/log.ts';
import { runProcess } from '../src/process/runProcess.ts';
import { readTrustedKeys } from '../src/registry/signature.ts';
import { OwnFigures } from '../src/system/ownFigures.ts';
import { BlobBudget } from './blobBudget.ts';
import { DeviceMemory } from './deviceMemory.ts';
import { Hosts } from './hosts.ts';
import { openTracing } from './openTracing.ts';
import { openPuller } from './puller.ts';
import { RunNotices } from './runNotices.ts';
import { sessionLimit } from './runtimes/memoryLimit.ts';
import { missingOf, servedOf } from './served.ts';
import { ServedVersions } from './servedVersions.ts';
import { SessionMemory } from './sessionMemory.ts';
import { Slots } from './slots.ts';
import { WorkerEvents } from './workerEvents.ts';
import { WorkerMetrics } from './workerMetrics.ts';

const MIB = 1024 * 1024;
/** The bytes of blobs that a worker holds for rows. */
const BLOB_BUDGET_BYTES = 256 * MIB;
/** How long runs may go on after the worker was told to stop, in milliseconds. */
const DRAIN_MS = 5_000;

await runProcess('worker', async ({ env, stopping, stopped, ready, reportBroker, answerSupervisor }) => {
  const config = readConfig(env);
  const log = createLog(config, 'worker');
  using catalog = await Catalog.open(config.modelsDir, log);
  const served = servedOf(config.workerModels, catalog.models);
  const missing = missingOf(served);
  if (missing.length > 0)
    log.warn({ missing }, 'WORKER_MODELS names versions that are not there: they are waited for');
  const trustedKeys =
    config.modelTrustedKeys === undefined ? undefined : readTrustedKeys(config.modelTrustedKeys);
  const workerId = `worker-${randomBytes(4).toString('hex')}`;
  const startedAt = Date.now();
  const impatience = new AbortController();
  const { maxMib, problem } = await sessionLimit(config);
  if (problem !== undefined)
    log.warn(
      { reason: problem },
      'SESSION_MAX_MIB cannot be kept on this machine: a run may take all memory there is',
    );

  const reached: BrokerOptions = {
    access: config,
    role: 'worker',
    name: workerId,
    models: catalog.models,
    limits: config,
    log,
    signal: stopping,
  };
  const events = new WorkerEvents();
  const slotCount =
    config.workerSlots ??
    Math.max(1, Math.floor(availableParallelism() / config.sessionThreads / config.workers));
  const readiness = new WorkReadiness();
  await using opened = await openMetrics({
    config,
    role: 'worker',
    problem: async () => readiness.problem,
    answerSupervisor,
    log,
  });
  const { metrics } = opened;
  await using broker = await openBroker(reached);
  readiness.reached(broker);
  addBrokerMetrics(metrics, broker);
  await using blobsBroker = await openBlobsBroker(reached);
  const largeBytes = blobsBroker ?? broker;
  using _reporting = reportBroker(broker, () => broker.checkSilentStreams());
  await using _tracing = await openTracing({
    ...{ config, role: 'worker', id: workerId, now: () => broker.now(), log },
    listen: (tracing) => [
      events.on('ran', (ran) => tracing.ran(ran)),
      events.on('stored', (ends) => tracing.stored(ends)),
    ],
  });
  using runNotices = new RunNotices({ broker });
  await using hosts = new Hosts({
    sharedMax: slotCount,
    isolates: config.sessions === 'isolated',
    maxMib,
    givesBack: config.sessionLoading === 'lazy',
    onMeasured: () => memory.review(),
    log,
  });
  const memory = new SessionMemory({
    loading: config.sessionLoading,
    limitMib: config.sessionMemoryMib,
    bytes: () => hosts.bytes,
  });
  // The lanes of a session share its flow.
  const slots = new Slots(slotCount, { usersTakeTurns: true });
  using _figures = new OwnFigures({
    broker,
    id: workerId,
    role: 'worker',
    more: () => ({ slots: { count: slotCount, usedMs: slots.usedMs } }),
  });
  let changed = () => {};
  const versions = new ServedVersions({
    served,
    modelsDir: config.modelsDir,
    broker,
    blobs: { store: largeBytes.blobs, budget: new BlobBudget(BLOB_BUDGET_BYTES) },
    memory,
    hosts,
    slots,
    shadowSlots: new Slots(1),
    executionProviders: config.executionProviders,
    cudaVisibleDevices: config.cudaVisibleDevices,
    device: DeviceMemory.of(config, log),
    threads: config.sessionThreads,
    workerId,
    keepsHistory: config.taskHistory,
    runNotices,
    events,
    log,
    onChange: () => changed(),
    signal: impatience.signal,
  });
  using _watching = catalog.watch((change) => versions.follow(change));
  await using puller = await openPuller({
    broker,
    artifacts: largeBytes.artifacts,
    catalog,
    served,
    slots,
    dataDir: config.dataDir,
    trustedKeys,
    onChange: () => changed(),
    log,
  });
  const refused = () => [
    ...versions.refused,
    ...puller.refused.map((each) => ({ ...each, reason: publicReason(each.reason, config.dataDir) })),
  ];
  using _workerMetrics = new WorkerMetrics({
    metrics,
    events,
    versions,
    refused,
    hosts,
    slots,
    memoryMaxBytes: config.sessionMemoryMib * MIB,
  });
  const announce = () =>
    broker.notices.announceWorker(() => ({
      id: workerId,
      startedAt,
      reads: BUNDLE_VERSION,
      models: versions.models,
      refused: refused(),
      leaving: versions.leaving,
    }));
  let announced: Announcement | undefined;
  // The worker announces itself with the first served version, because another one may take long to load, or hang.
  changed = () => {
    if (announced !== undefined) announced.repeat();
    else if (versions.models.length > 0) announced = announce();
  };
  try {
    changed();
    await Promise.race([versions.judged(), versions.lost, stopped]);
    if (!versions.hasWork) {
      throw new ConfigurationError(
        versions.refused
          .map(({ model, version, reason }) => `${model} version ${version} is refused: ${reason}`)
          .join('; '),
      );
    }
    announced ??= announce();
    log.info(
      { workerId, models: versions.models.map(({ model, version }) => `${model}/${version}`) },
      'ready',
    );
    readiness.ready();
    ready({});
    await Promise.race([versions.lost, stopped]);
    readiness.stop();
    log.info('stopping: handing back what is not running');
  } finally {
    changed = () => {};
    announced?.[Symbol.dispose]();
  }
  const giveUp = setTimeout(() => impatience.abort(), DRAIN_MS);
  await versions.stop();
  clearTimeout(giveUp);
  log.info('stopped');
});

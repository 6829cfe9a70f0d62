/** The gateway process: broker, tasks, schema and server put together, and taken apart in order. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { buildSchema, type Context } from '../schema/index.ts';
import { Audit } from './audit/audit.ts';
import { openBlobsBroker, openBroker } from './broker/broker.ts';
import { ConfigurationError, messageOf } from './contract/errors.ts';
import { NO_QUOTAS } from './contract/quotas.ts';
import { openServer } from './edge/server.ts';
import { Actuals } from './evaluation/actuals.ts';
import { OwnerActuals } from './evaluation/ownerActuals.ts';
import { RolloutComparisons } from './evaluation/rolloutComparisons.ts';
import { Shadows } from './evaluation/shadows.ts';
import { ApiKeys } from './identity/apiKeys.ts';
import type { JwtTokens } from './identity/jwtTokens.ts';
import { addGatewayMetrics } from './metrics/gatewayMetrics.ts';
import { openMetrics } from './metrics/openMetrics.ts';
import { Catalog } from './models/catalog.ts';
import type { Model } from './models/models.ts';
import { type Config, isTraced, readConfig } from './process/config.ts';
import { readJson } from './process/jsonFile.ts';
import { createLog, type Logger } from './process/log.ts';
import { connectionsWithin } from './process/openFiles.ts';
import { readQuotas } from './process/quotasFile.ts';
import { collectGarbage, type ProcessContext, runProcess } from './process/runProcess.ts';
import { readRegistered } from './registry/gatewayVersion.ts';
import { Puller } from './registry/puller.ts';
import { RegistryService } from './registry/registryService.ts';
import { RegistrySweep } from './registry/registrySweep.ts';
import { Offering } from './rollout/offering.ts';
import { LiveWorkers } from './rollout/presence.ts';
import { RolloutService } from './rollout/rolloutService.ts';
import { Rollouts } from './rollout/rollouts.ts';
import { openGatewaySystem } from './system/gatewaySystem.ts';
import { Queues } from './system/queues.ts';
import { DeadLetterRedrives } from './tasks/deadLetterRedrives.ts';
import { DeadLetterShares } from './tasks/deadLetterShares.ts';
import { DeadLetters } from './tasks/deadLetters.ts';
import { tellEnds } from './tasks/endLines.ts';
import { openGatewayTasks } from './tasks/gatewayTasks.ts';
import { OperatorArtifacts } from './tasks/operatorArtifacts.ts';
import { Sweeper } from './tasks/sweeper.ts';
import type { GatewayTracing, GatewayTracingOptions } from './tracing/gatewayTracing.ts';
import { AllTasks } from './workflow/allTasks.ts';
import { GatewayDatasets } from './workflow/datasets.ts';
import { openGatewayWork } from './workflow/gatewayWork.ts';

await runProcess('gateway', runGateway);

async function runGateway({
  env,
  stopping,
  hurrying,
  stopped,
  ready,
  reportBroker,
  answerSupervisor,
}: ProcessContext): Promise<void> {
  const config = readConfig(env);
  const log = createLog(config, 'gateway');
  const quotasOf = await readQuotas(config.quotasFile);
  using catalog = await Catalog.open(config.modelsDir, log);
  const { models } = catalog;
  const schema = schemaOf(models);
  const { version: apiVersion } = (await readJson(join(import.meta.dirname, '../package.json'))) as {
    version: string;
  };
  /** New with every start: what an earlier process accepted is then found in the streams. */
  const home = randomBytes(4).toString('hex');
  const id = `gateway-${home}`;

  const maxConnections = connectionsWithin({
    wanted: config.maxConnections,
    isAskedFor: Boolean(env.MAX_CONNECTIONS),
    log,
  });
  // Before the broker is there: a gateway that waits for it is alive, and a taken port is found at once.
  await using server = await openServer({ models, schema, config: { ...config, maxConnections }, log });
  await using opened = await openMetrics({
    config,
    role: 'gateway',
    problem: async () => (await server.readiness.problem({ withoutWorkers: false }))?.problem,
    answerSupervisor,
    log,
  });
  const tokens = server.auth.includes('jwt') ? await openTokens(config, log) : undefined;
  log.info({ url: server.url }, 'listening, waiting for the broker');
  const reached = { access: config, role: 'gateway', limits: config, log, signal: stopping } as const;
  await using broker = await openBroker({ ...reached, models, name: id });
  await using blobsBroker = await openBlobsBroker({ ...reached, models, name: id });
  const largeBytes = blobsBroker ?? broker;
  server.readiness.start();
  using _reporting = reportBroker(broker, () => broker.checkWrites());
  using workers = new LiveWorkers({ broker, modelsDir: config.modelsDir });
  using rollouts = await Rollouts.open({ broker, models, log }, stopping);
  using offering = new Offering({ broker, models, workers, rollouts, log });
  using _watching = catalog.watch(({ model }) => offering.versionsChanged(model));
  await using _puller = new Puller({
    broker,
    catalog,
    bring: async (record, here) => here ?? readRegistered(record, largeBytes.artifacts),
    log,
  });
  await using _registrySweep = new RegistrySweep({
    broker,
    artifacts: largeBytes.artifacts,
    models,
    keep: config.registryKeep,
    log,
  });
  await using _sweeper = new Sweeper({ broker, models, log });
  using keys = server.auth.includes('keys') ? await ApiKeys.open({ broker, log }, stopping) : undefined;
  const ofOwners = new OwnerActuals();
  using gatewayTasks = await openGatewayTasks({
    broker,
    blobStore: largeBytes.blobs,
    home,
    models,
    offering,
    limits: config,
    quotasOf,
    quotasOfKey: (id) => keys?.quotasOf(id) ?? NO_QUOTAS,
    actualsOf: (owner) => ofOwners.of(owner),
    log,
  });
  const { events, open, admission, submissions, tasks, list, listWatches, quotas, blobs, outputs, watches } =
    gatewayTasks;
  const mustBeSigned = config.modelTrustedKeys !== undefined;
  const artifacts = new OperatorArtifacts({ store: largeBytes.artifacts, reads: gatewayTasks.blobReads });
  using _told = tellEnds(events, log);
  await using tracing = await openTracing({ config, id, events, now: () => broker.now(), log });
  await using work = openGatewayWork({
    broker,
    datasets: broker.datasets,
    modelsDir: config.modelsDir,
    home,
    models,
    storing: gatewayTasks.storing,
    places: watches,
    log,
  });
  using shadows = new Shadows({
    broker,
    home,
    models,
    rollouts,
    offering,
    events,
    open,
    queueAdmission: admission.queue,
    log,
  });
  using comparisons = new RolloutComparisons({ broker, rollouts, shadows, models });
  using deadLetters = new DeadLetters({ broker });
  await using _shares = await DeadLetterShares.open({ broker, models, log });
  const queues = new Queues({ broker, models, queued: admission.queued, workers });
  const actuals = new Actuals({ broker, tasks, quotas, ofOwners, models, log });
  const stores = [broker, ...(blobsBroker === undefined ? [] : [blobsBroker])].map((each) => each.queues);
  using gatewayMetrics = addGatewayMetrics({
    ...{ metrics: opened.metrics, broker, catalog, server, events, open, watches },
    ...{ queues, stores, workers, models, actuals, shadows },
  });
  using system = openGatewaySystem({
    ...{ broker, id, models, workers, queues, stores, server, watches, actuals },
    counted: gatewayMetrics.tasks,
  });
  const audit = new Audit({ broker, log });
  const allTasks = new AllTasks({ predictions: tasks, work: work.tasks });
  const context: Omit<
    Context,
    'principal' | 'owner' | 'readable' | 'address' | 'trace' | 'gone' | 'whyNoOperator'
  > = {
    submissions,
    tasks: tracing === undefined ? allTasks : tracing.followed(allTasks),
    taskHistory: config.taskHistory,
    recordedTraceId: (traceparent) => tracing?.recordedId(traceparent),
    traceUrl: config.traceUrl,
    work,
    taskList: list,
    blobs,
    listWatches: tracing === undefined ? listWatches : tracing.followedLists(listWatches),
    resultTtlMs: config.resultTtlS * 1000,
    audit,
    deadLetters,
    redrives: new DeadLetterRedrives({ broker, redrives: gatewayTasks.redrives, models }),
    retries: gatewayTasks.retries,
    rollouts: new RolloutService({ broker, offering, rollouts, models, log }),
    registry: new RegistryService({
      broker,
      models,
      uploads: {
        versions: broker.versions,
        artifacts: largeBytes.artifacts,
        modelsDir: config.modelsDir,
        mustBeSigned,
      },
    }),
    uploadRules: { artifactMaxBytes: config.blobMaxUploadBytes, mustBeSigned },
    comparisons,
    actuals,
    datasets: new GatewayDatasets({ store: broker.datasets, artifacts: largeBytes.artifacts }),
    quotas,
    models,
    offering,
    workers,
    queues,
    places: system.places,
    pauses: system.pauses,
    system: system.stats,
    broker,
    apiVersion,
  };

  await using _serving = server.serve({
    context,
    logins: { keys, tokens },
    charge: (holder, points) => quotas.charge(holder, points),
    bytes: { blobs, outputs, artifacts },
    onRefusedViewer: (viewer) => audit.noteRefusedViewer(viewer),
    tracing,
    checkBroker: () => broker.checkStreams(models),
    hasWorker: () => workers.list().length > 0,
    endSubscriptions: () => {
      gatewayTasks.endWatches();
      work.endWatches();
      deadLetters[Symbol.dispose]();
      comparisons[Symbol.dispose]();
      system.stats[Symbol.dispose]();
    },
  });
  log.info({ url: server.url, home }, 'ready');
  ready({ url: server.url });
  void system.pauses.tell(log);
  collectGarbage();

  await stopped;
  log.info({ drainMs: config.drainMs }, 'told to stop');
  await server.drain(config.drainMs, hurrying);
  log.info('stopping');
}

/** The library for tokens is loaded only where they are taken: its modules take 35 ms of CPU to load. */
async function openTokens(config: Config, log: Logger): Promise<JwtTokens> {
  const { JwtTokens } = await import('./identity/jwtTokens.ts');
  return new JwtTokens({ config, log });
}

/** The libraries for traces are loaded only where these are exported. */
async function openTracing(
  options: GatewayTracingOptions & { readonly config: Config },
): Promise<GatewayTracing | undefined> {
  if (!isTraced(options.config)) return undefined;
  const { GatewayTracing } = await import('./tracing/gatewayTracing.ts');
  return new GatewayTracing(options);
}

/** @throws {ConfigurationError} if a manifest uses a GraphQL name that Tidings uses itself. */
function schemaOf(models: readonly Model[]) {
  try {
    return buildSchema(models);
  } catch (cause) {
    throw new ConfigurationError(`the "graphql" names of a model.json cannot be used: ${messageOf(cause)}`, {
      cause,
    });
  }
}

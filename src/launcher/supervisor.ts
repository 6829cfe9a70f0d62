/**
 * Keeps the whole system on one machine running: a nats-server (unless there is a broker already), workers, gateways and
 * trainers. They start in this order and stop in the opposite one, so that each finds what it needs as long as it runs.
 */
import type { ChildProcess } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ConfigurationError, messageOf } from '../contract/errors.ts';
import { MetricsServer } from '../metrics/metricsServer.ts';
import { type BrokerAccess, type Config, collectorSecrets, withoutSecrets } from '../process/config.ts';
import type { Logger } from '../process/log.ts';
import { writePrivately } from '../process/privateFile.ts';
import { GATEWAY_URL_FILE } from '../process/runningSystem.ts';
import type { ChildAnswer, ChildMessage } from '../process/runProcess.ts';
import { BrokerMending } from './brokerMending.ts';
import { Conditions } from './conditions.ts';
import { freeBytesAt, lockDataDir, makeDataDir, needingRoom } from './dataDir.ts';
import { KeptProcess, type ProcessPlan } from './keptProcess.ts';
import { findNatsServer, planLocalBroker } from './localBroker.ts';
import type { StoreLimits, StoreSizesOptions } from './storeSizes.ts';

/** A second Ctrl-C forces the end. One key press can bring two signals, so they must be so far apart. */
const FORCE_AFTER_MS = 1_000;
const WAITING_NOTE_MS = 5_000;
/** With nats-server's 1.5 s, all have stopped within 10 s and DRAIN_MS. Most init systems kill 10 s after a stop. */
const STOP_WITHIN_MS = { worker: 5_500, gateway: 2_500, trainer: 2_500 };

export interface System {
  readonly config: Config;
  /** The children's environment. With a broker of our own they get its address and their keys in addition. */
  readonly env: NodeJS.ProcessEnv;
  /** The programs of the children, run by Node. */
  readonly gateway: string;
  readonly worker: string;
  readonly trainer: string;
  readonly log: Logger;
  /** Registers a function that is called when the system is asked to stop. */
  readonly onInterrupt: (listener: () => void) => void;
  /** The bytes that the streams reserve on the broker's disk, with other limits than those of the configuration. */
  readonly sizesWith: StoreSizesOptions['sizesWith'];
  /** Makes the streams of our own broker, and keeps them until it is disposed: gateways and workers may not. */
  readonly provision: (options: Provisioning) => Promise<AsyncDisposable>;
  /** Time to stop after SIGTERM, in milliseconds; a gateway has DRAIN_MS more. */
  readonly stopWithinMs?: Partial<typeof STOP_WITHIN_MS>;
  /** Called once with the address of the gateways, when gateways and workers are ready. */
  readonly onReady: (address: string) => void;
}

export interface Provisioning {
  readonly access: Partial<BrokerAccess>;
  /** How large streams may become. */
  readonly limits: StoreLimits;
  /** Aborted when the system ends before the streams are there. */
  readonly signal: AbortSignal;
}

/**
 * Runs the system until it is interrupted or cannot go on.
 *
 * @returns the exit code: 0 after an interrupt, 78 for a wrong configuration, 130 if the end was forced.
 * @throws {ConfigurationError} if it cannot start.
 */
export async function supervise({ config, log, ...system }: System): Promise<number> {
  const end = Promise.withResolvers<number>();
  const kept: KeptProcess[] = [];
  let interruptedAt: number | undefined;
  let isForced = false;
  system.onInterrupt(() => {
    if (interruptedAt === undefined) {
      interruptedAt = performance.now();
      log.info('stopping; once more to force it');
      end.resolve(0);
    } else if (performance.now() - interruptedAt > FORCE_AFTER_MS) {
      isForced = true;
      for (const child of kept) child.kill();
    }
  });

  await using opened = new AsyncDisposableStack();
  /** Keeps processes running. They are stopped together. */
  const keep = (...plans: readonly ProcessPlan[]) => {
    const children = plans.map((plan) => new KeptProcess(plan, { log, giveUp: end.resolve }));
    opened.defer(async () => void (await Promise.all(children.map((child) => child[Symbol.asyncDispose]()))));
    kept.push(...children);
    return children;
  };

  if (config.gateways > 1 && config.port === 0)
    throw new ConfigurationError(
      `PORT must name the port that ${config.gateways} gateways share (GATEWAYS), got 0: each would take another`,
    );
  const own =
    config.natsUrl === undefined
      ? await runOwnBroker({ config, log, system, opened, keep, ended: end.promise })
      : undefined;
  if (typeof own === 'number') return own;
  const conditions = new Conditions();
  const gatewayEnv = own === undefined ? system.env : { ...system.env, ...own.gateway };
  const envOf = (role: 'worker' | 'trainer') =>
    own === undefined
      ? system.env
      : { ...withoutSecrets(system.env), ...collectorSecrets(system.env), ...own[role] };
  const keepAll = (
    name: string,
    count: number,
    { program, env }: { readonly program: string; readonly env: NodeJS.ProcessEnv },
    stopWithinMs: number,
  ) =>
    keep(
      ...Array.from({ length: count }, (_, i) =>
        nodePlan({
          name: count === 1 ? name : `${name} ${i + 1}`,
          program,
          env: { ...env, METRICS_PORT: '' },
          stopWithinMs,
          hearOfBroker: (process, problem) => own?.mending.hear(process, problem),
          hearAnswer: (process, answer) => conditions.hear(process, answer),
          hearEnd: (process) => conditions.ended(process),
        }),
      ),
    );
  const stopWithinMs = { ...STOP_WITHIN_MS, ...system.stopWithinMs };
  const workers = keepAll(
    'worker',
    config.workers,
    { program: system.worker, env: envOf('worker') },
    stopWithinMs.worker,
  );
  const gateways = keepAll(
    'gateway',
    config.gateways,
    { program: system.gateway, env: gatewayEnv },
    config.drainMs + stopWithinMs.gateway,
  );
  const all = [...gateways, ...workers];
  const trainers: KeptProcess[] = [];
  const metricsServer = await MetricsServer.open({
    config,
    read: () => conditions.families([...all, ...trainers]),
    problem: () => conditions.problem(all),
  });
  if (metricsServer !== undefined) log.info({ url: opened.use(metricsServer).url }, 'metrics can be read');
  const stopNoting = noteWaiting(all, log);
  opened.defer(stopNoting);
  Promise.all(all.map(({ ready }) => ready)).then(async ([address = '']) => {
    stopNoting();
    if (opened.disposed) return;
    await own?.tellGatewayUrl(address).catch((error: unknown) => log.warn(messageOf(error)));
    if (opened.disposed) return;
    system.onReady(address);
    // Last, since no prediction waits for it.
    trainers.push(
      ...keepAll(
        'trainer',
        config.trainers,
        { program: system.trainer, env: envOf('trainer') },
        stopWithinMs.trainer,
      ),
    );
  });

  const exitCode = await end.promise;
  await opened.disposeAsync();
  return isForced ? 130 : exitCode;
}

/** A broker of our own that runs and has its streams. */
interface OwnBroker {
  readonly mending: BrokerMending;
  /** Tells commands on this machine the address of GraphQL. */
  readonly tellGatewayUrl: (url: string) => Promise<void>;
  /** What a process needs in addition to what all have. */
  readonly gateway: NodeJS.ProcessEnv;
  readonly worker: NodeJS.ProcessEnv;
  readonly trainer: NodeJS.ProcessEnv;
}

/** @returns the exit code if the system ends before the broker has its streams. @throws {ConfigurationError} if it cannot start. */
async function runOwnBroker({
  config,
  log,
  system,
  opened,
  keep,
  ended,
}: Pick<System, 'config' | 'log'> & {
  readonly system: Pick<System, 'env' | 'sizesWith' | 'provision'>;
  /** What it opens is closed with this stack. */
  readonly opened: AsyncDisposableStack;
  readonly keep: (plan: ProcessPlan) => readonly KeptProcess[];
  readonly ended: Promise<number>;
}): Promise<OwnBroker | number> {
  const dataDir = resolve(config.dataDir);
  const { plan, tellUrl, environmentOf, adminAccess, limits } = await needingRoom(dataDir, async () => {
    await makeDataDir(dataDir, log);
    opened.defer(lockDataDir(dataDir, addressOf(config)));
    return planLocalBroker({
      dataDir,
      natsServer: findNatsServer(),
      config,
      log,
      mayLower: {
        resultMaxBytes: !system.env.RESULT_MAX_BYTES,
        queueMaxBytes: !system.env.QUEUE_MAX_BYTES,
        blobsMaxBytes: !system.env.BLOBS_MAX_BYTES,
        artifactsMaxBytes: !system.env.ARTIFACTS_MAX_BYTES,
      },
      sizesWith: system.sizesWith,
    });
  });
  const [broker] = keep(plan);
  if (broker === undefined) throw new Error('a plan is kept as one process');
  const stopNoting = noteWaiting([broker], log);
  opened.defer(stopNoting);
  const outcome = await Promise.race([broker.ready, ended]);
  stopNoting();
  if (typeof outcome === 'number') return outcome;
  const url = outcome ?? '';
  await needingRoom(dataDir, () => tellUrl(url));
  const mending = opened.use(
    new BrokerMending({ broker, dataDir, readFreeBytes: () => freeBytesAt(dataDir), log }),
  );
  const impatience = new AbortController();
  const provisioning = system.provision({ access: adminAccess(url), limits, signal: impatience.signal });
  const provisioned = await Promise.race([provisioning, ended]);
  if (typeof provisioned === 'number') {
    impatience.abort();
    await provisioning.then((opened) => opened[Symbol.asyncDispose]()).catch(() => {});
    return provisioned;
  }
  opened.use(provisioned);
  // Another program may get its port, and must not get the keys that commands send.
  opened.defer(() => rm(join(dataDir, GATEWAY_URL_FILE), { force: true }));
  const { blobsNatsUrl } = config;
  const signingKey = system.env.MODEL_SIGNING_KEY_FILE;
  const environment = (role: 'gateway' | 'worker' | 'trainer') => ({
    RESULT_MAX_BYTES: String(limits.resultMaxBytes),
    QUEUE_MAX_BYTES: String(limits.queueMaxBytes),
    BLOBS_MAX_BYTES: String(limits.blobsMaxBytes),
    ARTIFACTS_MAX_BYTES: String(limits.artifactsMaxBytes),
    ...environmentOf(role, url),
  });
  // With what they need of the secrets that were left out.
  const ofFiles = { DATA_DIR: dataDir, ...(blobsNatsUrl && { BLOBS_NATS_URL: blobsNatsUrl }) };
  // The system's own folder for temporary files may be in memory.
  const spool = system.env.BLOB_SPOOL_DIR || join(dataDir, 'spool');
  return {
    mending,
    tellGatewayUrl: (gateway) =>
      needingRoom(dataDir, () => writePrivately(join(dataDir, GATEWAY_URL_FILE), `${gateway}\n`)),
    gateway: { ...environment('gateway'), BLOB_SPOOL_DIR: spool },
    worker: { ...environment('worker'), ...ofFiles },
    trainer: {
      ...environment('trainer'),
      ...ofFiles,
      ...(signingKey && { MODEL_SIGNING_KEY_FILE: signingKey }),
    },
  };
}

/** A program of ours. It reports over IPC that it is ready and whether the broker stores, and stops when IPC closes. */
function nodePlan({
  program,
  hearOfBroker,
  hearAnswer,
  hearEnd,
  ...options
}: {
  name: string;
  program: string;
  env: NodeJS.ProcessEnv;
  stopWithinMs: number;
  hearOfBroker: (process: string, problem: string | undefined) => void;
  hearAnswer: (process: string, answer: ChildAnswer) => void;
  hearEnd: (process: string) => void;
}): ProcessPlan {
  return {
    ...options,
    command: process.execPath,
    args: () => [program],
    ipc: true,
    onMessage: (sent) => {
      const message = sent as ChildMessage;
      if (message.type === 'broker') hearOfBroker(options.name, message.problem);
      else if (message.type !== 'ready') hearAnswer(options.name, message);
    },
    onEnd: () => {
      hearOfBroker(options.name, undefined);
      hearEnd(options.name);
    },
    whenReady: readyMessage,
    mustStart: false,
  };
}

function readyMessage(child: ChildProcess): Promise<string | undefined> {
  return new Promise((resolve) => {
    child.on('message', (message: ChildMessage) => {
      if (message.type === 'ready') resolve(message.url);
    });
  });
}

/** Where the gateways answer. A second start with the same folder tells it. */
function addressOf({ tlsCertFile, host, port }: Pick<Config, 'tlsCertFile' | 'host' | 'port'>): string {
  return `${tlsCertFile === undefined ? 'http' : 'https'}://${host}:${port}`;
}

/** Prints now and then what the start is still waiting for, until the returned function is called. */
function noteWaiting(children: readonly KeptProcess[], log: Logger): () => void {
  const waiting = new Set(children.map(({ name }) => name));
  for (const child of children) child.ready.then(() => waiting.delete(child.name));
  const timer = setInterval(() => log.info(`still waiting for: ${[...waiting].join(', ')}`), WAITING_NOTE_MS);
  return () => clearInterval(timer);
}

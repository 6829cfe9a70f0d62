/**
 * The whole system on one machine: a nats-server unless there is a broker already, workers and gateways, each
 * kept running. They are started in this order and stopped in the opposite one, so that whatever still runs finds
 * what it needs.
 */
import type { ChildProcess } from 'node:child_process';
import { join, resolve } from 'node:path';
import type { Config } from '../config.ts';
import { ConfigurationError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { takeLock } from '../processLock.js';
import { KeptProcess, type ProcessPlan } from './keptProcess.ts';
import { findNatsServer, makeDataDir, planLocalBroker } from './localBroker.ts';

/** Ctrl-C again forces the end, but not the second signal that one key press can bring. */
const FORCE_AFTER_MS = 1_000;
const WAITING_NOTE_MS = 5_000;

export interface System {
  readonly config: Config;
  /** For the children, besides NATS_URL. */
  readonly env: NodeJS.ProcessEnv;
  /** The programs that Node runs. */
  readonly gateway: string;
  readonly worker: string;
  readonly log: Logger;
  /** Registers what is to happen when the system is asked to stop. */
  readonly onInterrupt: (listener: () => void) => void;
  /** What the streams will reserve on the broker's disk. */
  readonly reservedBytes: number;
  /** Called once, when gateways and workers are ready, with the address of the gateways. */
  readonly onReady: (address: string) => void;
}

/**
 * Runs the system until it is interrupted or cannot go on.
 *
 * @returns the exit code: 0 after an interrupt, 78 for a wrong configuration, 130 if the end was forced.
 * @throws {ConfigurationError} if it cannot start
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
  /** Keeps processes running, which are stopped together. */
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
  let natsUrl = config.natsUrl;
  if (natsUrl === undefined) {
    const dataDir = resolve(config.dataDir);
    await makeDataDir(dataDir);
    opened.defer(lockDataDir(dataDir, `http://${config.host}:${config.port}`));
    const natsServer = findNatsServer();
    const brokers = keep(
      await planLocalBroker({ dataDir, natsServer, config, log, reservedBytes: system.reservedBytes }),
    );
    const outcome = await Promise.race([...brokers.map(({ ready }) => ready), end.promise]);
    if (typeof outcome === 'number') return outcome;
    natsUrl = outcome;
  }

  const env = { ...system.env, NATS_URL: natsUrl };
  // With nats-server's 1.5 s, all have left within 10 s and DRAIN_MS: 10 s after a stop most init systems kill.
  const keepAll = (name: string, count: number, program: string, stopWithinMs: number) =>
    keep(
      ...Array.from({ length: count }, (_, i) =>
        nodePlan({ name: count === 1 ? name : `${name} ${i + 1}`, program, env, stopWithinMs }),
      ),
    );
  const workers = keepAll('worker', config.workers, system.worker, 5_500);
  const gateways = keepAll('gateway', config.gateways, system.gateway, config.drainMs + 2_500);
  const all = [...gateways, ...workers];
  const stopNoting = noteWaiting(all, log);
  opened.defer(stopNoting);
  Promise.all(all.map(({ ready }) => ready)).then(([address]) => {
    stopNoting();
    if (!opened.disposed) system.onReady(address ?? '');
  });

  const exitCode = await end.promise;
  await opened.disposeAsync();
  return isForced ? 130 : exitCode;
}

/** @returns what lets the folder go again */
function lockDataDir(dataDir: string, address: string): () => void {
  const lock = takeLock(join(dataDir, 'tidings.lock'), address);
  if (lock.taken) return lock.release;
  const { pid, note } = lock.heldBy;
  throw new ConfigurationError(
    `DATA_DIR must be a folder that no other Tidings uses: process ${pid} (${note}) runs on ${dataDir}. ` +
      'Stop it, or give this one another DATA_DIR and PORT',
  );
}

/** A program of ours: it says over IPC when it is ready, and leaves when IPC closes. */
function nodePlan(options: {
  name: string;
  program: string;
  env: NodeJS.ProcessEnv;
  stopWithinMs: number;
}): ProcessPlan {
  return {
    ...options,
    command: process.execPath,
    args: () => [options.program],
    ipc: true,
    whenReady: readyMessage,
    mustStart: false,
  };
}

function readyMessage(child: ChildProcess): Promise<string | undefined> {
  return new Promise((resolve) => {
    child.on('message', (message: { readonly type?: unknown; readonly url?: unknown }) => {
      if (message.type === 'ready') resolve(typeof message.url === 'string' ? message.url : undefined);
    });
  });
}

/** Says now and then what the start is still waiting for, until the returned function is called. */
function noteWaiting(children: readonly KeptProcess[], log: Logger): () => void {
  const waiting = new Set(children.map(({ name }) => name));
  for (const child of children) child.ready.then(() => waiting.delete(child.name));
  const timer = setInterval(() => log.info(`still waiting for: ${[...waiting].join(', ')}`), WAITING_NOTE_MS);
  return () => clearInterval(timer);
}

/**
 * What the gateway and the worker share as processes: signals, the parent's channel, exit codes.
 *
 * They leave in order on SIGTERM, SIGINT, or when the supervisor that started them is gone; a wrong configuration ends
 * them with exit code 78, anything unforeseen with 1. Called by the two mains only.
 */
import { flushCompileCache } from 'node:module';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { ConfigurationError, EXIT_CONFIGURATION, messageOf } from '../contract/errors.ts';
import { logFatal } from './log.ts';

export interface ProcessContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted when the process shall leave. */
  readonly stopping: AbortSignal;
  /** Aborted when it shall leave at once: it was told again, or its supervisor is gone. */
  readonly hurrying: AbortSignal;
  /** Resolves then. */
  readonly stopped: Promise<void>;
  /** Tells the supervisor, if there is one, that the process serves. */
  readonly ready: (details: Pick<ChildMessage, 'url'>) => void;
  /**
   * Tells the supervisor, if there is one, now and then whether the broker stores what it is given: it restarts a broker
   * of its own that does not.
   *
   * @param check rejects with the reason if a broker that is connected does not.
   */
  readonly reportBroker: (broker: { readonly connected: boolean }, check: () => Promise<void>) => Disposable;
}

/** What gateways and workers tell the supervisor. */
export interface ChildMessage {
  readonly type: 'ready' | 'broker';
  /** Of the gateway that is ready. */
  readonly url?: string;
  /** Of the broker, if there is one. */
  readonly problem?: string;
}

/** One wish to stop can come as two signals, as from an init system that tells the supervisor and its children. */
const SAME_WISH_MS = 1_000;
const BROKER_REPORT_MS = 5_000;

export async function runProcess(
  name: string,
  body: (context: ProcessContext) => Promise<void>,
): Promise<never> {
  const stop = new AbortController();
  const hurry = new AbortController();
  const stopped = Promise.withResolvers<void>();
  let toldAt = Number.POSITIVE_INFINITY;
  stop.signal.addEventListener('abort', () => stopped.resolve());
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (performance.now() - toldAt > SAME_WISH_MS) hurry.abort();
      toldAt = Math.min(toldAt, performance.now());
      stop.abort();
    });
  }
  process.on('disconnect', () => {
    hurry.abort();
    stop.abort();
  });
  try {
    await body({
      env: process.env,
      stopping: stop.signal,
      hurrying: hurry.signal,
      stopped: stopped.promise,
      ready(details) {
        tellSupervisor({ type: 'ready', ...details });
        // Otherwise kept at an orderly exit only: a process that is killed would compile everything again.
        flushCompileCache();
      },
      reportBroker,
    });
    process.exit(0);
  } catch (error) {
    // Whatever was interrupted by the wish to stop is no failure.
    if (stop.signal.aborted) process.exit(0);
    logFatal(error, name, process.env);
    process.exit(error instanceof ConfigurationError ? EXIT_CONFIGURATION : 1);
  }
}

function tellSupervisor(message: ChildMessage): void {
  if (process.connected) process.send?.(message);
}

function reportBroker(broker: { readonly connected: boolean }, check: () => Promise<void>): Disposable {
  const report = async () => {
    const problem = await check().then(() => undefined, messageOf);
    // One that is away is started again as it is, and one that starts has to read what it stores.
    tellSupervisor(
      broker.connected && problem !== undefined ? { type: 'broker', problem } : { type: 'broker' },
    );
  };
  // Without a supervisor nobody would hear it.
  const timer =
    process.send === undefined ? undefined : setInterval(() => void report(), BROKER_REPORT_MS).unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/**
 * Gives back what starting took. Until the first full collection V8 does not know how little stays alive, and lets
 * garbage grow to a limit of its own: 70 MiB more in a gateway under load. A worker makes too little for that.
 */
export function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
}

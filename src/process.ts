/**
 * What the gateway and the worker share as processes: signals, the parent's channel, exit codes.
 *
 * They leave in order on SIGTERM, SIGINT, or when the supervisor that started them is gone; a wrong configuration ends
 * them with exit code 78, anything unforeseen with 1. Called by the two mains only.
 */
import { flushCompileCache } from 'node:module';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { ConfigurationError, EXIT_CONFIGURATION } from './errors.ts';

export interface ProcessContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted when the process shall leave. */
  readonly stopping: AbortSignal;
  /** Aborted when it shall leave at once: it was told again, or its supervisor is gone. */
  readonly hurrying: AbortSignal;
  /** Resolves then. */
  readonly stopped: Promise<void>;
  /** Tells the supervisor, if there is one, that the process serves. */
  readonly ready: (details: Readonly<Record<string, unknown>>) => void;
}

/** One wish to stop can come as two signals, as from an init system that tells the supervisor and its children. */
const SAME_WISH_MS = 1_000;

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
        process.send?.({ type: 'ready', ...details });
        // Otherwise kept at an orderly exit only: a process that is killed would compile everything again.
        flushCompileCache();
      },
    });
    process.exit(0);
  } catch (error) {
    // Whatever was interrupted by the wish to stop is no failure.
    if (stop.signal.aborted) process.exit(0);
    if (error instanceof ConfigurationError) {
      console.error(`${name}: ${error.message}`);
      process.exit(EXIT_CONFIGURATION);
    }
    console.error(`${name}:`, error);
    process.exit(1);
  }
}

/**
 * Gives back what starting took. Until the first full collection V8 does not know how little stays alive, and lets
 * garbage grow to a limit of its own: 70 MiB more in a gateway under load. A worker makes too little for that.
 */
export function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
}

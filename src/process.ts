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
import { printableLines } from './printable.ts';

export interface ProcessContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted when the process shall leave. */
  readonly stopping: AbortSignal;
  /** Resolves then. */
  readonly stopped: Promise<void>;
  /** Tells the supervisor, if there is one, that the process serves. */
  readonly ready: (details: Readonly<Record<string, unknown>>) => void;
}

export async function runProcess(
  name: string,
  body: (context: ProcessContext) => Promise<void>,
): Promise<never> {
  const stop = new AbortController();
  const stopped = Promise.withResolvers<void>();
  stop.signal.addEventListener('abort', () => stopped.resolve());
  for (const event of ['SIGTERM', 'SIGINT', 'disconnect'] as const) process.on(event, () => stop.abort());
  try {
    await body({
      env: process.env,
      stopping: stop.signal,
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
      console.error(printableLines(`${name}: ${error.message}`));
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

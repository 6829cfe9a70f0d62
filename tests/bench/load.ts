/** The two kinds of load: clients that wait for their result before they go on, and arrivals that wait for nobody. */
import { Worker } from 'node:worker_threads';
import { elapsed } from './benchmark.ts';
import type { Exchange } from './questions.ts';

export interface Load extends AsyncDisposable {
  /** Measures from now on. One window at a time. */
  openWindow(): LoadWindow;
  /** Never resolves; rejects as soon as an exchange has failed. */
  readonly failed: Promise<never>;
}

export interface LoadWindow {
  /** Ends the window. @returns the latency of each exchange that belongs to it, in milliseconds. */
  close(): Promise<readonly number[]>;
}

/** Lets a load go on. @throws what an exchange threw meanwhile. */
export async function keepUp({ failed }: Pick<Load, 'failed'>, ms: number): Promise<void> {
  await Promise.race([elapsed(ms), failed]);
}

/** Milliseconds on a clock that all threads share. */
export function clockMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** One client an exchange, each of which asks again as soon as it has its result. A window has what ended in it. */
export function closedLoop(exchanges: readonly Exchange[]): Load {
  let stopped = false;
  let latencies: number[] | undefined;
  const failure = Promise.withResolvers<never>();
  failure.promise.catch(() => {});
  const client = async (exchange: Exchange, first: number) => {
    for (let row = first; !stopped; row += exchanges.length) {
      const startedAt = clockMs();
      await exchange(row);
      latencies?.push(clockMs() - startedAt);
    }
  };
  const clients = Promise.all(exchanges.map(client)).catch(failure.reject);
  return {
    failed: failure.promise,
    openWindow() {
      const window: number[] = [];
      latencies = window;
      return {
        async close() {
          latencies = undefined;
          return window;
        },
      };
    },
    async [Symbol.asyncDispose]() {
      stopped = true;
      await clients;
    },
  };
}

/**
 * Arrivals at random, `perSecond` on the average, whatever becomes of those before: a Poisson process. A window has what
 * was due in it, and ends with the last of these. Latency counts from the instant an arrival was due, not from when the
 * client came to it, so that a stall shows in all that it delayed.
 *
 * A thread of its own keeps the time, because timers of Node are up to a millisecond late.
 */
export function openLoop(exchange: Exchange, perSecond: number): Load {
  const metronome = new Worker(new URL('metronome.ts', import.meta.url), { workerData: { perSecond } });
  const failure = Promise.withResolvers<never>();
  failure.promise.catch(() => {});
  metronome.on('error', failure.reject);
  const underWay = new Set<Promise<void>>();
  let window: { readonly latencies: Promise<number>[] } | undefined;
  let row = 0;
  metronome.on('message', (dueMs: number) => {
    const latency = exchange(row++).then(() => clockMs() - dueMs);
    const ended: Promise<void> = latency.then(
      () => void underWay.delete(ended),
      (error) => failure.reject(error),
    );
    underWay.add(ended);
    window?.latencies.push(latency);
  });
  return {
    failed: failure.promise,
    openWindow() {
      const opened = { latencies: [] };
      window = opened;
      return {
        close() {
          window = undefined;
          return Promise.race([Promise.all(opened.latencies), failure.promise]);
        },
      };
    },
    async [Symbol.asyncDispose]() {
      await metronome.terminate();
      await Promise.all(underWay);
    },
  };
}

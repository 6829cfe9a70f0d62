/** The two kinds of load: clients that wait for each result, and arrivals that do not wait for earlier ones. */
import { Worker } from 'node:worker_threads';
import { elapsed } from './benchmark.ts';
import type { Exchange } from './questions.ts';

export interface Load extends AsyncDisposable {
  /** Starts a measurement. Only one window can be open. */
  openWindow(): LoadWindow;
  /** Never resolves. Rejects as soon as an exchange has failed. */
  readonly failed: Promise<never>;
}

export interface LoadWindow {
  /** Ends the window. @returns the latency of each exchange that belongs to it, in milliseconds. */
  close(): Promise<readonly number[]>;
}

/** Lets a load run for some time. @throws the error of an exchange that failed meanwhile. */
export async function keepUp({ failed }: Pick<Load, 'failed'>, ms: number): Promise<void> {
  await Promise.race([elapsed(ms), failed]);
}

/** Milliseconds on a clock that all threads share. */
export function clockMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** One client for each exchange. It repeats as soon as it has a result. A window has the exchanges that ended in it. */
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
 * Random arrivals, `perSecond` on average, independent of earlier ones: a Poisson process. A window has the exchanges
 * that were due in it, and ends with the last of them. Latency counts from the instant at which an arrival was due, not
 * from when the client sent it, so that a stall is visible in every exchange that it delayed.
 *
 * Another thread keeps the time, because timers of Node are up to a millisecond late.
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

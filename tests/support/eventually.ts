/** Waiting for a system that takes its own time: always with a limit, and with a failure that shows what came instead. */
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';

/** Longer than anything takes on a busy machine, and shorter than the time of a test, whose failure shows less. */
export const PATIENCE_MS = 60_000;

/**
 * Between two questions, because asking takes the time of a core from what is waited for. The pause grows with the
 * wait, by a tenth of it.
 */
const SHORTEST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 50;
/** Of an answer or of what a process wrote. */
const SHOWN_CHARACTERS = 4_000;

/**
 * Asks again and again, each time a moment after the answer before, until the answer fits.
 *
 * @throws with the last answer and how long was asked.
 */
export async function eventually<T>(
  ask: () => Promise<T> | T,
  fits: (answer: T) => boolean,
  limitMs = PATIENCE_MS,
): Promise<T> {
  const began = performance.now();
  const until = began + limitMs;
  let count = 0;
  let last: T | undefined;
  const failure = () => `no answer fitted within ${limitMs} ms. The last of ${count} was: ${shown(last)}`;
  for (;;) {
    const answer = await within(until - performance.now(), Promise.resolve(ask()), failure);
    if (fits(answer)) return answer;
    count++;
    last = answer;
    const now = performance.now();
    if (now >= until) throw new Error(failure());
    await sleep(Math.min(LONGEST_PAUSE_MS, Math.max(SHORTEST_PAUSE_MS, (now - began) / 10)));
  }
}

/**
 * What a promise brings.
 *
 * @param failure says what was waited for, and what was seen instead.
 * @throws with it when the limit is over.
 */
export async function within<T>(limitMs: number, promise: Promise<T>, failure: () => string): Promise<T> {
  const timer = new AbortController();
  const over = Symbol('over');
  const limit = sleep(limitMs, over, { signal: timer.signal });
  limit.catch(() => {});
  try {
    const first = await Promise.race([promise, limit]);
    if (first === over) throw new Error(failure());
    return first as T;
  } finally {
    timer.abort();
  }
}

/** A value for a failure, cut where it is long. */
export function shown(value: unknown): string {
  return inspect(value, { depth: 8, maxArrayLength: 20 }).slice(0, SHOWN_CHARACTERS);
}

/** The end of what a process wrote. */
export function tailOf(output: string): string {
  return output.length === 0 ? '(nothing)' : output.slice(-SHOWN_CHARACTERS);
}

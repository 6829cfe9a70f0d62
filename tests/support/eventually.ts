/** Waits for a system without fixed times: with a limit, and with a failure that shows the last state. */
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';

/** Longer than any step on a busy machine, and shorter than the limit of a test, whose failure shows less. */
export const PATIENCE_MS = 60_000;

/**
 * The pause between two tries, because tries without a pause would use a whole core. It grows with the wait, by a tenth
 * of it.
 */
const SHORTEST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 50;
/** The most characters of an answer or of output in a failure. */
const SHOWN_CHARACTERS = 4_000;

/**
 * Asks repeatedly, with a short pause after each answer, until the answer fits.
 *
 * @throws with the last answer and the time limit.
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
    // The time may have ended during the pause.
    const leftMs = Math.max(0, until - performance.now());
    const answer = await within(leftMs, Promise.resolve(ask()), failure);
    if (fits(answer)) return answer;
    count++;
    last = answer;
    const now = performance.now();
    if (now >= until) throw new Error(failure());
    await sleep(Math.min(LONGEST_PAUSE_MS, Math.max(SHORTEST_PAUSE_MS, (now - began) / 10)));
  }
}

/**
 * The value of a promise.
 *
 * @param failure the message, with what was expected and what was seen instead.
 * @throws with that message when the limit is over.
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

/** A value for the message of a failure. A long one is cut. */
export function shown(value: unknown): string {
  return inspect(value, { depth: 8, maxArrayLength: 20 }).slice(0, SHOWN_CHARACTERS);
}

/** The end of a process's output. */
export function tailOf(output: string): string {
  return output.length === 0 ? '(nothing)' : output.slice(-SHOWN_CHARACTERS);
}

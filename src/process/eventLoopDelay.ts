/**
 * How late the event loop of this process is, in windows of a fixed length, so that readers do not disturb each other. It is
 * measured from the first question on: its timer would wake up an idle process that nobody asks.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';

/** In milliseconds. */
export interface MeasuredDelay {
  readonly longest: number;
  /** The 99th percentile. */
  readonly p99: number;
}

const RESOLUTION_MS = 20;
const NANOSECONDS_PER_MS = 1e6;
const NONE: MeasuredDelay = { longest: 0, p99: 0 };

export class EventLoopDelay implements Disposable {
  readonly #windowMs: number;
  #measured: ReturnType<typeof monitorEventLoopDelay> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #last = NONE;

  /** @param options.windowMs the length of a window. */
  constructor({ windowMs }: { readonly windowMs: number }) {
    this.#windowMs = windowMs;
  }

  /** The delays in the last whole window; none before there is one. */
  read(): MeasuredDelay {
    if (this.#measured === undefined) {
      const measured = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
      measured.enable();
      this.#measured = measured;
      this.#timer = setInterval(() => {
        this.#last = { longest: delayOf(measured.max), p99: delayOf(measured.percentile(99)) };
        measured.reset();
      }, this.#windowMs).unref();
    }
    return this.#last;
  }

  /** Ends the measuring, until the next question. */
  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#measured?.disable();
    this.#measured = undefined;
    this.#last = NONE;
  }
}

/** The histogram holds the time between two timers, of which the resolution is no delay. */
function delayOf(intervalNs: number): number {
  return Math.max(0, intervalNs / NANOSECONDS_PER_MS - RESOLUTION_MS);
}

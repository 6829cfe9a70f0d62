/**
 * How late the event loop of this process is. It is measured from the first question on: its timer would wake up an idle
 * process that nobody asks.
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

export class EventLoopDelay implements Disposable {
  #measured: ReturnType<typeof monitorEventLoopDelay> | undefined;

  /** The delays since the last question; none at the first. */
  take(): MeasuredDelay {
    if (this.#measured === undefined) {
      this.#measured = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
      this.#measured.enable();
      return { longest: 0, p99: 0 };
    }
    const measured = { longest: delayOf(this.#measured.max), p99: delayOf(this.#measured.percentile(99)) };
    this.#measured.reset();
    return measured;
  }

  /** Ends the measuring, until the next question. */
  [Symbol.dispose](): void {
    this.#measured?.disable();
    this.#measured = undefined;
  }
}

/** The histogram holds the time between two timers, of which the resolution is no delay. */
function delayOf(intervalNs: number): number {
  return Math.max(0, intervalNs / NANOSECONDS_PER_MS - RESOLUTION_MS);
}

/**
 * The broker's time. Deadlines are compared in it, so the clocks of gateways and workers need not agree.
 *
 * Each reply of the broker that carries its time gives an estimate of the offset between its clock and this process's
 * monotonic clock. Of the last few estimates, the one with the shortest round trip is used, because its error is
 * smallest.
 */
interface Sample {
  readonly offsetMs: number;
  readonly roundTripMs: number;
}

const SAMPLES_KEPT = 8;

export class BrokerClock {
  #samples: readonly Sample[] = [];
  /** Before the first sample this is the wall clock. */
  #offsetMs = performance.timeOrigin;

  /** Of the last question. */
  get roundTripMs(): number | undefined {
    return this.#samples.at(-1)?.roundTripMs;
  }

  /** Milliseconds since the epoch. */
  now(): number {
    return performance.now() + this.#offsetMs;
  }

  /**
   * @param brokerTime the time in the reply, in milliseconds since the epoch.
   * @param sentAt when the request left, and `receivedAt` when the reply came, both of `performance.now()`.
   */
  learn(brokerTime: number, sentAt: number, receivedAt: number): void {
    const sample = { offsetMs: brokerTime - (sentAt + receivedAt) / 2, roundTripMs: receivedAt - sentAt };
    this.#samples = [...this.#samples, sample].slice(-SAMPLES_KEPT);
    this.#offsetMs = this.#samples.reduce((best, next) =>
      next.roundTripMs < best.roundTripMs ? next : best,
    ).offsetMs;
  }

  /** Drops the samples: from now on another server, with another clock, may answer. */
  forget(): void {
    this.#samples = [];
  }
}

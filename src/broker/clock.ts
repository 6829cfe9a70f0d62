/**
 * The broker's time. Deadlines are compared in it, so that clocks of gateways and workers need not agree.
 *
 * Each reply of the broker that carries its time gives one estimate of the offset between its clock and this
 * process's monotonic clock; the one with the shortest round trip among the last few errs least.
 */
interface Sample {
  readonly offsetMs: number;
  readonly roundTripMs: number;
}

const SAMPLES_KEPT = 8;

export class BrokerClock {
  #samples: readonly Sample[] = [];
  /** Until the first sample the wall clock must do. */
  #offsetMs = performance.timeOrigin;

  /** Milliseconds since the epoch. */
  now(): number {
    return performance.now() + this.#offsetMs;
  }

  /**
   * @param brokerTime milliseconds since the epoch, as the reply said.
   * @param sentAt when the request left and `receivedAt` when the reply came, both of `performance.now()`.
   */
  learn(brokerTime: number, sentAt: number, receivedAt: number): void {
    const sample = { offsetMs: brokerTime - (sentAt + receivedAt) / 2, roundTripMs: receivedAt - sentAt };
    this.#samples = [...this.#samples, sample].slice(-SAMPLES_KEPT);
    this.#offsetMs = this.#samples.reduce((best, next) =>
      next.roundTripMs < best.roundTripMs ? next : best,
    ).offsetMs;
  }

  /** Another server may answer from now on, whose clock may differ. */
  forget(): void {
    this.#samples = [];
  }
}

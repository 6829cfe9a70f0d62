/** Whether a worker or a trainer takes work, and if not, why. */
import type { Broker } from '../broker/broker.ts';

export class WorkReadiness {
  #broker: Pick<Broker, 'connected'> | undefined;
  #stage: string | undefined = 'it is starting';

  /** The broker was reached. */
  reached(broker: Pick<Broker, 'connected'>): void {
    this.#broker = broker;
  }

  ready(): void {
    this.#stage = undefined;
  }

  stop(): void {
    this.#stage = 'it was told to stop';
  }

  get problem(): string | undefined {
    if (this.#broker === undefined) return 'waiting for the broker';
    return this.#broker.connected ? this.#stage : 'the connection to the broker is lost';
  }
}

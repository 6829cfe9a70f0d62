/** The workers that live, as a gateway hears of them: core NATS messages that say so every second. */
import type { Broker, Listening } from './broker/broker.ts';
import { PRESENCE_TTL_MS, type WorkerPresence } from './protocol.ts';

export class LiveWorkers implements Disposable {
  readonly #heard = new Map<string, { presence: WorkerPresence; at: number }>();
  readonly #listening: Listening;

  constructor(broker: Broker) {
    this.#listening = broker.listenWorkers({
      present: (presence) => this.#heard.set(presence.id, { presence, at: performance.now() }),
      left: (id) => this.#heard.delete(id),
    });
  }

  /** Those heard of within `PRESENCE_TTL_MS`, by id. */
  list(): readonly WorkerPresence[] {
    const oldest = performance.now() - PRESENCE_TTL_MS;
    for (const [id, { at }] of this.#heard) if (at < oldest) this.#heard.delete(id);
    return [...this.#heard.values()]
      .map(({ presence }) => presence)
      .toSorted((a, b) => (a.id < b.id ? -1 : 1));
  }

  [Symbol.dispose](): void {
    this.#listening[Symbol.dispose]();
  }
}

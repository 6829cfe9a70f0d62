/** The live workers as this gateway knows them. Each announces itself every second in a core NATS message. */
import type { Broker, Listening } from '../broker/broker.ts';
import { PRESENCE_TTL_MS, type WorkerPresence } from '../contract/messages/presence.ts';

/** One queue cannot serve more. Made-up ids must not fill the memory. */
const MAX_WORKERS = 10_000;

export class LiveWorkers implements Disposable {
  readonly #heard = new Map<string, { presence: WorkerPresence; at: number }>();
  readonly #listening: Listening;

  constructor(broker: Broker) {
    this.#listening = broker.notices.listenWorkers({
      present: (presence) => this.#hear(presence),
      left: (id) => this.#heard.delete(id),
    });
  }

  /** The workers that announced themselves within `PRESENCE_TTL_MS`, by id. */
  list(): readonly WorkerPresence[] {
    this.#forgetSilent();
    return [...this.#heard.values()]
      .map(({ presence }) => presence)
      .toSorted((a, b) => (a.id < b.id ? -1 : 1));
  }

  #hear(presence: WorkerPresence): void {
    if (this.#heard.size >= MAX_WORKERS && !this.#heard.has(presence.id)) {
      this.#forgetSilent();
      if (this.#heard.size >= MAX_WORKERS) return;
    }
    this.#heard.set(presence.id, { presence, at: performance.now() });
  }

  #forgetSilent(): void {
    const oldest = performance.now() - PRESENCE_TTL_MS;
    for (const [id, { at }] of this.#heard) if (at < oldest) this.#heard.delete(id);
  }

  [Symbol.dispose](): void {
    this.#listening[Symbol.dispose]();
  }
}

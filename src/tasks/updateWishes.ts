/**
 * Tells workers which gateways have clients that watch each change of a task. Workers announce runs to these at once, and
 * to others only if a run takes longer.
 */
import type { Broker } from '../broker/broker.ts';

/** Workers remember a wish for longer. */
const REPEAT_MS = 2_000;

export class UpdateWishes implements Disposable {
  readonly #broker: Pick<Broker, 'notices'>;
  /** The number of watches by the home of their tasks. */
  readonly #watches = new Map<string, number>();
  /** While there are watches. */
  #repeating: NodeJS.Timeout | undefined;

  constructor({ broker }: { readonly broker: Pick<Broker, 'notices'> }) {
    this.#broker = broker;
  }

  /** A client watches a task of a home, until the returned value is disposed. */
  add(home: string): Disposable {
    this.#watches.set(home, (this.#watches.get(home) ?? 0) + 1);
    if (this.#watches.get(home) === 1) this.#broker.notices.wantUpdates(home);
    this.#repeating ??= setInterval(() => this.#repeat(), REPEAT_MS).unref();
    return { [Symbol.dispose]: () => this.#remove(home) };
  }

  [Symbol.dispose](): void {
    clearInterval(this.#repeating);
  }

  #remove(home: string): void {
    const left = (this.#watches.get(home) ?? 1) - 1;
    if (left > 0) this.#watches.set(home, left);
    else this.#watches.delete(home);
    if (this.#watches.size > 0) return;
    clearInterval(this.#repeating);
    this.#repeating = undefined;
  }

  #repeat(): void {
    for (const home of this.#watches.keys()) this.#broker.notices.wantUpdates(home);
  }
}

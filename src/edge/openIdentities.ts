/**
 * Ends what clients have open once their key or token counts no longer. It looks once a second at those that can end. So
 * no message costs anything, and a revoked key is cut off within two seconds.
 */
import type { Identity, IdentityEnd } from '../contract/principal.ts';

const LOOK_EVERY_MS = 1_000;

interface Open {
  readonly endedBy: () => IdentityEnd | undefined;
  readonly end: (why: IdentityEnd) => void;
}

const NOTHING: Disposable = { [Symbol.dispose]() {} };

export class OpenIdentities implements Disposable {
  readonly #open = new Set<Open>();
  readonly #timer: NodeJS.Timeout;

  constructor() {
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS).unref();
  }

  /**
   * @param end is called once, if the identity ends first.
   * @returns forgets it when disposed.
   */
  add({ endedBy }: Identity, end: (why: IdentityEnd) => void): Disposable {
    if (endedBy === undefined) return NOTHING;
    const open = { endedBy, end };
    this.#open.add(open);
    return { [Symbol.dispose]: () => this.#open.delete(open) };
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    for (const open of this.#open) {
      const why = open.endedBy();
      if (why === undefined) continue;
      this.#open.delete(open);
      open.end(why);
    }
  }
}

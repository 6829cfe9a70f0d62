/**
 * Keeps the store of dead letters from being filled by the tasks of one owner. Once three quarters of it are taken, the
 * oldest letters of the owners that have most are removed, until half of it is free. Then each owner has the same, or
 * less.
 *
 * Nothing is remembered: the letters tell whose they are. They are rare, so they are read only when there are too many.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Broker } from '../broker/broker.ts';
import { messageOf } from '../contract/errors.ts';
import type { DeadLetter } from '../contract/messages/deadLetter.ts';
import type { Owner } from '../contract/owner.ts';
import type { Model } from '../models/models.ts';
import type { Logger } from '../process/log.ts';
import { jobIn } from './deadLetters.ts';

export interface DeadLetterSharesOptions {
  readonly broker: Pick<Broker, 'deadLetters'>;
  readonly models: readonly Model[];
  readonly log: Logger;
}

/** Parts of the store. */
const TOO_MUCH = 3 / 4;
const ENOUGH = 1 / 2;
/** After a letter was stored. Gateways wait for different times, so that mostly one of them makes room. */
const LOOK_AFTER_MS = { least: 500, most: 3_000 };

export class DeadLetterShares implements AsyncDisposable {
  readonly #options: DeadLetterSharesOptions;
  readonly #stop = new AbortController();
  readonly #listening = new DisposableStack();
  #looking: Promise<void> | undefined;

  private constructor(options: DeadLetterSharesOptions) {
    this.#options = options;
  }

  /** Resolves once it hears of new letters. */
  static async open(options: DeadLetterSharesOptions): Promise<DeadLetterShares> {
    const shares = new DeadLetterShares(options);
    const { broker, models } = options;
    const listenings = models.map(({ manifest }) =>
      broker.deadLetters.listen(manifest.name, () => shares.#lookSoon()),
    );
    for (const listening of await Promise.all(listenings)) shares.#listening.use(listening);
    shares.#lookSoon();
    return shares;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listening[Symbol.dispose]();
    this.#stop.abort();
    await this.#looking;
  }

  #lookSoon(): void {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
  }

  async #look(): Promise<void> {
    const { signal } = this.#stop;
    const { least, most } = LOOK_AFTER_MS;
    try {
      await sleep(least + Math.random() * (most - least), undefined, { signal, ref: false });
      const { bytes, maxBytes } = await this.#options.broker.deadLetters.held();
      if (bytes > TOO_MUCH * maxBytes) await this.#makeRoom(ENOUGH * maxBytes);
    } catch (error) {
      // The next letter is a reason to try again.
      if (!signal.aborted)
        this.#options.log.warn({ reason: messageOf(error) }, 'no room could be made for dead letters');
    }
  }

  /** @param together the bytes that all may have. */
  async #makeRoom(together: number): Promise<void> {
    const { broker, log } = this.#options;
    const had = new Map<Owner, number>();
    for await (const { letter, bytes } of this.#letters()) {
      const owner = ownerOf(letter);
      had.set(owner, (had.get(owner) ?? 0) + bytes);
    }
    const level = levelOf([...had.values()], together);
    const excess = new Map([...had].map(([owner, bytes]) => [owner, bytes - level]));
    let removed = 0;
    for await (const { letter, bytes } of this.#letters()) {
      const owner = ownerOf(letter);
      const left = excess.get(owner) ?? 0;
      if (left <= 0) continue;
      await broker.deadLetters.remove({ model: letter.model, id: letter.taskId });
      excess.set(owner, left - bytes);
      removed++;
    }
    log.warn(
      { removed },
      'removed old dead letters of the owners that have most: their store was nearly full',
    );
  }

  async *#letters() {
    for await (const each of this.#options.broker.deadLetters.all()) {
      if (this.#stop.signal.aborted) return;
      yield each;
    }
  }
}

/** The letters whose job cannot be read count as those of one owner. */
function ownerOf(letter: DeadLetter): Owner {
  try {
    return jobIn(letter).owner;
  } catch {
    return '';
  }
}

/** How much each may have at most, so that all together have so much. @param parts what each has. */
export function levelOf(parts: readonly number[], together: number): number {
  let left = together;
  for (const [i, part] of parts.toSorted((a, b) => a - b).entries()) {
    const level = left / (parts.length - i);
    if (part >= level) return level;
    left -= part;
  }
  return Number.POSITIVE_INFINITY;
}

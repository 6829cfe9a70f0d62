/** Random choices from a seed: the same seed always gives the same choices. */
import { createHash } from 'node:crypto';
import { seededRandom } from '../support/random.ts';

const STEPS = 2 ** 32;

export class Random {
  readonly #number: (below: number) => number;

  /** @param seed any text. */
  constructor(seed: string) {
    this.#number = seededRandom(createHash('sha256').update(seed).digest().readUInt32LE()).number;
  }

  below(limit: number): number {
    return this.#number(limit);
  }

  between(least: number, limit: number): number {
    return least + (this.#number(STEPS) / STEPS) * (limit - least);
  }

  chance(probability: number): boolean {
    return this.between(0, 1) < probability;
  }

  pick<T>(items: readonly [T, ...T[]]): T {
    return items[this.#number(items.length)] ?? items[0];
  }
}

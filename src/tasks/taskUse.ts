/** What a task uses of what its owner may use: counted from its submission, and given back at its end. */
import type { Owner } from '../contract/owner.ts';
import type { QuotaHolder } from '../contract/quotas.ts';
import type { OwnerCounts } from './ownerCounts.ts';

export interface TaskUseOptions extends QuotaHolder {
  readonly counts: Pick<OwnerCounts, 'add'>;
}

export class TaskUse implements QuotaHolder, Disposable {
  readonly owner: Owner;
  readonly limitedKey: string | undefined;
  readonly #counts: TaskUseOptions['counts'];
  #amounts: readonly { readonly name: string; readonly amount: number }[] = [];
  #isKept = false;
  #whenKept: readonly { readonly name: string; readonly action: () => () => void }[] = [];
  #undos: readonly (() => void)[] = [];

  constructor({ owner, limitedKey, counts }: TaskUseOptions) {
    this.owner = owner;
    this.limitedKey = limitedKey;
    this.#counts = counts;
  }

  /** Counts an amount, unless one of that name is counted already: a retry is admitted once more. */
  add(name: string, amount: number): void {
    if (this.#amounts.some((counted) => counted.name === name)) return;
    this.#counts.add(this.owner, name, amount);
    this.#amounts = [...this.#amounts, { name, amount }];
  }

  /** The task is followed from now on: its end gives the amounts back, instead of the end of its submission. */
  keep(): void {
    this.#isKept = true;
    this.#undos = this.#whenKept.map(({ action }) => action());
    this.#whenKept = [];
  }

  /**
   * @param action is done once the task is followed, unless there is one of that name already. What it returns undoes it
   *   if the task was not stored.
   */
  whenKept(name: string, action: () => () => void): void {
    if (this.#whenKept.some((other) => other.name === name)) return;
    this.#whenKept = [...this.#whenKept, { name, action }];
  }

  /** The task was not stored. */
  undo(): void {
    for (const undo of this.#undos) undo();
    this.#undos = [];
  }

  /** Gives the amounts back. */
  release(): void {
    for (const { name, amount } of this.#amounts) this.#counts.add(this.owner, name, -amount);
    this.#amounts = [];
  }

  /** Gives the amounts back at the end of a submission from which no followed task came. */
  [Symbol.dispose](): void {
    if (!this.#isKept) this.release();
  }
}

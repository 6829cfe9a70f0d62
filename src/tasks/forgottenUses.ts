/**
 * What tasks use of the quotas of their owners after this gateway has forgotten them: their ends may have been lost with
 * a connection. It is given back once the end of a task is read or heard, and at the latest after its deadline.
 */
import type { Broker } from '../broker/broker.ts';
import { RequestError } from '../contract/errors.ts';
import type { OpenTask } from './openTask.ts';

export interface ForgottenUsesOptions {
  readonly broker: { readonly ends: Pick<Broker['ends'], 'peekTask'> };
}

const READS_AT_ONCE = 64;

export class ForgottenUses {
  readonly #broker: ForgottenUsesOptions['broker'];
  readonly #tasks = new Map<string, OpenTask>();

  constructor({ broker }: ForgottenUsesOptions) {
    this.#broker = broker;
  }

  /** The task counts for its owner until `release`. */
  add(open: OpenTask): void {
    if (open.use !== undefined) this.#tasks.set(open.address.id, open);
  }

  release(id: string): void {
    this.#tasks.get(id)?.use?.release();
    this.#tasks.delete(id);
  }

  /** Releases the tasks that have ended. What the broker does not answer stays until the deadline of the task. */
  async readEnds(): Promise<void> {
    const tasks = [...this.#tasks.values()];
    try {
      for (let from = 0; from < tasks.length; from += READS_AT_ONCE)
        await Promise.all(tasks.slice(from, from + READS_AT_ONCE).map((open) => this.#readEnd(open)));
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
    }
  }

  /** @param latest the tasks with an earlier deadline have ended, in milliseconds since the epoch. */
  releaseDueBefore(latest: number): void {
    for (const [id, { deadline }] of this.#tasks) if (deadline < latest) this.release(id);
  }

  async #readEnd({ address, task }: OpenTask): Promise<void> {
    if ((await this.#broker.ends.peekTask(address, task.owner)) !== undefined) this.release(address.id);
  }
}

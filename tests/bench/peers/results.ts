/** The results that a peer's gateway hears of, for the subscriptions that ask for them. Either may come first. */
import type { PeerTask } from './taskGateway.ts';

export class Results {
  readonly #results = new Map<string, PromiseWithResolvers<PeerTask>>();

  arrived(task: PeerTask): void {
    this.#of(task.id).resolve(task);
  }

  failed(id: string, reason: string): void {
    this.#of(id).reject(new Error(`task ${id} failed: ${reason}`));
  }

  /** Resolves once the result is there. It is then forgotten, since a load asks for it once. */
  take(id: string): Promise<PeerTask> {
    return this.#of(id).promise.finally(() => this.#results.delete(id));
  }

  #of(id: string): PromiseWithResolvers<PeerTask> {
    const known = this.#results.get(id);
    if (known !== undefined) return known;
    const result = Promise.withResolvers<PeerTask>();
    // A failure may come before anybody asks for the result.
    result.promise.catch(() => {});
    this.#results.set(id, result);
    return result;
  }
}

/** The tasks that one subscriber watches together: each has a watch of its own, whose states are shown in one. */
import { RequestError, RequestErrorCode } from '../contract/errors.ts';
import type { ReadingClient } from '../contract/principal.ts';
import { ManyTasksWatch } from './manyTasksWatch.ts';
import type { TaskWatch } from './taskWatch.ts';
import type { TaskWatches } from './taskWatches.ts';

export interface FollowedTasksOptions {
  readonly watches: Pick<TaskWatches, 'watch'>;
  readonly onClose: () => void;
}

/** Refusals that concern one task. The others are shown all the same. */
const OF_ONE_TASK: ReadonlySet<RequestErrorCode> = new Set([
  RequestErrorCode.TaskNotFound,
  RequestErrorCode.ResultExpired,
  RequestErrorCode.NewerGatewayNeeded,
]);
/** Watches that are opened at once: one of another gateway's task asks the broker. */
const OPENED_AT_ONCE = 64;

export class FollowedTasks {
  /** What the subscriber gets. */
  readonly shown: ManyTasksWatch;
  readonly #watches: FollowedTasksOptions['watches'];
  readonly #open = new Set<TaskWatch>();
  #isComplete = false;

  constructor({ watches, onClose }: FollowedTasksOptions) {
    this.#watches = watches;
    this.shown = new ManyTasksWatch({
      onClose: () => {
        for (const watch of this.#open) void watch.return();
        onClose();
      },
    });
  }

  /**
   * Follows further tasks, from their present state to their end.
   *
   * @param onFollowed is called with each that is followed or refused. After an error the others may be tried again.
   * @throws {RequestError} `GATEWAY_BUSY`, `BROKER_UNAVAILABLE`.
   */
  async follow(
    ids: readonly string[],
    client: ReadingClient,
    onFollowed: (id: string) => void = () => {},
  ): Promise<void> {
    for (let from = 0; from < ids.length && !this.shown.ended; from += OPENED_AT_ONCE) {
      const some = ids.slice(from, from + OPENED_AT_ONCE);
      const outcomes = await Promise.allSettled(
        some.map(async (id) => {
          await this.#follow(id, client);
          onFollowed(id);
        }),
      );
      const failed = outcomes.find((outcome) => outcome.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
    }
  }

  /** No further tasks follow: once all have ended, the subscription completes. */
  complete(): void {
    this.#isComplete = true;
    this.#endIfDone();
  }

  async #follow(id: string, client: ReadingClient): Promise<void> {
    try {
      const watch = await this.#watches.watch(id, { ...client, finalOnly: false });
      this.#open.add(watch);
      if (this.shown.ended) void watch.return();
      void this.#pass(id, watch);
    } catch (error) {
      if (!(error instanceof RequestError) || !OF_ONE_TASK.has(error.code)) throw error;
      const { code, message, details } = error;
      const refusal = new RequestError(code, message, { details: { ...details, id }, cause: error });
      this.shown.show(id, { refusal });
    }
  }

  async #pass(id: string, watch: TaskWatch): Promise<void> {
    try {
      for await (const task of watch) this.shown.show(id, { task });
    } catch (error) {
      this.shown.fail(error);
    }
    this.#open.delete(watch);
    this.#endIfDone();
  }

  #endIfDone(): void {
    if (this.#isComplete && this.#open.size === 0) this.shown.end();
  }
}

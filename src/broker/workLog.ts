/** The logs of work: what recipes print, in messages of the lines that came within a second. The oldest lines go first. */
import type { StoredMsg } from '@nats-io/jetstream';
import { messageOf } from '../contract/errors.ts';
import { encodeMessage } from '../contract/messages/decoder.ts';
import { decodeLogLines, type LogLines } from '../contract/messages/work.ts';
import { streams, subjects } from '../contract/subjects.ts';
import type { Listening } from './notices.ts';
import type { PublishOutcome } from './publishOutcome.ts';
import type { WorkStoreOptions } from './workStore.ts';

export interface StoredLogLines {
  readonly lines: LogLines;
  readonly sequence: number;
}

/** Messages that are read at once. */
const PAGE = 100;

export class WorkLog {
  readonly #options: WorkStoreOptions;

  constructor(options: WorkStoreOptions) {
    this.#options = options;
  }

  append(taskId: string, lines: LogLines): Promise<PublishOutcome> {
    return this.#options.publisher.publish(subjects.logs(taskId), encodeMessage(lines));
  }

  /**
   * The lines from a sequence on, oldest first. Lines that cannot be read are left out.
   *
   * @throws {RequestError} `BROKER_UNAVAILABLE`.
   */
  async *from(taskId: string, fromSequence: number): AsyncGenerator<StoredLogLines> {
    const { stored } = this.#options;
    const filter = subjects.logs(taskId);
    for (let sequence = fromSequence; ; ) {
      const page = await stored.page(streams.logs, { fromSequence: sequence, count: PAGE, filter });
      yield* page.flatMap((message) => this.#decode(taskId, message) ?? []);
      sequence = (page.at(-1)?.seq ?? sequence - 1) + 1;
      if (page.length === PAGE) continue;
      // A copy that is behind has fewer, and a page of large ones, too. The leader knows all.
      const next = await stored.next(streams.logs, filter, sequence);
      if (next === undefined) return;
      yield* [this.#decode(taskId, next) ?? []].flat();
      sequence = next.seq + 1;
    }
  }

  /** Calls `listener` when lines were stored. Resolves once the broker listens. A call may be lost. */
  listen(taskId: string, listener: () => void): Promise<Listening> {
    return this.#options.notices.listenNow(subjects.logged(taskId), listener);
  }

  #decode(taskId: string, { data, seq }: StoredMsg): StoredLogLines | undefined {
    try {
      return { lines: decodeLogLines(data), sequence: seq };
    } catch (error) {
      const fields = () => ({ taskId, reason: messageOf(error) });
      this.#options.log.warn('work log', fields, 'lines of a log cannot be read');
      return undefined;
    }
  }
}

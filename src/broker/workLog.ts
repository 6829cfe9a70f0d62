/** The logs of work: what recipes print, in messages of the lines that came within a second. The oldest lines go first. */
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

export class WorkLog {
  readonly #options: WorkStoreOptions;

  constructor(options: WorkStoreOptions) {
    this.#options = options;
  }

  append(taskId: string, lines: LogLines): Promise<PublishOutcome> {
    return this.#options.publisher.publish(subjects.logs(taskId), encodeMessage(lines));
  }

  /**
   * The first lines from a sequence on; undefined if there are none. Lines that cannot be read are left out.
   *
   * @throws {RequestError} `BROKER_UNAVAILABLE`.
   */
  async next(taskId: string, fromSequence: number): Promise<StoredLogLines | undefined> {
    for (let sequence = fromSequence; ; ) {
      const message = await this.#options.stored.next(streams.logs, subjects.logs(taskId), sequence);
      if (message === undefined) return undefined;
      const lines = this.#decode(taskId, message.data);
      if (lines !== undefined) return { lines, sequence: message.seq };
      sequence = message.seq + 1;
    }
  }

  /** Calls `listener` when lines were stored. Resolves once the broker listens. A call may be lost. */
  listen(taskId: string, listener: () => void): Promise<Listening> {
    return this.#options.notices.listenNow(subjects.logged(taskId), listener);
  }

  #decode(taskId: string, data: Uint8Array): LogLines | undefined {
    try {
      return decodeLogLines(data);
    } catch (error) {
      const fields = () => ({ taskId, reason: messageOf(error) });
      this.#options.log.warn('work log', fields, 'lines of a log cannot be read');
      return undefined;
    }
  }
}

/**
 * Reads the streams, as their leaders know them. If the broker cannot answer, it throws a RequestError
 * `BROKER_UNAVAILABLE`. "There is none" is an answer.
 */
import {
  type DirectBatchLimits,
  DirectMsgHeaders,
  JetStreamApiError,
  type JetStreamManager,
  type StoredMsg,
} from '@nats-io/jetstream';
import { brokerUnavailable, messageOf } from '../contract/errors.ts';
import { MalformedMessage } from '../contract/messages/decoder.ts';
import type { Logger } from '../process/log.ts';

export interface StoredMessagesOptions {
  /** Of the account of the streams that are read. */
  readonly manager: () => JetStreamManager;
  readonly isConnected: () => boolean;
  readonly log: Logger;
  /** Called when the broker has refused or failed a request. */
  readonly onFailure: () => void;
}

const PAGE_TIMEOUT_MS = 2_000;
/** The most messages of a page. */
const MAX_PAGE = 200;
/** A page ends with the message that reaches this: some have many KiB. */
const PAGE_BYTES = 1024 * 1024;
/** The most that the messages of one answer have together, see `before`. */
const FOUND_BYTES = 16 * 1024 * 1024;
const NONE_FOUND = 404;
/** A message that was deleted already. */
const NO_SUCH_MESSAGE = [10_037, 10_043];
/** A failed deletion: if another process deletes the message at the same time, its text says so. */
const DELETION_FAILED = 10_057;
const DELETED_MEANWHILE = 'no message found';

/** Which messages a page has. */
export interface PageWish {
  readonly fromSequence: number;
  readonly count: number;
  /** Of their subjects. @default all */
  readonly filter?: string | undefined;
}

export interface BeforeWish extends Pick<PageWish, 'count' | 'filter'> {
  /** The messages are older than this one. */
  readonly sequence: number;
}

/** What `before` finds. */
export interface FoundBefore<T> {
  /** Newest first. */
  readonly found: readonly T[];
  /** Whether older ones were left out, since those that were found are large. */
  readonly isCut: boolean;
}

export class StoredMessages {
  readonly #manager: () => JetStreamManager;
  readonly #isConnected: () => boolean;
  readonly #log: Logger;
  readonly #onFailure: () => void;

  constructor({ manager, isConnected, log, onFailure }: StoredMessagesOptions) {
    this.#manager = manager;
    this.#isConnected = isConnected;
    this.#log = log;
    this.#onFailure = onFailure;
  }

  /** Sends any request. @throws {RequestError} `BROKER_UNAVAILABLE`; at once while the broker is not connected. */
  async ask<T>(question: (manager: JetStreamManager) => Promise<T>): Promise<T> {
    if (!this.#isConnected()) throw brokerUnavailable('it is not connected');
    try {
      return await question(this.#manager());
    } catch (error) {
      this.#onFailure();
      throw brokerUnavailable(messageOf(error), error);
    }
  }

  /** @returns the newest message of a subject. */
  async last<T>(stream: string, subject: string, decode: (message: StoredMsg) => T): Promise<T | undefined> {
    const query = { last_by_subj: subject };
    const message = await this.ask((manager) => manager.streams.getMessage(stream, query));
    return message === null ? undefined : decode(message);
  }

  /** @returns the first message from a sequence on that fits a filter of subjects. */
  async next(stream: string, filter: string, fromSequence: number): Promise<StoredMsg | undefined> {
    const query = { seq: fromSequence, next_by_subj: filter };
    return (await this.ask((manager) => manager.streams.getMessage(stream, query))) ?? undefined;
  }

  /**
   * @param stream that allows direct reads. A copy of it that is behind may return none yet.
   * @returns the messages from a sequence on, in order, `count` at most. Large ones are fewer.
   */
  page(stream: string, { fromSequence, count, filter }: PageWish): Promise<readonly StoredMsg[]> {
    return this.ask(async ({ direct }) => {
      const messages: StoredMsg[] = [];
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const callback: DirectBatchLimits['callback'] = (done, message) => {
        if (done === null) messages.push(message);
        else if (done.err && !isOfNone(done.err)) reject(done.err);
        else resolve();
      };
      const query = {
        ...{ seq: fromSequence, batch: count, max_bytes: PAGE_BYTES, callback },
        ...(filter !== undefined && { next_by_subj: filter }),
      };
      const reading = await direct.getBatch(stream, query);
      const overdue = new Error(`no page of ${stream} came within ${PAGE_TIMEOUT_MS} ms`);
      const timer = setTimeout(() => reject(overdue), PAGE_TIMEOUT_MS);
      try {
        await promise;
        return withoutGap(messages);
      } finally {
        clearTimeout(timer);
        reading.stop();
      }
    });
  }

  /**
   * @param stream that allows direct reads.
   * @param take what to make of a message; undefined for one that is left out.
   * @returns the newest messages before a sequence, `count` at most.
   */
  async before<T>(
    stream: string,
    { sequence, count, filter }: BeforeWish,
    take: (message: StoredMsg) => T | undefined,
  ): Promise<FoundBefore<T>> {
    const { state } = await this.ask((manager) => manager.streams.info(stream));
    // 0 in a stream that never had a message.
    const first = Math.max(1, state.first_seq);
    const found: T[] = [];
    let bytesLeft = FOUND_BYTES;
    let end = Math.min(sequence, state.last_seq + 1);
    // There may be gaps. Each look covers more sequences than the one before.
    for (let span = count; end > first && found.length < count; span *= 2) {
      const from = Math.max(first, end - span);
      // The newest of the span. The oldest of them make room for those that come behind.
      const taken: { readonly value: T; readonly bytes: number }[] = [];
      let isCut = false;
      for await (const message of this.#between(stream, { from, end, filter })) {
        const value = take(message);
        if (value === undefined) continue;
        taken.push({ value, bytes: message.data.length });
        bytesLeft -= message.data.length;
        while (taken.length > count - found.length || (bytesLeft < 0 && found.length + taken.length > 1)) {
          isCut ||= bytesLeft < 0;
          bytesLeft += taken.shift()?.bytes ?? 0;
        }
      }
      found.push(...taken.toReversed().map(({ value }) => value));
      if (isCut) return { found, isCut };
      end = from;
    }
    return { found, isCut: false };
  }

  /** In the order in which they came. */
  async *#between(
    stream: string,
    {
      from,
      end,
      filter,
    }: { readonly from: number; readonly end: number; readonly filter?: string | undefined },
  ): AsyncGenerator<StoredMsg> {
    for (let sequence = from; sequence < end; ) {
      const count = Math.min(end - sequence, MAX_PAGE);
      const page = await this.page(stream, { fromSequence: sequence, count, filter });
      yield* page.filter(({ seq }) => seq < end);
      const last = page.at(-1);
      if (last === undefined) break;
      sequence = last.seq + 1;
    }
  }

  /**
   * Reads the newest message of a subject that has one at most. A message that cannot be read is not ours, and would
   * keep ours from being written. So it is removed, by its sequence, so that a message that takes its place stays.
   */
  async lastReadable<T>(
    stream: string,
    subject: string,
    decode: (message: StoredMsg) => T,
  ): Promise<T | undefined> {
    let sequence = 0;
    try {
      return await this.last(stream, subject, (message) => {
        sequence = message.seq;
        return decode(message);
      });
    } catch (error) {
      if (!(error instanceof MalformedMessage)) throw error;
      this.#log.error({ stream, subject, reason: error.message }, 'deleting a message that cannot be read');
      await this.delete(stream, sequence);
      return undefined;
    }
  }

  /** Removes one message, if it is still there. */
  async delete(stream: string, sequence: number): Promise<void> {
    await this.ask(async (manager) => {
      try {
        await manager.streams.deleteMessage(stream, sequence, false);
      } catch (error) {
        if (!isGone(error)) throw error;
      }
    });
  }

  /**
   * Removes the messages that fit a filter of subjects.
   *
   * @param purge with `seq`, the messages from that sequence on stay.
   * @returns the number of removed messages.
   */
  async purge(stream: string, purge: { filter: string; seq?: number }): Promise<number> {
    return (await this.ask((manager) => manager.streams.purge(stream, purge))).purged;
  }
}

/** A page comes over core NATS, which may lose a message. Messages after a gap are left to the next page. */
function withoutGap(messages: readonly StoredMsg[]): readonly StoredMsg[] {
  const gap = messages.findIndex(
    ({ header }, i) => i > 0 && Number(header.get(DirectMsgHeaders.LastSequence)) !== messages[i - 1]?.seq,
  );
  return gap < 0 ? messages : messages.slice(0, gap);
}

/** The answer to a filter that no message from the sequence on fits. */
function isOfNone(error: Error): boolean {
  return 'code' in error && error.code === NONE_FOUND;
}

function isGone(error: unknown): boolean {
  if (!(error instanceof JetStreamApiError)) return false;
  const isDeletedNow = error.code === DELETION_FAILED && error.message.includes(DELETED_MEANWHILE);
  return isDeletedNow || NO_SUCH_MESSAGE.includes(error.code);
}

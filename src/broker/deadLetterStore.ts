/** The stream of dead letters. A task has one at most, write-once. It is kept until an operator removes it. */
import type { StoredMsg } from '@nats-io/jetstream';
import { messageOf } from '../contract/errors.ts';
import { type DeadLetter, decodeDeadLetter } from '../contract/messages/deadLetter.ts';
import { encodeMessage } from '../contract/messages/decoder.ts';
import { streams, subjects } from '../contract/subjects.ts';
import type { TaskAddress } from '../contract/taskId.ts';
import type { LimitedLog } from '../process/limitedLog.ts';
import type { Listening, Notices } from './notices.ts';
import type { Publisher } from './publisher.ts';
import type { PublishOutcome } from './publishOutcome.ts';
import type { StoredMessages } from './storedMessages.ts';

export interface StoredDeadLetter {
  readonly letter: DeadLetter;
  readonly sequence: number;
}

export class DeadLetterStore {
  readonly #publisher: Publisher;
  readonly #stored: StoredMessages;
  readonly #notices: Notices;
  readonly #log: LimitedLog;

  constructor({
    publisher,
    stored,
    notices,
    log,
  }: {
    publisher: Publisher;
    stored: StoredMessages;
    notices: Notices;
    log: LimitedLog;
  }) {
    this.#publisher = publisher;
    this.#stored = stored;
    this.#notices = notices;
    this.#log = log;
  }

  /** Write-once. */
  store(letter: DeadLetter): Promise<PublishOutcome> {
    return this.#publisher.publish(subjects.dead(letter.model, letter.taskId), encodeMessage(letter));
  }

  /** @returns whether the letter was still there. */
  async remove({ model, id }: Pick<TaskAddress, 'model' | 'id'>): Promise<boolean> {
    return (await this.#stored.purge(streams.dead, { filter: subjects.dead(model, id) })) > 0;
  }

  // Each of the following skips letters that cannot be read. They stay, because a person may want to look at them.

  read({ model, id }: TaskAddress): Promise<DeadLetter | undefined> {
    return this.#stored.last(streams.dead, subjects.dead(model, id), (message) => this.#decode(message));
  }

  /** @returns the first dead letter of a model, or of any if it is undefined, from a sequence on. */
  async next(model: string | undefined, fromSequence: number): Promise<StoredDeadLetter | undefined> {
    for (let sequence = fromSequence; ; ) {
      const message = await this.#stored.next(streams.dead, subjects.deadOf(model ?? '*'), sequence);
      if (message === undefined) return undefined;
      const letter = this.#decode(message);
      if (letter !== undefined) return { letter, sequence: message.seq };
      sequence = message.seq + 1;
    }
  }

  /** How full the stream is, in bytes. */
  async held(): Promise<{ readonly bytes: number; readonly maxBytes: number }> {
    const { state, config } = await this.#stored.ask((manager) => manager.streams.info(streams.dead));
    return { bytes: state.bytes, maxBytes: config.max_bytes };
  }

  /** The dead letters of all models, oldest first, with the bytes that each takes. */
  async *all(): AsyncGenerator<{ readonly letter: DeadLetter; readonly bytes: number }> {
    for (let sequence = 1; ; ) {
      const message = await this.#stored.next(streams.dead, subjects.allDead, sequence);
      if (message === undefined) return;
      const letter = this.#decode(message);
      if (letter !== undefined) yield { letter, bytes: message.data.length + message.subject.length };
      sequence = message.seq + 1;
    }
  }

  /** @returns the sequence of the dead letter that was stored last, of any model. */
  async lastSequence(): Promise<number> {
    return (await this.#stored.ask((manager) => manager.streams.info(streams.dead))).state.last_seq;
  }

  /**
   * Calls `listener` when a dead letter of a model, or of any if it is undefined, was stored, at most once for each.
   * Resolves once the broker listens.
   */
  listen(model: string | undefined, listener: () => void): Promise<Listening> {
    return this.#notices.listenNow(subjects.diedOf(model ?? '*'), listener);
  }

  #decode({ subject, data }: StoredMsg): DeadLetter | undefined {
    try {
      return decodeDeadLetter(data, subject);
    } catch (error) {
      const fields = () => ({ subject, reason: messageOf(error) });
      this.#log.warn('dead letter', fields, 'a dead letter cannot be read');
      return undefined;
    }
  }
}

/** The stream of actuals. A task has one; the first one stays. When the stream is full, the oldest go. */
import type { StoredMsg } from '@nats-io/jetstream';
import { messageOf } from '../contract/errors.ts';
import { type Actual, decodeActual } from '../contract/messages/actual.ts';
import { encodeMessage } from '../contract/messages/decoder.ts';
import { streams, subjects } from '../contract/subjects.ts';
import type { TaskAddress } from '../contract/taskId.ts';
import type { LimitedLog } from '../process/limitedLog.ts';
import type { Publisher } from './publisher.ts';
import type { PublishOutcome } from './publishOutcome.ts';
import type { StoredMessages } from './storedMessages.ts';

export interface StoredActual {
  /** Undefined if the message cannot be read. */
  readonly actual: Actual | undefined;
  readonly sequence: number;
  /** Milliseconds since the epoch, broker time. */
  readonly storedAt: number;
}

/** The sequences that the stream holds; `first` is `last` + 1 if it holds none. */
export interface ActualsHeld {
  /** When the stream was made. It tells a new stream from an old one. */
  readonly created: string;
  readonly first: number;
  readonly last: number;
}

const PAGE = 1_000;

export class ActualStore {
  readonly #publisher: Publisher;
  readonly #stored: StoredMessages;
  readonly #log: LimitedLog;

  constructor({ publisher, stored, log }: { publisher: Publisher; stored: StoredMessages; log: LimitedLog }) {
    this.#publisher = publisher;
    this.#stored = stored;
    this.#log = log;
  }

  /** Write-once: `alreadyThere` if the task has one. */
  store(actual: Actual): Promise<PublishOutcome> {
    return this.#publisher.publish(subjects.actual(actual), encodeMessage(actual), { after: 0 });
  }

  /** The actual of a task, as the stream's leader knows it. */
  read(address: TaskAddress): Promise<Actual | undefined> {
    return this.#stored.lastReadable(streams.actuals, subjects.actualOf(address), ({ data, subject }) =>
      decodeActual(data, subject),
    );
  }

  /** The sequences that the stream holds now. */
  async held(): Promise<ActualsHeld> {
    const { created, state } = await this.#stored.ask((manager) => manager.streams.info(streams.actuals));
    return { created, first: state.first_seq, last: state.last_seq };
  }

  /**
   * The actuals of all models after a sequence, in order, `PAGE` at most. A copy that is behind may return none yet.
   */
  async after(sequence: number): Promise<readonly StoredActual[]> {
    const messages = await this.#stored.page(streams.actuals, { fromSequence: sequence + 1, count: PAGE });
    return messages.map((message) => ({
      actual: this.#decode(message),
      sequence: message.seq,
      storedAt: Date.parse(message.timestamp),
    }));
  }

  #decode({ subject, data }: StoredMsg): Actual | undefined {
    try {
      return decodeActual(data, subject);
    } catch (error) {
      this.#log.warn('actual', () => ({ subject, reason: messageOf(error) }), 'an actual cannot be read');
      return undefined;
    }
  }
}

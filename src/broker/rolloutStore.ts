/**
 * The KV bucket ROLLOUTS: a key per model. It is written as a stream of ours, so that it has our replicas and is
 * checked after each reconnect like the others, and in the form of a KV bucket, so that `nats kv` reads it too.
 */

import { messageOf } from '../contract/errors.ts';
import { encodeMessage } from '../contract/messages/decoder.ts';
import { decodeRolloutRecord, type RolloutRecord } from '../contract/messages/rolloutRecord.ts';
import { rolloutModel, streams, subjects } from '../contract/subjects.ts';
import type { Listening, Notices } from './notices.ts';
import type { Publisher } from './publisher.ts';
import type { PublishOutcome } from './publishOutcome.ts';
import type { StoredMessages } from './storedMessages.ts';

/** What a model's key holds. */
export interface StoredRollout {
  /** 0 if there is nothing. */
  readonly revision: number;
  /** Undefined if there is nothing, the key was deleted, or its value cannot be read. */
  readonly record: RolloutRecord | undefined;
  /** Why the value cannot be read, if so. */
  readonly problem?: string;
}

export class RolloutStore {
  readonly #publisher: Publisher;
  readonly #stored: StoredMessages;
  readonly #notices: Notices;

  constructor({
    publisher,
    stored,
    notices,
  }: {
    publisher: Publisher;
    stored: StoredMessages;
    notices: Notices;
  }) {
    this.#publisher = publisher;
    this.#stored = stored;
    this.#notices = notices;
  }

  /** @throws {RequestError} `BROKER_UNAVAILABLE`. */
  async read(model: string): Promise<StoredRollout> {
    const stored = await this.#stored.last(streams.rollouts, subjects.rollout(model), ({ seq, data }) => {
      // What deletes a key is a message without a body.
      if (data.length === 0) return { revision: seq, record: undefined };
      try {
        return { revision: seq, record: decodeRolloutRecord(data) };
      } catch (error) {
        return { revision: seq, record: undefined, problem: messageOf(error) };
      }
    });
    return stored ?? { revision: 0, record: undefined };
  }

  /** `changed` or, of the first revision, `alreadyThere` if the model's key has another revision by now. */
  store(model: string, record: RolloutRecord, { revision }: StoredRollout): Promise<PublishOutcome> {
    return this.#publisher.publish(subjects.rollout(model), encodeMessage(record), { after: revision });
  }

  /** Calls `listener` with the model whose rollout was stored, at most once for each. */
  listen(listener: (model: string) => void): Listening {
    return this.#notices.listen(subjects.rolloutChanges, ({ subject }) => listener(rolloutModel(subject)));
  }
}

/**
 * The KV bucket ROLLOUTS, with a key for each model. It is a stream of ours, so it has our replicas and is checked
 * after each reconnect. It has the form of a KV bucket, so `nats kv` can read it.
 */

import { messageOf } from '../contract/errors.ts';
import { encodeMessage } from '../contract/messages/decoder.ts';
import { decodeRolloutRecord, type RolloutRecord } from '../contract/messages/rolloutRecord.ts';
import { rolloutModel, streams, subjects } from '../contract/subjects.ts';
import type { Listening, Notices } from './notices.ts';
import type { Publisher } from './publisher.ts';
import type { PublishOutcome } from './publishOutcome.ts';
import type { StoredMessages } from './storedMessages.ts';

/** The content of a model's key. */
export interface StoredRollout {
  /** 0 if the key was never written. */
  readonly revision: number;
  /** Undefined if the key was never written, if it was deleted, or if its value cannot be read. */
  readonly record: RolloutRecord | undefined;
  /** Why the value cannot be read; undefined if it can. */
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
      // A message without a body deletes a key.
      if (data.length === 0) return { revision: seq, record: undefined };
      try {
        return { revision: seq, record: decodeRolloutRecord(data) };
      } catch (error) {
        return { revision: seq, record: undefined, problem: messageOf(error) };
      }
    });
    return stored ?? { revision: 0, record: undefined };
  }

  /** The rollouts of a model that are kept, oldest first. Those that cannot be read are left out. */
  async history(model: string): Promise<readonly RolloutRecord[]> {
    const records: RolloutRecord[] = [];
    for (let sequence = 1; ; ) {
      const message = await this.#stored.next(streams.rollouts, subjects.rollout(model), sequence);
      if (message === undefined) return records;
      const record = recordIn(message.data);
      if (record !== undefined) records.push(record);
      sequence = message.seq + 1;
    }
  }

  /** The outcome is `changed` (for the first revision `alreadyThere`) if the key has another revision by now. */
  store(model: string, record: RolloutRecord, { revision }: StoredRollout): Promise<PublishOutcome> {
    return this.#publisher.publish(subjects.rollout(model), encodeMessage(record), { after: revision });
  }

  /** Calls `listener` with the model whose rollout was stored, at most once for each. */
  listen(listener: (model: string) => void): Listening {
    return this.#notices.listen(subjects.rolloutChanges, ({ subject }) => listener(rolloutModel(subject)));
  }
}

/** @returns undefined if a key was deleted, or if its value cannot be read. */
function recordIn(data: Uint8Array): RolloutRecord | undefined {
  try {
    return decodeRolloutRecord(data);
  } catch {
    return undefined;
  }
}

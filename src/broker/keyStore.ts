/**
 * The stream of API keys. The record of a key and its end are written once. The time of its last use is replaced. The
 * secret of a key is not stored, only its digest.
 */
import type { StoredMsg } from '@nats-io/jetstream';
import { messageOf } from '../contract/errors.ts';
import { encodeMessage, MESSAGE_VERSION } from '../contract/messages/decoder.ts';
import {
  decodeKeyEvent,
  decodeKeyRecord,
  type KeyEvent,
  type KeyRecord,
} from '../contract/messages/keyRecord.ts';
import { type KeyPart, parseKeySubject, streams, subjects } from '../contract/subjects.ts';
import type { Logger } from '../process/log.ts';
import type { Publisher } from './publisher.ts';
import type { PublishOutcome } from './publishOutcome.ts';
import type { StoredMessages } from './storedMessages.ts';

/** A stored message about a key. */
export type KeyChange =
  | { readonly id: string; readonly part: 'created'; readonly record: KeyRecord }
  | { readonly id: string; readonly part: 'revoked' | 'used'; readonly event: KeyEvent };

/** How far the stream has been read. */
export interface KeysRead {
  /** When the stream was made. It tells a new stream from an old one. Empty: nothing was read yet. */
  readonly created: string;
  readonly sequence: number;
}

export const NO_KEYS_READ: KeysRead = { created: '', sequence: 0 };

interface ReadFurther {
  readonly read: KeysRead;
  readonly changes: readonly KeyChange[];
  /** Whether the stream is another one than before, so that all earlier changes are void. */
  readonly isNew: boolean;
}

export class KeyStore {
  readonly #publisher: Publisher;
  readonly #stored: StoredMessages;
  readonly #log: Logger;

  constructor({ publisher, stored, log }: { publisher: Publisher; stored: StoredMessages; log: Logger }) {
    this.#publisher = publisher;
    this.#stored = stored;
    this.#log = log;
  }

  /** Write-once: `alreadyThere` if there is a key of this id. */
  create(id: string, record: KeyRecord): Promise<PublishOutcome> {
    return this.#publisher.publish(subjects.key(id, 'created'), encodeMessage(record), { after: 0 });
  }

  /** Write-once: `alreadyThere` if the key was revoked before. */
  revoke(id: string, at: number): Promise<PublishOutcome> {
    return this.#publisher.publish(subjects.key(id, 'revoked'), eventAt(at), { after: 0 });
  }

  /** Replaces the time of the last use. */
  use(id: string, at: number): Promise<PublishOutcome> {
    return this.#publisher.publish(subjects.key(id, 'used'), eventAt(at));
  }

  /**
   * Reads what was stored after an earlier read, in order. Mostly it is one short question.
   *
   * @throws {RequestError} `BROKER_UNAVAILABLE`.
   */
  async readAfter(before: KeysRead): Promise<ReadFurther> {
    const { created, state } = await this.#stored.ask((manager) => manager.streams.info(streams.keys));
    const isNew = created !== before.created;
    const changes: KeyChange[] = [];
    for (let sequence = isNew ? 0 : before.sequence; sequence < state.last_seq; ) {
      const message = await this.#stored.next(streams.keys, subjects.allKeys, sequence + 1);
      if (message === undefined) break;
      changes.push(...this.#changeIn(message));
      sequence = message.seq;
    }
    return { read: { created, sequence: state.last_seq }, changes, isNew };
  }

  /** A message that cannot be read is none: its key stays unknown, so it lets no client in. */
  #changeIn({ subject, data }: StoredMsg): readonly KeyChange[] {
    const key = parseKeySubject(subject);
    if (key === undefined) return [];
    try {
      return [changeOf(key.id, key.part, data)];
    } catch (error) {
      this.#log.error({ subject, reason: messageOf(error) }, 'a message about an API key cannot be read');
      // A revocation counts, whatever it says.
      if (key.part !== 'revoked') return [];
      return [{ id: key.id, part: key.part, event: { v: MESSAGE_VERSION, at: 0 } }];
    }
  }
}

function changeOf(id: string, part: KeyPart, data: Uint8Array): KeyChange {
  return part === 'created'
    ? { id, part, record: decodeKeyRecord(data) }
    : { id, part, event: decodeKeyEvent(data) };
}

function eventAt(at: number): string {
  return encodeMessage({ v: MESSAGE_VERSION, at } satisfies KeyEvent);
}

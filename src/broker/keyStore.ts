/**
 * The stream of API keys. The record of a key and its end are written once. The secret of a key is not stored, only its
 * digest.
 *
 * Keys are created only while they leave room for the revocation of each, so a key can always be revoked. Keys that
 * ended long ago are forgotten when a new one is created. The times of last use are in a stream of their own, to which
 * gateways write.
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
import { KEY_PARTS, parseKeySubject, streams, subjects } from '../contract/subjects.ts';
import type { Logger } from '../process/log.ts';
import type { Publisher } from './publisher.ts';
import type { PublishOutcome } from './publishOutcome.ts';
import type { StoredMessages } from './storedMessages.ts';
import { KEYS_MAX_BYTES } from './streams.ts';

/** A stored message about a key. */
export type KeyChange =
  | { readonly id: string; readonly part: 'created'; readonly record: KeyRecord }
  | { readonly id: string; readonly part: 'revoked'; readonly event: KeyEvent };

/** How far the stream has been read. */
export interface KeysRead {
  /** When the stream was made. It tells a new stream from an old one. Empty: nothing was read yet. */
  readonly created: string;
  readonly sequence: number;
}

/** The smallest record of a key takes more than its revocation. */
const CREATED_SHARE = 1 / 2;
/** A revocation counts, whatever it says: only an admin can write one. */
const UNREADABLE_END: KeyEvent = { v: MESSAGE_VERSION, at: 0 };

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
  readonly #uses: StoredMessages;
  readonly #log: Logger;

  /** @param stored reads the stream of keys. @param uses reads that of their last uses. */
  constructor({
    publisher,
    stored,
    uses,
    log,
  }: {
    publisher: Publisher;
    stored: StoredMessages;
    uses: StoredMessages;
    log: Logger;
  }) {
    this.#publisher = publisher;
    this.#stored = stored;
    this.#uses = uses;
    this.#log = log;
  }

  /** Whether one more key leaves room for the revocation of each. @throws {RequestError} `BROKER_UNAVAILABLE`. */
  async hasRoom(): Promise<boolean> {
    const { state } = await this.#stored.ask((manager) => manager.streams.info(streams.keys));
    return state.bytes < KEYS_MAX_BYTES * CREATED_SHARE;
  }

  /** Write-once: `alreadyThere` if there is a key of this id. */
  create(id: string, record: KeyRecord): Promise<PublishOutcome> {
    return this.#publisher.publish(subjects.key(id, 'created'), encodeMessage(record), { after: 0 });
  }

  /** Write-once: `alreadyThere` if the key was revoked before. */
  revoke(id: string, at: number): Promise<PublishOutcome> {
    return this.#publisher.publish(subjects.key(id, 'revoked'), eventAt(at), { after: 0 });
  }

  /** Removes a key that has ended, and then its revocation, so that it never counts in between. */
  async forget(id: string): Promise<void> {
    for (const part of KEY_PARTS) await this.#stored.purge(streams.keys, { filter: subjects.key(id, part) });
  }

  /** Replaces the time of the last use. */
  use(id: string, at: number): Promise<PublishOutcome> {
    return this.#publisher.publish(subjects.keyUse(id), eventAt(at));
  }

  /** @returns when each key was used last, in milliseconds since the epoch, by id. */
  async lastUses(): Promise<ReadonlyMap<string, number>> {
    const uses = new Map<string, number>();
    for (let sequence = 1; ; ) {
      const message = await this.#uses.next(streams.keyUses, subjects.allKeyUses, sequence);
      if (message === undefined) return uses;
      const [, id = ''] = message.subject.split('.');
      for (const { at } of this.#readable(message, decodeKeyEvent)) uses.set(id, at);
      sequence = message.seq + 1;
    }
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

  #changeIn(message: StoredMsg): readonly KeyChange[] {
    const key = parseKeySubject(message.subject);
    if (key === undefined) return [];
    const { id, part } = key;
    if (part === 'created')
      return this.#readable(message, decodeKeyRecord).map((record) => ({ id, part, record }));
    const [event = UNREADABLE_END] = this.#readable(message, decodeKeyEvent);
    return [{ id, part, event }];
  }

  /** A message that cannot be read is none: its key stays unknown, so it lets no client in. */
  #readable<T>({ subject, data }: StoredMsg, decode: (data: Uint8Array) => T): readonly T[] {
    try {
      return [decode(data)];
    } catch (error) {
      this.#log.error({ subject, reason: messageOf(error) }, 'a message about an API key cannot be read');
      return [];
    }
  }
}

function eventAt(at: number): string {
  return encodeMessage({ v: MESSAGE_VERSION, at } satisfies KeyEvent);
}

/**
 * The registry: the records of versions, and which of them are retired. Both are written once. What was read is kept, so
 * that reading again is one short question unless something is new.
 */
import type { StoredMsg } from '@nats-io/jetstream';
import { messageOf } from '../contract/errors.ts';
import { encodeMessage } from '../contract/messages/decoder.ts';
import {
  decodeRetiredVersion,
  decodeVersionRecord,
  type RetiredVersion,
  type VersionRecord,
} from '../contract/messages/versionRecord.ts';
import { parseVersionSubject, streams, subjects } from '../contract/subjects.ts';
import type { Logger } from '../process/log.ts';
import { SerialQueue } from '../process/serialQueue.ts';
import type { Listening, Notices } from './notices.ts';
import type { Publisher } from './publisher.ts';
import type { PublishOutcome } from './publishOutcome.ts';
import type { StoredMessages } from './storedMessages.ts';

/** A number that is taken. */
export interface RegisteredVersion {
  readonly model: string;
  readonly version: string;
  /** Undefined if it cannot be read. */
  readonly record: VersionRecord | undefined;
  /** Undefined while it may be used. */
  readonly retired: RetiredVersion | undefined;
}

export interface RegistryContent {
  /** Of each model in the order of the numbers. */
  readonly versions: readonly RegisteredVersion[];
  /** Of the newest message that was read. */
  readonly lastSequence: number;
}

/** A retirement counts, whatever it says. */
const UNREADABLE_RETIREMENT: RetiredVersion = { v: 1, retiredAt: 0, by: 'unknown' };

export class VersionStore {
  readonly #publisher: Publisher;
  readonly #stored: StoredMessages;
  readonly #notices: Notices;
  readonly #log: Logger;
  readonly #reads = new SerialQueue();
  /** By `model/version`. */
  #known = new Map<string, RegisteredVersion>();
  /** When the stream was made: it tells a new stream from an old one. */
  #created = '';
  #sequence = 0;

  constructor({
    publisher,
    stored,
    notices,
    log,
  }: {
    publisher: Publisher;
    stored: StoredMessages;
    notices: Notices;
    log: Logger;
  }) {
    this.#publisher = publisher;
    this.#stored = stored;
    this.#notices = notices;
    this.#log = log;
  }

  /**
   * Stores the record of a version, unless its number is taken, or anything was stored since a read.
   *
   * @param lastSequence of that read. @throws {MalformedMessage} if no reader could read the record.
   */
  store(record: VersionRecord, lastSequence: number): Promise<PublishOutcome> {
    const subject = subjects.version(record.model, record.version, 'record');
    const message = encodeMessage(record);
    decodeVersionRecord(Buffer.from(message), subject);
    return this.#publisher.publish(subject, message, { afterAll: lastSequence });
  }

  /** Write-once: `alreadyThere` if the version was retired before. */
  retire(
    { model, version }: Pick<RegisteredVersion, 'model' | 'version'>,
    retired: RetiredVersion,
  ): Promise<PublishOutcome> {
    return this.#publisher.publish(subjects.version(model, version, 'retired'), encodeMessage(retired));
  }

  /** All versions that are stored now. @throws {RequestError} `BROKER_UNAVAILABLE`. */
  read(): Promise<RegistryContent> {
    return this.#reads.run(() => this.#readOn());
  }

  /** Calls `listener` when a version was stored or retired, at most once for each. */
  listen(listener: () => void): Listening {
    return this.#notices.listen(subjects.versionChanges, listener);
  }

  async #readOn(): Promise<RegistryContent> {
    const { created, state } = await this.#stored.ask((manager) => manager.streams.info(streams.versions));
    if (created !== this.#created) {
      this.#known = new Map();
      this.#sequence = 0;
      this.#created = created;
    }
    while (this.#sequence < state.last_seq) {
      const message = await this.#stored.next(streams.versions, subjects.allVersions, this.#sequence + 1);
      // A probe was the last message, and is deleted.
      if (message !== undefined) this.#learn(message);
      this.#sequence = message?.seq ?? state.last_seq;
    }
    const versions = [...this.#known.values()].toSorted((a, b) => Number(a.version) - Number(b.version));
    return { versions, lastSequence: this.#sequence };
  }

  #learn({ subject, data }: StoredMsg): void {
    const place = parseVersionSubject(subject);
    if (place === undefined) return;
    const { model, version, part } = place;
    const name = `${model}/${version}`;
    const known = this.#known.get(name) ?? { model, version, record: undefined, retired: undefined };
    const learnt =
      part === 'record'
        ? { record: this.#readable(subject, () => decodeVersionRecord(data, subject)) }
        : { retired: this.#readable(subject, () => decodeRetiredVersion(data)) ?? UNREADABLE_RETIREMENT };
    this.#known.set(name, { ...known, ...learnt });
  }

  #readable<T>(subject: string, decode: () => T): T | undefined {
    try {
      return decode();
    } catch (error) {
      this.#log.error(
        { subject, reason: messageOf(error) },
        'a message of the registry cannot be read: its version is left out',
      );
      return undefined;
    }
  }
}

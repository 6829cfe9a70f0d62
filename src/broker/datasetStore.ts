/**
 * The stream of datasets. Each has one record, by its name and its digest: that of its newest check. A check is repeated
 * when the manifest has changed, and its verdict may be another then.
 */
import type { StoredMsg } from '@nats-io/jetstream';
import { messageOf } from '../contract/errors.ts';
import { type DatasetRecord, decodeDatasetRecord } from '../contract/messages/datasetRecord.ts';
import { encodeMessage, requireAsInSubject } from '../contract/messages/decoder.ts';
import { streams, subjects } from '../contract/subjects.ts';
import type { LimitedLog } from '../process/limitedLog.ts';
import type { Publisher } from './publisher.ts';
import type { PublishOutcome } from './publishOutcome.ts';
import type { StoredMessages } from './storedMessages.ts';

export interface StoredDataset {
  readonly record: DatasetRecord;
  readonly sequence: number;
}

/** Which datasets are wanted; a member that is absent allows all. */
export interface DatasetFilter {
  readonly model?: string | undefined;
  readonly name?: string | undefined;
  readonly usable?: boolean | undefined;
}

export class DatasetStore {
  readonly #publisher: Publisher;
  readonly #stored: StoredMessages;
  readonly #log: LimitedLog;

  constructor({ publisher, stored, log }: { publisher: Publisher; stored: StoredMessages; log: LimitedLog }) {
    this.#publisher = publisher;
    this.#stored = stored;
    this.#log = log;
  }

  /** Takes the place of the record of an earlier check. */
  store(record: DatasetRecord): Promise<PublishOutcome> {
    return this.#publisher.publish(subjects.dataset(record.name, record.digest), encodeMessage(record));
  }

  /** @returns undefined if it was never checked, or if its record cannot be read. */
  async find(name: string, digest: string): Promise<DatasetRecord | undefined> {
    const found = await this.#stored.last(streams.datasets, subjects.dataset(name, digest), (message) => ({
      record: this.#decode(message)?.record,
    }));
    return found?.record;
  }

  /** The usable datasets of a name, newest first, `count` at most. For gateways. */
  async newest(name: string, count: number): Promise<readonly DatasetRecord[]> {
    const stored = await this.before(Number.MAX_SAFE_INTEGER, count, { name, usable: true });
    return stored.map(({ record }) => record);
  }

  /** The newest datasets before a sequence, newest first, `count` at most. For gateways. */
  before(sequence: number, count: number, filter: DatasetFilter): Promise<readonly StoredDataset[]> {
    const filtered = (message: StoredMsg) => {
      const isNamed = filter.name === undefined || message.subject.split('.')[1] === filter.name;
      const dataset = isNamed ? this.#decode(message) : undefined;
      return dataset !== undefined && fits(dataset.record, filter) ? dataset : undefined;
    };
    return this.#stored.before(streams.datasets, { sequence, count }, filtered);
  }

  #decode({ data, subject, seq }: StoredMsg): StoredDataset | undefined {
    try {
      const record = decodeDatasetRecord(data);
      requireAsInSubject('name and digest', subjects.dataset(record.name, record.digest), subject);
      return { record, sequence: seq };
    } catch (error) {
      this.#log.warn('dataset', () => ({ subject, reason: messageOf(error) }), 'a dataset cannot be read');
      return undefined;
    }
  }
}

function fits({ model, usable }: DatasetRecord, filter: DatasetFilter): boolean {
  return (
    (filter.model === undefined || filter.model === model) &&
    (filter.usable === undefined || filter.usable === usable)
  );
}

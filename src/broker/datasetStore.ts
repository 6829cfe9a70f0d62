/**
 * The stream of datasets. Each has one record, by its name and its digest: that of its newest check. A check is repeated
 * when the manifest has changed, and its verdict may be another then.
 */
import type { StoredMsg } from '@nats-io/jetstream';
import { DATASET_NAME } from '../contract/dataset.ts';
import { messageOf } from '../contract/errors.ts';
import { type DatasetRecord, decodeDatasetRecord } from '../contract/messages/datasetRecord.ts';
import { encodeMessage, requireAsInSubject } from '../contract/messages/decoder.ts';
import { streams, subjects } from '../contract/subjects.ts';
import type { LimitedLog } from '../process/limitedLog.ts';
import type { Publisher } from './publisher.ts';
import type { PublishOutcome } from './publishOutcome.ts';
import type { FoundBefore, StoredMessages } from './storedMessages.ts';

export interface StoredDataset {
  readonly record: DatasetRecord;
  readonly sequence: number;
}

/** What a training asks of a dataset. */
export type KnownDataset = Pick<DatasetRecord, 'name' | 'digest' | 'model' | 'usable'>;

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
  async newest(name: string, count: number): Promise<readonly KnownDataset[]> {
    const newest: KnownDataset[] = [];
    for (let sequence = Number.MAX_SAFE_INTEGER; ; ) {
      const filter = { name, usable: true };
      const { found, isCut } = await this.before(sequence, count - newest.length, filter);
      newest.push(...found.map(({ record: { digest, model, usable } }) => ({ name, digest, model, usable })));
      sequence = found.at(-1)?.sequence ?? 0;
      if (!isCut) return newest;
    }
  }

  /** The newest datasets before a sequence, `count` at most. For gateways. */
  async before(
    sequence: number,
    count: number,
    { name, ...filter }: DatasetFilter,
  ): Promise<FoundBefore<StoredDataset>> {
    if (name !== undefined && !DATASET_NAME.test(name)) return { found: [], isCut: false };
    const wish = { sequence, count, filter: name && subjects.dataset(name, '*') };
    return this.#stored.before(streams.datasets, wish, (message) => {
      const dataset = this.#decode(message);
      return dataset !== undefined && fits(dataset.record, filter) ? dataset : undefined;
    });
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

function fits({ model, usable }: DatasetRecord, filter: Omit<DatasetFilter, 'name'>): boolean {
  return (
    (filter.model === undefined || filter.model === model) &&
    (filter.usable === undefined || filter.usable === usable)
  );
}

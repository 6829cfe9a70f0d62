/** Reads the records of datasets that were checked. They are written once. */
import { messageOf } from '../contract/errors.ts';
import { type DatasetRecord, decodeDatasetRecord } from '../contract/messages/datasetRecord.ts';
import { MalformedMessage, requireAsInSubject } from '../contract/messages/decoder.ts';
import { streams, subjects } from '../contract/subjects.ts';
import type { LimitedLog } from '../process/limitedLog.ts';
import type { StoredMessages } from './storedMessages.ts';

export class DatasetRecords {
  readonly #stored: StoredMessages;
  readonly #log: LimitedLog;

  constructor({ stored, log }: { readonly stored: StoredMessages; readonly log: LimitedLog }) {
    this.#stored = stored;
    this.#log = log;
  }

  // Each throws a RequestError `BROKER_UNAVAILABLE` if the broker does not answer. A record that cannot be read counts as
  // none.

  find(name: string, digest: string): Promise<DatasetRecord | undefined> {
    return this.#read(subjects.dataset(name, digest));
  }

  /** The newest of a name, newest first, `count` at most. */
  async newest(name: string, count: number): Promise<readonly DatasetRecord[]> {
    const query = { subjects_filter: subjects.datasetsOf(name) };
    const { state } = await this.#stored.ask((manager) => manager.streams.info(streams.datasets, query));
    const records = await Promise.all(
      Object.keys(state.subjects ?? {}).map((subject) => this.#read(subject)),
    );
    return records
      .flatMap((record) => record ?? [])
      .sort((a, b) => b.createdAt - a.createdAt)
      .slice(0, count);
  }

  #read(subject: string): Promise<DatasetRecord | undefined> {
    return this.#stored.last(streams.datasets, subject, ({ data }) => {
      const [, name = '', digest = ''] = subject.split('.');
      try {
        const record = decodeDatasetRecord(data);
        requireAsInSubject('name', record.name, name);
        requireAsInSubject('digest', record.digest, digest);
        return record;
      } catch (error) {
        if (!(error instanceof MalformedMessage)) throw error;
        const fields = () => ({ subject, reason: messageOf(error) });
        this.#log.warn('dataset', fields, 'the record of a dataset cannot be read');
        return undefined;
      }
    });
  }
}

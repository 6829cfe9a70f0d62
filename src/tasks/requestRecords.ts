/**
 * The records that say which task a request stands for. The first record of a request counts, whichever gateways try.
 */
import type { Broker, StoredRequest } from '../broker/broker.ts';
import { RequestErrorCode, refusedForNow } from '../contract/errors.ts';
import type { ExpectedRequest, RequestRecord } from '../contract/messages/requestRecord.ts';
import type { Storing } from './storing.ts';

export interface RequestRecordsOptions {
  readonly broker: Pick<Broker, 'storeRequest' | 'readRequest' | 'forgetRequest'>;
  readonly storing: Pick<Storing, 'untilAnswered'>;
}

/** A refused claim without a record to read is tried so often. */
const CLAIM_ATTEMPTS = 3;

export class RequestRecords {
  readonly #broker: RequestRecordsOptions['broker'];
  readonly #storing: RequestRecordsOptions['storing'];

  constructor({ broker, storing }: RequestRecordsOptions) {
    this.#broker = broker;
    this.#storing = storing;
  }

  /** @param asked the question. A record that no gateway can have written for it is deleted. */
  read(hash: string, asked: ExpectedRequest): Promise<StoredRequest | undefined> {
    return this.#broker.readRequest(hash, asked);
  }

  /**
   * Writes a record, unless there is one.
   *
   * @param giveUpAt on the clock of `performance.now()`.
   * @returns the record that was there before; undefined if the new one stands now.
   * @throws {RequestError} `RESULT_STORE_FULL`, `BROKER_UNAVAILABLE`.
   */
  async claim(
    hash: string,
    record: RequestRecord,
    asked: ExpectedRequest,
    giveUpAt: number,
  ): Promise<StoredRequest | undefined> {
    for (let attempt = 1; ; attempt++) {
      const claim = await this.#storing.untilAnswered(giveUpAt, () =>
        this.#broker.storeRequest(hash, record),
      );
      if (claim.type === 'stored') return undefined;
      const first = await this.read(hash, asked);
      if (first !== undefined) return first;
      // Refused without a record: a retry removed it just now, it could not be read and was deleted, or the store is
      // full.
      if (attempt < CLAIM_ATTEMPTS) continue;
      throw refusedForNow(
        RequestErrorCode.ResultStoreFull,
        `The memory of request ids is full (${claim.reason}). Try again later, or without a requestId.`,
      );
    }
  }

  /** Removes a record, and no later one. */
  async forget(hash: string, { sequence }: StoredRequest): Promise<void> {
    await this.#broker.forgetRequest(hash, sequence);
  }
}

/**
 * The records that say which task a request stands for. The first record of a request counts, whichever gateways try.
 */
import type { Broker, PublishOutcome, StoredRequest } from '../broker/broker.ts';
import { RequestErrorCode, refusedForNow } from '../contract/errors.ts';
import type { ExpectedRequest, RequestRecord } from '../contract/messages/requestRecord.ts';
import type { Storing } from './storing.ts';

export interface RequestRecordsOptions {
  readonly broker: Pick<Broker, 'storeRequest' | 'readRequest' | 'forgetRequest'>;
  readonly storing: Pick<Storing, 'untilAnswered'>;
}

/** A refused claim without a record to read is tried so often. */
const CLAIM_ATTEMPTS = 3;

/** The record of one request. */
export interface ClaimedRecord<T> {
  readonly store: () => Promise<PublishOutcome>;
  /** The record that is there; undefined if there is none. */
  readonly read: () => Promise<T | undefined>;
}

/**
 * Writes a record, unless there is one.
 *
 * @returns the record that was there before; undefined if the new one stands now.
 * @throws {RequestError} `RESULT_STORE_FULL`, and what storing and reading throw.
 */
export async function claimRequest<T>({ store, read }: ClaimedRecord<T>): Promise<T | undefined> {
  for (let attempt = 1; ; attempt++) {
    const claim = await store();
    if (claim.type === 'stored') return undefined;
    const first = await read();
    if (first !== undefined) return first;
    // Refused without a record: a retry removed it just now, it cannot be read, or the store is full.
    if (attempt < CLAIM_ATTEMPTS) continue;
    throw refusedForNow(
      RequestErrorCode.ResultStoreFull,
      `The memory of request ids is full (${claim.reason}). Try again later, or without a requestId.`,
    );
  }
}

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
  claim(
    hash: string,
    record: RequestRecord,
    asked: ExpectedRequest,
    giveUpAt: number,
  ): Promise<StoredRequest | undefined> {
    return claimRequest({
      store: () => this.#storing.untilAnswered(giveUpAt, () => this.#broker.storeRequest(hash, record)),
      read: () => this.read(hash, asked),
    });
  }

  /** Removes a record, and no later one. */
  async forget(hash: string, { sequence }: StoredRequest): Promise<void> {
    await this.#broker.forgetRequest(hash, sequence);
  }
}

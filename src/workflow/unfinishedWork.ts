/**
 * How much work waits or runs, in all and of each owner. The queue tells it; only the owners of new work are read. Two
 * gateways that accept work at the same moment may both find room for the last one: the queue itself has the last word.
 */
import type { Broker } from '../broker/broker.ts';
import { parseWorkSubject } from '../broker/broker.ts';
import { RETRY_LATER_MS, RequestErrorCode, refusedForNow } from '../contract/errors.ts';
import type { Owner } from '../contract/owner.ts';
import { MAX_UNFINISHED_WORK } from '../contract/work.ts';
import type { WorkAddress } from '../contract/workId.ts';

/** A tenth of all: one owner cannot keep the others out. */
const MAX_UNFINISHED_OF_OWNER = MAX_UNFINISHED_WORK / 10;

export class UnfinishedWork {
  readonly #broker: Pick<Broker, 'work'>;
  /** By id. */
  #owners: ReadonlyMap<string, Owner | undefined> = new Map();

  constructor({ broker }: { readonly broker: Pick<Broker, 'work'> }) {
    this.#broker = broker;
  }

  /** @throws {RequestError} `QUEUE_FULL`, `OWNER_QUOTA`, `BROKER_UNAVAILABLE`. */
  async admit(owner: Owner): Promise<void> {
    const addresses = await this.#queued();
    if (addresses.length >= MAX_UNFINISHED_WORK)
      throw refusedForNow(
        RequestErrorCode.QueueFull,
        `${MAX_UNFINISHED_WORK} trainings and checks of datasets have not ended. Try again when some have.`,
        { retryAfterMs: RETRY_LATER_MS, limit: MAX_UNFINISHED_WORK },
      );
    if (addresses.length < MAX_UNFINISHED_OF_OWNER) return;
    const owners = await Promise.all(addresses.map((address) => this.#ownerOf(address)));
    this.#owners = new Map(addresses.map(({ id }, i) => [id, owners[i]]));
    if (owners.filter((each) => each === owner).length < MAX_UNFINISHED_OF_OWNER) return;
    throw refusedForNow(
      RequestErrorCode.OwnerQuota,
      `${MAX_UNFINISHED_OF_OWNER} trainings and checks of yours have not ended. Try again when some have.`,
      { retryAfterMs: RETRY_LATER_MS, limit: MAX_UNFINISHED_OF_OWNER },
    );
  }

  async #queued(): Promise<readonly WorkAddress[]> {
    return (await this.#broker.work.queuedSubjects()).flatMap((subject) => {
      const place = parseWorkSubject(subject);
      return place === undefined || place.step !== undefined ? [] : place.address;
    });
  }

  async #ownerOf(address: WorkAddress): Promise<Owner | undefined> {
    return this.#owners.get(address.id) ?? (await this.#broker.work.readJob(address))?.owner;
  }
}

/**
 * Finds the bundles of an owner in the streams, by their subjects alone. The subject of ends has the owner and the ten
 * seconds in which the bundle was opened, so the broker picks them out. The subject of a queued bundle has four digits of its
 * owner's token: the queue is short, and its subjects are read as a whole.
 */
import { decodeEnds, type Ends } from '../contract/messages/ends.ts';
import type { Owner } from '../contract/owner.ts';
import { jobAddress, streams, subjects } from '../contract/subjects.ts';
import { type BundleAddress, bundleParts, ownerTag } from '../contract/taskId.ts';
import { decodeStored } from './storedJob.ts';
import type { StoredMessages } from './storedMessages.ts';

/** A message that waits in the queue of a model. */
export interface QueuedPlace {
  readonly address: BundleAddress;
  readonly subject: string;
}

export class TaskIndex {
  readonly #stored: StoredMessages;

  constructor({ stored }: { readonly stored: StoredMessages }) {
    this.#stored = stored;
  }

  // Each throws a RequestError `BROKER_UNAVAILABLE` if the broker does not answer. An owner that is undefined means all.

  /** What waits for a model: bundles and row batches, without those of 0.2. Others of the owner's tag may be among them. */
  async queued(model: string, owner: Owner | undefined): Promise<readonly QueuedPlace[]> {
    const tag = owner === undefined ? undefined : ownerTag(owner);
    const found = await this.#subjects(streams.jobs(model), subjects.allJobs(model));
    return found.flatMap((subject) => {
      const address = jobAddress(subject);
      const parts = address && bundleParts(address.bundle);
      const isWanted = parts !== undefined && (tag === undefined || parts.tag === tag);
      return isWanted && address !== undefined ? [{ address, subject }] : [];
    });
  }

  /** The subjects of the ends of bundles that were opened in a slot, see `slotOf`. */
  ended(slot: number, owner: Owner | undefined): Promise<readonly string[]> {
    return this.#subjects(streams.ends, subjects.endsOpenedIn(slot, owner));
  }

  /** What waits on a subject; undefined if it has left, or cannot be read here. */
  readQueued(model: string, subject: string): Promise<ReturnType<typeof decodeStored> | undefined> {
    return this.#readable(streams.jobs(model), subject, decodeStored);
  }

  /** The ends on a subject; undefined if there are none, or they cannot be read here. */
  readEnds(subject: string): Promise<Ends | undefined> {
    return this.#readable(streams.ends, subject, (message) => decodeEnds(message.data, message.subject));
  }

  async #subjects(stream: string, filter: string): Promise<readonly string[]> {
    const query = { subjects_filter: filter };
    const { state } = await this.#stored.ask((manager) => manager.streams.info(stream, query));
    return Object.keys(state.subjects ?? {});
  }

  /** A message that is malformed, or of a newer process, is left out of a list: the others are shown all the same. */
  #readable<T>(
    stream: string,
    subject: string,
    decode: (message: { readonly subject: string; readonly data: Uint8Array }) => T,
  ): Promise<T | undefined> {
    return this.#stored.last(stream, subject, (message) => {
      try {
        return decode(message);
      } catch {
        return undefined;
      }
    });
  }
}

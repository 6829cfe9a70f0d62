/**
 * Moves queued tasks from versions without a share to those with one. The tasks of a bundle may go to several versions:
 * for each of them a part of the bundle is stored, and one for the tasks that stay. Then the original is deleted. A
 * gateway that dies in between leaves both; the next move finds the parts. A task that is queued twice may run twice, as
 * it may if a worker already has the original. It ends once, since the first end that is stored stays.
 *
 * Several gateways may move the same tasks at the same time, even back and forth. Therefore a message is deleted only if
 * each of its tasks is in a newer one (by its sequence in the stream). So the newest message of a task is never deleted.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Broker, StoredJob } from '../broker/broker.ts';
import { brokerUnavailable, RequestErrorCode } from '../contract/errors.ts';
import { addressIn, decodeBundle, partOf, type QueuedBundle } from '../contract/messages/bundle.ts';

export interface QueueMoveOptions {
  readonly broker: Pick<
    Broker,
    | 'queuedVersions'
    | 'nextJobOf'
    | 'queuedAt'
    | 'handedOutUntil'
    | 'storeBundle'
    | 'deleteJob'
    | 'now'
    | 'notices'
  >;
  readonly model: string;
  /** The versions that keep their tasks. */
  readonly stays: ReadonlySet<string>;
  /** The version that a bucket's tasks belong to now. */
  readonly versionAt: (bucket: number) => string;
}

/** Bundles moved at a time. Their parts are in the queue beside the originals. */
const CONCURRENCY = 32;
/** How long a move waits until a full queue has space again. */
const FULL_RETRY_MS = 50;
const FULL_RETRIES = 20;

/** A bundle whose parts are stored, and whose original is deleted. */
interface DividedBundle {
  /** Those for other versions. */
  readonly moved: readonly QueuedBundle[];
  /** The sequence of the original. */
  readonly sequence: number;
}

export class QueueMove {
  readonly #options: QueueMoveOptions;
  /** By version: the sequence after the last message that was looked at. */
  readonly #seenUntil = new Map<string, number>();
  #moved = 0;
  #held = 0;
  #isFull = false;

  constructor(options: QueueMoveOptions) {
    this.#options = options;
  }

  /** Moved tasks that no worker had received: only their new version answers them. */
  get moved(): number {
    return this.#moved;
  }

  /** Copied tasks that a worker may have received: the version that is first answers them. */
  get held(): number {
    return this.#held;
  }

  /** Why the move is incomplete. */
  get stoppedBy(): RequestErrorCode | undefined {
    return this.#isFull ? RequestErrorCode.QueueFull : undefined;
  }

  /**
   * Moves the queued tasks that it has not looked at yet, oldest first, until the queue takes no more.
   *
   * @throws {RequestError} `BROKER_UNAVAILABLE`. Some tasks may have moved by then; the others stay.
   */
  async run(): Promise<void> {
    const { broker, model, stays } = this.#options;
    for (const version of await broker.queuedVersions(model)) {
      if (!stays.has(version)) await this.#emptyVersion(version);
    }
  }

  async #emptyVersion(version: string): Promise<void> {
    while (!this.#isFull) {
      const messages = await this.#nextMessages(version);
      if (messages.length === 0) return;
      const moved = await Promise.all(messages.map((stored) => this.#move(stored)));
      const divided = moved.filter((bundle) => bundle !== undefined);
      await this.#count(version, divided);
      this.#announce(divided.flatMap(({ moved }) => moved));
    }
  }

  /**
   * Asks after the deletion how far the workers are: they have the bundles that they took before the originals were
   * deleted.
   */
  async #count(version: string, divided: readonly DividedBundle[]): Promise<void> {
    const { broker, model } = this.#options;
    const parts = divided.flatMap(({ moved, sequence }) => moved.map((part) => ({ part, sequence })));
    for (const [lane, ofLane] of Map.groupBy(parts, ({ part }) => part.lane)) {
      const handedOut = await broker.handedOutUntil(model, version, lane);
      for (const { part, sequence } of ofLane) {
        if (sequence <= handedOut) this.#held += part.rows.length;
        else this.#moved += part.rows.length;
      }
    }
  }

  /** Tells the gateways that accepted the tasks. They show each task's version. */
  #announce(moved: readonly QueuedBundle[]): void {
    const groups = Map.groupBy(moved, ({ address, version }) => `${address.home} ${version}`);
    for (const [group, parts] of groups) {
      const [home = '', version = ''] = group.split(' ');
      this.#options.broker.notices.announceMoved(home, { taskIds: parts.flatMap(idsIn), version });
    }
  }

  async #nextMessages(version: string): Promise<readonly StoredJob[]> {
    const { broker, model } = this.#options;
    const messages: StoredJob[] = [];
    while (messages.length < CONCURRENCY) {
      const stored = await broker.nextJobOf(model, version, this.#seenUntil.get(version) ?? 1);
      if (stored === undefined) break;
      this.#seenUntil.set(version, stored.sequence + 1);
      messages.push(stored);
    }
    return messages;
  }

  /** @returns undefined if the message stays as it is. */
  async #move(stored: StoredJob): Promise<DividedBundle | undefined> {
    const { broker, model } = this.#options;
    const bundle = readable(stored);
    // Workers dead-letter what cannot be read. Tasks that pin their version stay. Overdue tasks expire.
    if (bundle?.buckets === undefined || isOverdue(bundle, broker.now())) return undefined;
    const parts = this.#divide(bundle, bundle.buckets);
    const moved = parts.filter(({ version }) => version !== bundle.version);
    if (moved.length === 0) return undefined;
    for (const part of parts) {
      if (await this.#storeNewer(part, stored.sequence)) continue;
      this.#isFull = true;
      return undefined;
    }
    await broker.deleteJob(model, stored.sequence);
    return { moved, sequence: stored.sequence };
  }

  /** The parts of a bundle, one for each version that its tasks belong to now. */
  #divide(bundle: QueuedBundle, buckets: readonly number[]): readonly QueuedBundle[] {
    const places = Map.groupBy(buckets.keys(), (i) => this.#options.versionAt(buckets[i] ?? 0));
    return [...places].map(([version, picked]) => ({ ...partOf(bundle, picked), version }));
  }

  /** Makes sure that each task of a part is in a message newer than the original. @returns false if the queue is full. */
  async #storeNewer(part: QueuedBundle, original: number): Promise<boolean> {
    const { broker } = this.#options;
    let missing = part;
    let after = 0;
    for (let fulls = 0; fulls <= FULL_RETRIES; ) {
      const outcome = await broker.storeBundle(missing, { after });
      if (outcome.type === 'stored') return true;
      if (outcome.type === 'full') {
        fulls++;
        await sleep(FULL_RETRY_MS);
      } else if (outcome.type === 'alreadyThere' || outcome.type === 'changed') {
        // Tasks of the bundle wait there already: of an earlier move, or before one in the other direction.
        const waiting = await broker.queuedAt(part);
        after = waiting.at(-1)?.sequence ?? 0;
        const newer = waiting.filter(({ sequence }) => sequence > original);
        const left = placesWithout(part, new Set(newer.flatMap((stored) => idsIn(readable(stored)))));
        if (left.length === 0) return true;
        missing = partOf(part, left);
      } else {
        throw brokerUnavailable(outcome.reason);
      }
    }
    return false;
  }
}

function readable({ data, subject }: StoredJob): QueuedBundle | undefined {
  try {
    return decodeBundle(data, subject);
  } catch {
    return undefined;
  }
}

/** Whether the deadline of the last task is over. @param now broker time. */
function isOverdue({ submittedAt, timeoutMs }: QueuedBundle, now: number): boolean {
  return Math.max(...submittedAt) + timeoutMs <= now;
}

/** The ids of a bundle's tasks. */
function idsIn(bundle: QueuedBundle | undefined): readonly string[] {
  return bundle === undefined ? [] : bundle.rows.map((_, i) => addressIn(bundle, i).id);
}

/** The places of the tasks that are not among the given ones. */
function placesWithout(bundle: QueuedBundle, ids: ReadonlySet<string>): readonly number[] {
  return idsIn(bundle).flatMap((id, i) => (ids.has(id) ? [] : i));
}

/**
 * Moves queued jobs from versions that shall get none any more to those that shall: the copy is stored under the same
 * task, then the original is deleted. Whoever dies in between leaves both, and whoever moves again finds the copy.
 * Both may run, as they do where a worker had the original in hand; the write-once result settles which of them is the
 * task's end, and whatever ends a task from outside looks for its job under every version.
 *
 * Others may move the same jobs at the same time, to where they come from even. Therefore a job is deleted only if a
 * newer copy of it is stored, by sequence: the newest is then nobody's to delete, and there always is one.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Broker, StoredJob } from '../broker/broker.ts';
import { STORE_REFUSED, WRONG_LAST_SEQUENCE } from '../broker/publisher.ts';
import { brokerUnavailable } from '../broker/storedMessages.ts';
import { RequestErrorCode } from '../contract/errors.ts';
import { decodeJob, type QueuedJob } from '../contract/messages/job.ts';
import { Lane } from '../contract/subjects.ts';
import { parseTaskId } from '../contract/task.ts';

export interface QueueMoveOptions {
  readonly broker: Pick<
    Broker,
    | 'queuedVersions'
    | 'nextJobOf'
    | 'newestSequence'
    | 'handedOutUntil'
    | 'storeJob'
    | 'deleteJob'
    | 'now'
    | 'notices'
  >;
  readonly model: string;
  /** The versions whose jobs stay where they are. */
  readonly stays: ReadonlySet<string>;
  /** The version that a bucket's jobs belong to now. */
  readonly versionAt: (bucket: number) => string;
}

/** Jobs moved at a time: that many copies are in the queue beside their originals. */
const CONCURRENCY = 32;
/** A full queue gets room as jobs are worked off, if they are. */
const FULL_RETRY_MS = 50;
const FULL_RETRIES = 20;

/** A job that was copied, its original deleted. */
interface MovedJob {
  readonly copy: QueuedJob;
  /** Of the original. */
  readonly sequence: number;
}

export class QueueMove {
  readonly #options: QueueMoveOptions;
  /** Per version the sequence behind the last job that was seen. */
  readonly #seenUntil = new Map<string, number>();
  #moved = 0;
  #held = 0;
  #isFull = false;

  constructor(options: QueueMoveOptions) {
    this.#options = options;
  }

  /** Jobs moved so far that no worker had seen: only their new version answers them. */
  get moved(): number {
    return this.#moved;
  }

  /** Jobs copied so far that a worker may have in hand: whichever version is first answers them. */
  get held(): number {
    return this.#held;
  }

  /** Why jobs that should move are left. */
  get stoppedBy(): RequestErrorCode | undefined {
    return this.#isFull ? RequestErrorCode.QueueFull : undefined;
  }

  /**
   * Moves what is queued and was not seen yet, oldest first, until the queue takes no copy.
   *
   * @throws {RequestError} `BROKER_UNAVAILABLE`: what was moved is moved, what was not stays.
   */
  async run(): Promise<void> {
    const { broker, model, stays } = this.#options;
    for (const version of await broker.queuedVersions(model)) {
      if (!stays.has(version)) await this.#emptyVersion(version);
    }
  }

  async #emptyVersion(version: string): Promise<void> {
    while (!this.#isFull) {
      const batch = await this.#nextBatch(version);
      if (batch.length === 0) return;
      const moved = await Promise.all(batch.map((stored) => this.#move(stored)));
      await this.#count(
        version,
        moved.filter((job) => job !== undefined),
      );
      this.#announce(moved.flatMap((job) => job?.copy ?? []));
    }
  }

  /** Asks only now how far workers have come: what they took until its original was deleted, they have. */
  async #count(version: string, moved: readonly MovedJob[]): Promise<void> {
    const { broker, model } = this.#options;
    const lanes = Map.groupBy(moved, ({ copy: { lane = Lane.Interactive } }) => lane);
    for (const [lane, jobs] of lanes) {
      const handedOut = await broker.handedOutUntil(model, version, lane);
      const held = jobs.filter(({ sequence }) => sequence <= handedOut).length;
      this.#held += held;
      this.#moved += jobs.length - held;
    }
  }

  /** To the gateways that accepted them, who show them as they know them. */
  #announce(moved: readonly QueuedJob[]): void {
    const groups = Map.groupBy(moved, ({ taskId, version }) => `${parseTaskId(taskId)?.home} ${version}`);
    for (const [group, jobs] of groups) {
      const [home = '', version = ''] = group.split(' ');
      this.#options.broker.notices.announceMoved(home, {
        taskIds: jobs.map(({ taskId }) => taskId),
        version,
      });
    }
  }

  async #nextBatch(version: string): Promise<readonly StoredJob[]> {
    const { broker, model } = this.#options;
    const batch: StoredJob[] = [];
    while (batch.length < CONCURRENCY) {
      const stored = await broker.nextJobOf(model, version, this.#seenUntil.get(version) ?? 1);
      if (stored === undefined) break;
      this.#seenUntil.set(version, stored.sequence + 1);
      batch.push(stored);
    }
    return batch;
  }

  /** @returns undefined if the job stays. */
  async #move(stored: StoredJob): Promise<MovedJob | undefined> {
    const { broker, model, versionAt } = this.#options;
    const job = readable(stored);
    // One that cannot be read is a worker's matter, one that pins its version stays, and one that is overdue expires.
    if (job?.bucket === undefined || job.deadline <= broker.now()) return undefined;
    const copy = { ...job, version: versionAt(job.bucket) };
    if (copy.version === job.version) return undefined;
    if (!(await this.#storeCopy(copy, stored.sequence))) {
      this.#isFull = true;
      return undefined;
    }
    await broker.deleteJob(model, stored.sequence);
    return { copy, sequence: stored.sequence };
  }

  /** Sees to a copy that is newer than its original. @returns false if the queue has no room for it. */
  async #storeCopy(copy: QueuedJob, originalSequence: number): Promise<boolean> {
    const { broker } = this.#options;
    let after = 0;
    for (let attempt = 0; attempt <= FULL_RETRIES; attempt++) {
      const outcome = await broker.storeJob(copy, { after });
      if (outcome.type === 'stored') return true;
      if (outcome.type === 'unanswered') throw brokerUnavailable(outcome.reason);
      if (WRONG_LAST_SEQUENCE.includes(outcome.code)) {
        // One waits there already: of an earlier move, or the original of one that is under way in the other direction.
        after = (await broker.newestSequence(copy)) ?? 0;
        if (after > originalSequence) return true;
        continue;
      }
      if (outcome.code !== STORE_REFUSED) throw brokerUnavailable(outcome.reason);
      await sleep(FULL_RETRY_MS);
    }
    return false;
  }
}

function readable({ data, subject }: StoredJob): QueuedJob | undefined {
  try {
    return decodeJob(data, subject);
  } catch {
    return undefined;
  }
}

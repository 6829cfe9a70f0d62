/**
 * Moves queued jobs from versions without a share to those with one: it stores a copy for the same task, then deletes
 * the original. A gateway that dies in between leaves both; the next move finds the copy. Both may then run, as they
 * may if a worker already has the original. The write-once result decides which of them ends the task. Code that ends a
 * task from outside looks for its job under every version.
 *
 * Several gateways may move the same jobs at the same time, even back and forth. Therefore a job is deleted only if a
 * newer copy of it is stored (by its sequence in the stream). So the newest copy is never deleted.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Broker, StoredJob } from '../broker/broker.ts';
import { brokerUnavailable, RequestErrorCode } from '../contract/errors.ts';
import { decodeJob, type QueuedJob } from '../contract/messages/job.ts';
import { Lane } from '../contract/subjects.ts';
import { parseTaskId } from '../contract/taskId.ts';

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
  /** The versions that keep their jobs. */
  readonly stays: ReadonlySet<string>;
  /** The version that a bucket's jobs belong to now. */
  readonly versionAt: (bucket: number) => string;
}

/** Jobs moved at a time. So many copies are in the queue beside their originals. */
const CONCURRENCY = 32;
/** How long a move waits until a full queue has space again. */
const FULL_RETRY_MS = 50;
const FULL_RETRIES = 20;

/** A job that was copied, and its original deleted. */
interface MovedJob {
  readonly copy: QueuedJob;
  /** The sequence of the original. */
  readonly sequence: number;
}

export class QueueMove {
  readonly #options: QueueMoveOptions;
  /** By version: the sequence after the last job that was looked at. */
  readonly #seenUntil = new Map<string, number>();
  #moved = 0;
  #held = 0;
  #isFull = false;

  constructor(options: QueueMoveOptions) {
    this.#options = options;
  }

  /** Moved jobs that no worker had received: only their new version answers them. */
  get moved(): number {
    return this.#moved;
  }

  /** Copied jobs that a worker may have received: the version that is first answers them. */
  get held(): number {
    return this.#held;
  }

  /** Why the move is incomplete. */
  get stoppedBy(): RequestErrorCode | undefined {
    return this.#isFull ? RequestErrorCode.QueueFull : undefined;
  }

  /**
   * Moves the queued jobs that it has not looked at yet, oldest first, until the queue takes no copy.
   *
   * @throws {RequestError} `BROKER_UNAVAILABLE`. Some jobs may have moved by then; the others stay.
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

  /**
   * Asks after the deletion how far the workers are: they have the jobs that they took before their originals were
   * deleted.
   */
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

  /** Tells the gateways that accepted the tasks. They show each task's version. */
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
    // Workers dead-letter an unreadable job. A job that pins its version stays. An overdue job expires.
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

  /** Makes sure that a copy newer than its original is stored. @returns false if the queue is full. */
  async #storeCopy(copy: QueuedJob, originalSequence: number): Promise<boolean> {
    const { broker } = this.#options;
    let after = 0;
    for (let attempt = 0; attempt <= FULL_RETRIES; attempt++) {
      const outcome = await broker.storeJob(copy, { after });
      if (outcome.type === 'stored') return true;
      if (outcome.type === 'alreadyThere' || outcome.type === 'changed') {
        // A job waits there already: the copy of an earlier move, or the original of a move in the other direction.
        after = (await broker.newestSequence(copy)) ?? 0;
        if (after > originalSequence) return true;
        continue;
      }
      if (outcome.type !== 'full') throw brokerUnavailable(outcome.reason);
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

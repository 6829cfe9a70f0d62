/**
 * Accepts jobs: a task is accepted once its job is stored, and only then is it returned. A `requestId`, or the dead
 * letter that is redriven, stands for one task, whichever gateways try, and however often.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Broker, PublishOutcome, StoredRequest } from './broker/broker.ts';
import { STORE_REFUSED, WRONG_LAST_SEQUENCE } from './broker/publisher.ts';
import type { Config } from './config.ts';
import { endTask, expiredResult } from './endTask.ts';
import { RequestError, RequestErrorCode } from './errors.ts';
import { type OpenTasks, queuedTask, taskOf } from './openTasks.ts';
import {
  encodeMessage,
  inputDigest,
  type Job,
  Lane,
  MESSAGE_VERSION,
  type RequestRecord,
  redriveHash,
  requestHash,
} from './protocol.ts';
import type { QueueRoom } from './queueRoom.ts';
import { type ResultRoom, resultStoreFull } from './resultRoom.ts';
import { type Task, TaskState } from './task.ts';
import type { TaskReader } from './taskReader.ts';

export interface AcceptanceOptions {
  readonly broker: Broker;
  readonly open: OpenTasks;
  readonly room: ResultRoom;
  readonly queueRoom: QueueRoom;
  readonly reader: TaskReader;
  readonly home: string;
  readonly limits: Pick<Config, 'queueMaxJobs' | 'queueMaxBytes'>;
}

type AnsweredOutcome = Exclude<PublishOutcome, { type: 'unanswered' }>;

/** How long a mutation goes on trying while the broker is away, in milliseconds. */
const STORE_WITHIN_MS = 2_000;
const STORE_RETRY_MS = 50;
const RETRY_AFTER_MS = 1_000;
/** A refused claim without a record to read is tried so often. */
const CLAIM_ATTEMPTS = 3;
/** So long after it began, a redrive whose job is nowhere has failed: its gateway gave up, or is gone. */
const REDRIVE_WITHIN_MS = 10_000;

export class Acceptance {
  readonly #broker: Broker;
  readonly #open: OpenTasks;
  readonly #room: ResultRoom;
  readonly #queueRoom: QueueRoom;
  readonly #reader: TaskReader;
  readonly #home: string;
  readonly #limits: AcceptanceOptions['limits'];

  constructor({ broker, open, room, queueRoom, reader, home, limits }: AcceptanceOptions) {
    this.#broker = broker;
    this.#open = open;
    this.#room = room;
    this.#queueRoom = queueRoom;
    this.#reader = reader;
    this.#home = home;
    this.#limits = limits;
  }

  /** Accepts a job that nobody has tried to store before. */
  accept(job: Job): Promise<Task> {
    return this.#accept(job, { again: false, giveUpAt: giveUpAt() });
  }

  /**
   * Accepts a job under a `requestId`: whoever writes the record first decides which task it stands for.
   *
   * @param digest of what was asked, see `inputDigest`: under the same `requestId` it has to be the same.
   */
  async acceptOnce(job: Job, requestId: string, digest: string): Promise<Task> {
    const until = giveUpAt();
    const hash = requestHash(job.owner, job.model, requestId);
    const record = { v: MESSAGE_VERSION, job, inputDigest: digest };
    // A retry of what is known is answered all the same; a new record would promise what is refused.
    if (this.#room.isFull && (await this.#broker.readRequest(hash)) === undefined) throw resultStoreFull();
    for (;;) {
      const first = await this.#claim(hash, record, until);
      if (first === undefined) return this.#accept(job, { again: true, giveUpAt: until });
      if (first.record.inputDigest !== digest) throw requestIdConflict(requestId, first.record.job.taskId);
      const task = await this.#acceptAgain(first.record.job, until);
      if (task !== undefined) return task;
      // The first try was refused, and its time is over: this one takes its place.
      await this.#broker.forgetRequest(hash, first.sequence);
    }
  }

  /** The task of an earlier try under a `requestId`, if there was one with the same question, and something came of it. */
  async acceptedBefore(hash: string, digest: string): Promise<Task | undefined> {
    const first = await this.#broker.readRequest(hash);
    if (first?.record.inputDigest !== digest) return undefined;
    return this.#acceptAgain(first.record.job, giveUpAt());
  }

  /**
   * Accepts a job in the place of a dead one. However many gateways do so at the same time, and whichever of them dies
   * meanwhile, one task comes of it as long as the dead letter is removed only afterwards.
   *
   * @param deadId the task that died.
   * @returns once the new job is stored; a redrive that was made before gives its task.
   */
  async redrive(job: Job, deadId: string): Promise<Task> {
    const until = giveUpAt();
    const hash = redriveHash(deadId);
    const record = { v: MESSAGE_VERSION, job, inputDigest: inputDigest(job.input, undefined) };
    for (;;) {
      const first = await this.#claim(hash, record, until);
      if (first === undefined) return this.#accept(job, { again: true, giveUpAt: until });
      const task = await this.#redrivenBefore(first.record.job, until);
      if (task !== undefined) return task;
      await this.#broker.forgetRequest(hash, first.sequence);
    }
  }

  /**
   * An earlier redrive of the same dead letter, which is still there: it may be under way, or have ended anywhere.
   *
   * @returns undefined if nothing came of it and nothing will.
   */
  async #redrivenBefore(job: Job, giveUpAt: number): Promise<Task | undefined> {
    const address = this.#reader.address(job.taskId);
    const present = this.#open.known(job.taskId) ?? (await this.#reader.stored(address))?.task;
    if (present !== undefined) return present.state === TaskState.Expired ? undefined : present;
    const now = this.#broker.now();
    if (now < Math.min(job.deadline, job.submittedAt + REDRIVE_WITHIN_MS))
      return this.#accept(job, { again: true, giveUpAt });
    if (this.#reader.mayBeGone(address)) return undefined;
    // A gateway that comes to itself now may still store that job: with its end, it is no second one.
    const end = await endTask(this.#broker, expiredResult(job, now), address);
    return end.state === TaskState.Expired ? undefined : taskOf(end);
  }

  /** @returns the record that stands already; undefined if it is this one that stands now. */
  async #claim(hash: string, record: RequestRecord, giveUpAt: number): Promise<StoredRequest | undefined> {
    for (let attempt = 1; ; attempt++) {
      const claim = await this.#untilAnswered(giveUpAt, () => this.#broker.storeRequest(hash, record));
      if (claim.type === 'stored') return undefined;
      const first = await this.#broker.readRequest(hash);
      if (first !== undefined) return first;
      // Refused without a record: it was removed just now, by a retry like this one, or the store is full.
      if (attempt < CLAIM_ATTEMPTS) continue;
      throw new RequestError(
        RequestErrorCode.ResultStoreFull,
        `The memory of request ids is full (${claim.reason}). Try again later, or without a requestId.`,
        { details: { retryAfterMs: RETRY_AFTER_MS } },
      );
    }
  }

  /**
   * The first try may have ended anywhere: between record and job, in the queue, or with a result.
   *
   * @returns undefined if its job was never stored, and the time for that is over.
   */
  async #acceptAgain(job: Job, giveUpAt: number): Promise<Task | undefined> {
    const known = this.#open.known(job.taskId);
    if (known !== undefined) return known;
    const address = this.#reader.address(job.taskId);
    const present = await this.#reader.stored(address);
    if (present !== undefined) return present.task;
    if (this.#broker.now() < job.deadline) return this.#accept(job, { again: true, giveUpAt });
    if (this.#reader.mayBeGone(address)) throw this.#reader.absent(address);
    return undefined;
  }

  async #accept(job: Job, { again, giveUpAt }: { again: boolean; giveUpAt: number }): Promise<Task> {
    this.#room.admit();
    if (job.lane === Lane.Bulk)
      await this.#queueRoom.admit(job.model, { jobs: 1, bytes: encodeMessage(job).length });
    const address = this.#reader.address(job.taskId);
    if (address.home !== this.#home) {
      // A retry of what another gateway began: its end is told there, and whoever watches it here follows it as foreign.
      await this.#storeJob(job, again, giveUpAt);
      return queuedTask(job);
    }
    const task = this.#open.add(job, address);
    try {
      await this.#storeJob(job, again, giveUpAt);
      this.#open.accept(task.id);
      return task;
    } catch (error) {
      this.#open.remove(task.id);
      throw error;
    }
  }

  async #storeJob(job: Job, storedBefore: boolean, giveUpAt: number): Promise<void> {
    let again = storedBefore;
    const outcome = await this.#untilAnswered(giveUpAt, () => {
      const storing = this.#broker.storeJob(job, { again });
      again = true;
      return storing;
    });
    // "Not the first of its subject": an earlier try was stored after all, and waits in the queue.
    if (outcome.type === 'stored' || WRONG_LAST_SEQUENCE.includes(outcome.code)) return;
    const { queueMaxJobs, queueMaxBytes } = this.#limits;
    if (outcome.code === STORE_REFUSED) {
      throw new RequestError(
        RequestErrorCode.QueueFull,
        `The queue of ${job.model} is full: it may hold ${queueMaxJobs} jobs and ${queueMaxBytes} bytes. Try again in ${RETRY_AFTER_MS} ms.`,
        { details: { retryAfterMs: RETRY_AFTER_MS, limit: queueMaxJobs } },
      );
    }
    throw mayHaveBeenStored(outcome.reason);
  }

  /** Tries again while nobody answers, up to an instant of `performance.now()`: a broker that restarts is back by then. */
  async #untilAnswered(giveUpAt: number, store: () => Promise<PublishOutcome>): Promise<AnsweredOutcome> {
    for (;;) {
      const outcome = await store();
      if (outcome.type !== 'unanswered') return outcome;
      const leftMs = giveUpAt - performance.now();
      if (leftMs <= STORE_RETRY_MS) throw mayHaveBeenStored(outcome.reason);
      await Promise.all([sleep(STORE_RETRY_MS), Promise.race([this.#broker.whenConnected(), sleep(leftMs)])]);
    }
  }
}

/** On the clock of `performance.now()`. */
function giveUpAt(): number {
  return performance.now() + STORE_WITHIN_MS;
}

function requestIdConflict(requestId: string, taskId: string): RequestError {
  return new RequestError(
    RequestErrorCode.RequestIdConflict,
    `requestId ${JSON.stringify(requestId)} must be used with one input and modelVersion only; it came with another before. Use a new requestId for a new question.`,
    { details: { field: 'requestId', taskId } },
  );
}

function mayHaveBeenStored(reason: string): RequestError {
  return new RequestError(
    RequestErrorCode.BrokerUnavailable,
    `The broker did not confirm the task (${reason}). It may have been stored all the same: try again with a requestId, and a task that was stored is returned instead of a second one.`,
    { details: { retryAfterMs: 1_000 } },
  );
}

/**
 * Accepts jobs: a task is accepted once its job is stored, and only then is it returned. A `requestId`, or the dead
 * letter that is redriven, stands for one task, whichever gateways try, and however often.
 */

import type { Broker, StoredRequest } from '../broker/broker.ts';
import { endTask, expiredResult } from '../broker/endTask.ts';
import { inputDigest, redriveHash, requestHash } from '../contract/digests.ts';
import { RequestError, RequestErrorCode } from '../contract/errors.ts';
import { MESSAGE_VERSION } from '../contract/messages/decoder.ts';
import type { ChunkJob, Job, RowBatchJob } from '../contract/messages/job.ts';
import type { AskedRequest, RequestRecord } from '../contract/messages/requestRecord.ts';
import { chunkCountOf, hasChunk } from '../contract/rowBatchShape.ts';
import { Lane } from '../contract/subjects.ts';
import { type FinishedTask, isFinal, type Task, type TaskAddress, TaskState } from '../contract/task.ts';
import type { ChunkAdmission } from './chunkAdmission.ts';
import { type OpenTasks, queuedTask, taskOf } from './openTasks.ts';
import type { QueueAdmission } from './queueAdmission.ts';
import { type ResultAdmission, resultStoreFull } from './resultAdmission.ts';
import { giveUpAt, type Storing, type Try } from './storing.ts';
import type { TaskEvents } from './taskEvents.ts';
import type { TaskReader } from './taskReader.ts';

export interface AcceptanceOptions {
  readonly broker: Broker;
  readonly open: OpenTasks;
  readonly resultAdmission: Pick<ResultAdmission, 'isFull' | 'admit'>;
  readonly queueAdmission: Pick<QueueAdmission, 'admit'>;
  readonly chunkAdmission: Pick<ChunkAdmission, 'admit'>;
  readonly reader: TaskReader;
  readonly events: Pick<TaskEvents, 'emit'>;
  readonly storing: Pick<Storing, 'storeJob' | 'storeRowBatch' | 'storedChunks' | 'untilAnswered'>;
  readonly home: string;
}

/** Cuts the rows that were asked into the chunks of a batch: of this one, or the same one that was begun before. */
export type CutRowBatch = (batch: RowBatchJob) => readonly ChunkJob[];

const RETRY_AFTER_MS = 1_000;
/** A refused claim without a record to read is tried so often. */
const CLAIM_ATTEMPTS = 3;
/** So long after it began, a redrive whose job is nowhere has failed: its gateway gave up, or is gone. */
const REDRIVE_WITHIN_MS = 10_000;

export class Acceptance {
  readonly #broker: Broker;
  readonly #open: OpenTasks;
  readonly #resultAdmission: AcceptanceOptions['resultAdmission'];
  readonly #queueAdmission: AcceptanceOptions['queueAdmission'];
  readonly #chunkAdmission: AcceptanceOptions['chunkAdmission'];
  readonly #reader: TaskReader;
  readonly #events: AcceptanceOptions['events'];
  readonly #home: string;
  readonly #storing: AcceptanceOptions['storing'];

  constructor({
    broker,
    open,
    resultAdmission,
    queueAdmission,
    chunkAdmission,
    reader,
    events,
    storing,
    home,
  }: AcceptanceOptions) {
    this.#broker = broker;
    this.#open = open;
    this.#resultAdmission = resultAdmission;
    this.#queueAdmission = queueAdmission;
    this.#chunkAdmission = chunkAdmission;
    this.#reader = reader;
    this.#events = events;
    this.#home = home;
    this.#storing = storing;
  }

  /**
   * Accepts a job that nobody has tried to store before.
   *
   * @param cut of a batch.
   */
  accept(job: Job | RowBatchJob, cut?: CutRowBatch): Promise<Task> {
    return this.#accept(job, { again: false, giveUpAt: giveUpAt() }, cut);
  }

  /**
   * Accepts a job under a `requestId`: whoever writes the record first decides which task it stands for.
   *
   * @param digest of what was asked, see `inputDigest`: under the same `requestId` it has to be the same.
   * @param cut of a batch.
   */
  async acceptOnce(
    job: Job | RowBatchJob,
    requestId: string,
    digest: string,
    cut?: CutRowBatch,
  ): Promise<Task> {
    const until = giveUpAt();
    const hash = requestHash(job.owner, job.model, requestId);
    const record = { v: MESSAGE_VERSION, job, inputDigest: digest };
    const asked = askedOf(job, digest);
    // A retry of what is known is answered all the same; a new record would promise what is refused.
    if (this.#resultAdmission.isFull && (await this.#broker.readRequest(hash, asked)) === undefined)
      throw resultStoreFull();
    for (;;) {
      const first = await this.#claim(hash, record, asked, until);
      if (first === undefined) return this.#accept(job, { again: true, giveUpAt: until }, cut);
      if (first.record.inputDigest !== digest) throw requestIdConflict(requestId);
      const task = await this.#acceptAgain(first.record.job, until, cut);
      if (task !== undefined) return task;
      // The first try was refused, and its time is over: this one takes its place.
      await this.#broker.forgetRequest(hash, first.sequence);
    }
  }

  /** The task of an earlier try under a `requestId`, if there was one with the same question, and something came of it. */
  async acceptedBefore(hash: string, asked: AskedRequest, cut?: CutRowBatch): Promise<Task | undefined> {
    const first = await this.#broker.readRequest(hash, asked);
    if (first === undefined || first.record.inputDigest !== asked.digest) return undefined;
    return this.#acceptAgain(first.record.job, giveUpAt(), cut);
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
      const first = await this.#claim(hash, record, askedOf(job, undefined), until);
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
  async #redrivenBefore(job: Job | RowBatchJob, giveUpAt: number): Promise<Task | undefined> {
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
  async #claim(
    hash: string,
    record: RequestRecord,
    asked: AskedRequest,
    giveUpAt: number,
  ): Promise<StoredRequest | undefined> {
    for (let attempt = 1; ; attempt++) {
      const claim = await this.#storing.untilAnswered(giveUpAt, () =>
        this.#broker.storeRequest(hash, record),
      );
      if (claim.type === 'stored') return undefined;
      const first = await this.#broker.readRequest(hash, asked);
      if (first !== undefined) return first;
      // Refused without a record: it was removed just now, since it was none or by a retry, or the store is full.
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
  async #acceptAgain(job: Job | RowBatchJob, giveUpAt: number, cut?: CutRowBatch): Promise<Task | undefined> {
    const known = this.#open.known(job.taskId);
    if (known !== undefined) return known;
    const address = this.#reader.address(job.taskId);
    const present = (await this.#reader.stored(address))?.task;
    const isInTime = this.#broker.now() < job.deadline;
    if (present !== undefined && !(isInTime && (await this.#isPart(present, address)))) return present;
    if (isInTime) return this.#accept(job, { again: true, giveUpAt }, cut);
    if (this.#reader.mayBeGone(address)) throw requestExpired();
    return undefined;
  }

  /** Whether it is a batch of which some chunks were not stored. */
  async #isPart(task: Task, address: TaskAddress): Promise<boolean> {
    const { batch } = task;
    if (batch === undefined || isFinal(task)) return false;
    const stored = [...(await this.#storing.storedChunks(address))];
    return stored.filter((chunk) => hasChunk(batch, chunk)).length < chunkCountOf(batch);
  }

  async #accept(job: Job | RowBatchJob, attempt: Try, cut: CutRowBatch = () => []): Promise<Task> {
    this.#resultAdmission.admit();
    const chunks = await this.#admit(job, cut);
    const address = this.#reader.address(job.taskId);
    const store = () =>
      'batch' in job
        ? this.#storing.storeRowBatch(job, chunks, address, attempt)
        : this.#storing.storeJob(job, attempt);
    if (address.home !== this.#home) {
      // A retry of what another gateway began: its end is told there, and whoever watches it here follows it as foreign.
      await store();
      return (await this.#endOf(job, address, attempt)) ?? queuedTask(job);
    }
    const task = this.#open.add(job, address);
    if (isFinal(task)) return task;
    try {
      await store();
      const end = await this.#endOf(job, address, attempt);
      if (end !== undefined) return end;
      this.#open.accept(task.id);
      this.#events.emit('accepted', job);
      return task;
    } catch (error) {
      this.#open.remove(task.id);
      throw error;
    }
  }

  /** Sees that there is room for it. @returns the chunks of a batch, cut only once there is room for so many. */
  async #admit(job: Job | RowBatchJob, cut: CutRowBatch): Promise<readonly ChunkJob[]> {
    if (!('batch' in job)) {
      if (job.lane === Lane.Bulk) await this.#queueAdmission.admit(job.model, 1, () => [job]);
      return [];
    }
    const count = chunkCountOf(job.batch);
    await this.#chunkAdmission.admit(count);
    const make = () => [job, ...cut(job)] as const;
    const [, ...chunks] = await this.#queueAdmission.admit(job.model, 1 + count, make);
    return chunks;
  }

  /**
   * Another try may have stored the same job before, and that one may have ended: then what was stored now came too late.
   * A worker takes a single job off the queue once more, but nobody would take the rest of a batch.
   *
   * @returns undefined if it has not ended, as far as is known: its end will be heard.
   */
  async #endOf(
    job: Job | RowBatchJob,
    address: TaskAddress,
    { again }: Try,
  ): Promise<FinishedTask | undefined> {
    if (!again) return undefined;
    if (!('batch' in job)) {
      const known = this.#open.known(job.taskId);
      return known !== undefined && isFinal(known) ? known : undefined;
    }
    const result = await this.#broker.readResult(address);
    if (result === undefined) return undefined;
    this.#open.finish(result);
    await this.#broker.removeRowBatch(address);
    return taskOf(result);
  }
}

function askedOf(job: Job | RowBatchJob, digest: string | undefined): AskedRequest {
  const rowCount = 'batch' in job ? job.batch.rowCount : undefined;
  return { model: job.model, owner: job.owner, digest, rowCount };
}

/** Says nothing of the first task: another caller may have thought of the same requestId, or guessed it. */
function requestIdConflict(requestId: string): RequestError {
  return new RequestError(
    RequestErrorCode.RequestIdConflict,
    `requestId ${JSON.stringify(requestId)} must be used with one input and modelVersion only; it came with another before. Use a new requestId for a new question.`,
    { details: { field: 'requestId' } },
  );
}

function requestExpired(): RequestError {
  return new RequestError(
    RequestErrorCode.ResultExpired,
    'The task of this requestId has ended, and its result is gone. Use a new requestId to ask again.',
  );
}

/**
 * The gateway's side of a task: submit it, find it, watch it. All that the GraphQL schema ever sees.
 *
 * A task is accepted once its job is stored, and only then is it returned. "Unknown" is said only after the leaders of
 * both streams were asked, job first and result second: a job leaves its queue only after its result is stored.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Broker, PublishOutcome, StoredRequest } from './broker/broker.ts';
import { STORE_REFUSED, WRONG_LAST_SEQUENCE } from './broker/publisher.ts';
import { type Config, MAX_TIMEOUT_MS } from './config.ts';
import { canceledResult, endTask, expiredResult } from './endTask.ts';
import { RequestError, RequestErrorCode } from './errors.ts';
import { defaultVersion, type Model, validateInput } from './models.ts';
import { type DatedTask, endingOf, type OpenTasks, queuedTask, taskOf } from './openTasks.ts';
import {
  inputDigest,
  type Job,
  MESSAGE_VERSION,
  type RequestRecord,
  redriveHash,
  requestHash,
} from './protocol.ts';
import { type ResultRoom, resultStoreFull } from './resultRoom.ts';
import { isFinal, newTaskId, parseTaskId, type Task, type TaskAddress, TaskState } from './task.ts';

export const MIN_TIMEOUT_MS = 100;
export const MAX_REQUEST_ID_LENGTH = 128;

export interface TaskOptions {
  readonly requestId?: string | null | undefined;
  /** Milliseconds. */
  readonly timeoutMs?: number | null | undefined;
  readonly modelVersion?: string | null | undefined;
}

export interface Submission {
  readonly model: Model;
  readonly input: Readonly<Record<string, unknown>>;
  readonly options: TaskOptions;
  readonly owner: string;
  /** W3C `traceparent` of the request. */
  readonly trace: string | undefined;
}

type TaskLimits = Pick<Config, 'resultTtlS' | 'queueMaxJobs' | 'queueMaxBytes'>;
type AnsweredOutcome = Exclude<PublishOutcome, { type: 'unanswered' }>;

/** How long a mutation goes on trying while the broker is away, in milliseconds. */
const STORE_WITHIN_MS = 2_000;
const STORE_RETRY_MS = 50;
const RETRY_AFTER_MS = 1_000;
/** A refused claim without a record to read is tried so often. */
const CLAIM_ATTEMPTS = 3;
/** So long after it began, a redrive whose job is nowhere has failed: its gateway gave up, or is gone. */
const REDRIVE_WITHIN_MS = 10_000;
/** Of a job that dies again and again, the last ids are kept. */
const MAX_HISTORY = 100;

export class TaskService {
  readonly #broker: Broker;
  readonly #open: OpenTasks;
  readonly #room: ResultRoom;
  readonly #home: string;
  readonly #modelNames: ReadonlySet<string>;
  readonly #limits: TaskLimits;

  constructor({
    broker,
    open,
    room,
    home,
    models,
    limits,
  }: {
    broker: Broker;
    open: OpenTasks;
    room: ResultRoom;
    home: string;
    models: readonly Model[];
    limits: TaskLimits;
  }) {
    this.#broker = broker;
    this.#open = open;
    this.#room = room;
    this.#home = home;
    this.#modelNames = new Set(models.map(({ manifest }) => manifest.name));
    this.#limits = limits;
  }

  /**
   * Accepts a task: validates, chooses the version, and returns once the job is stored.
   *
   * @throws {RequestError} `BAD_USER_INPUT`, `QUEUE_FULL`, `GATEWAY_BUSY`, `REQUEST_ID_CONFLICT`,
   *   `BROKER_UNAVAILABLE` (the task may have been stored all the same), `RESULT_STORE_FULL`.
   */
  async submit(submission: Submission): Promise<Task> {
    const job = this.#newJob(submission);
    const giveUpAt = performance.now() + STORE_WITHIN_MS;
    const { requestId } = submission.options;
    if (requestId == null) return this.#accept(job, { again: false, giveUpAt });
    const digest = inputDigest(job.input, submission.options.modelVersion ?? undefined);
    return this.#acceptOnce(job, requestId, digest, giveUpAt);
  }

  /**
   * The present state of a task.
   *
   * @throws {RequestError} `TASK_NOT_FOUND`, `RESULT_EXPIRED`, `BROKER_UNAVAILABLE`.
   */
  async find(id: string): Promise<Task> {
    return this.#open.known(id) ?? (await this.#readPresent(this.#address(id))).task;
  }

  /**
   * Withdraws a task that has not ended.
   *
   * @returns the task as it ended: CANCELED, or what came first.
   * @throws {RequestError} as `find`, and `RESULT_STORE_FULL`.
   */
  async cancel(id: string): Promise<Task> {
    const address = this.#address(id);
    const task = this.#open.known(id) ?? (await this.#readPresent(address)).task;
    if (isFinal(task)) return task;
    return taskOf(await endTask(this.#broker, canceledResult(endingOf(task), this.#broker.now()), address));
  }

  /**
   * Submits a dead job again as a new task, with the time limit it had. However many gateways do so at the same time,
   * and whichever of them dies meanwhile, one task comes of it as long as its dead letter is removed only afterwards.
   *
   * @param model the job's.
   * @returns once the new job is stored; a redrive that was made before gives its task.
   * @throws {RequestError} as `submit`; the job's input may be one that the manifest does not allow any more.
   */
  async redrive(dead: Job, model: Model, trace: string | undefined): Promise<Task> {
    const job = this.#redrivenJob(dead, model, trace);
    const giveUpAt = performance.now() + STORE_WITHIN_MS;
    const hash = redriveHash(dead.taskId);
    const record = { v: MESSAGE_VERSION, job, inputDigest: inputDigest(job.input, undefined) };
    for (;;) {
      const first = await this.#claim(hash, record, giveUpAt);
      if (first === undefined) return this.#accept(job, { again: true, giveUpAt });
      const task = await this.#redrivenBefore(first.record.job, giveUpAt);
      if (task !== undefined) return task;
      await this.#broker.forgetRequest(hash, first.sequence);
    }
  }

  /** The final state, once; then the iterator ends. Errors as `find`, and `GATEWAY_BUSY`. */
  async result(id: string): Promise<AsyncIterableIterator<Task>> {
    return this.#watch(id, true);
  }

  /** The present state at once, then each change up to the final state. Errors as `result`. */
  async updates(id: string): Promise<AsyncIterableIterator<Task>> {
    return this.#watch(id, false);
  }

  #watch(id: string, finalOnly: boolean): Promise<AsyncIterableIterator<Task>> {
    const address = this.#address(id);
    return this.#open.watch(address, { finalOnly, readPresent: () => this.#readPresent(address) });
  }

  #newJob({ model, input, options, owner, trace }: Submission): Job {
    const { manifest } = model;
    const values = validateInput(manifest, input);
    checkOptions(options, model);
    const submittedAt = this.#broker.now();
    const deadline = submittedAt + (options.timeoutMs ?? manifest.limits.timeoutMs);
    return {
      v: MESSAGE_VERSION,
      taskId: newTaskId({ model: manifest.name, home: this.#home, deadline }),
      model: manifest.name,
      version: options.modelVersion ?? defaultVersion(model).version,
      input: values,
      submittedAt,
      deadline,
      owner,
      ...(trace === undefined ? {} : { trace }),
    };
  }

  /** The task that a dead letter, gone by now, was redriven as; undefined if it was not, or not of late. */
  async redriven(deadId: string): Promise<Task | undefined> {
    const redrive = await this.#broker.readRequest(redriveHash(deadId));
    if (redrive === undefined) return undefined;
    const { taskId } = redrive.record.job;
    return this.#open.known(taskId) ?? (await this.#readStored(this.#address(taskId)))?.task;
  }

  #redrivenJob(dead: Job, model: Model, trace: string | undefined): Job {
    const timeoutMs = Math.min(Math.max(dead.deadline - dead.submittedAt, MIN_TIMEOUT_MS), MAX_TIMEOUT_MS);
    const isServed = model.versions.some(({ version }) => version === dead.version);
    const options = { timeoutMs, modelVersion: isServed ? dead.version : defaultVersion(model).version };
    return {
      ...this.#newJob({ model, input: dead.input, options, owner: dead.owner, trace }),
      history: [...(dead.history ?? []), dead.taskId].slice(-MAX_HISTORY),
    };
  }

  /**
   * An earlier redrive of the same dead letter, which is still there: it may be under way, or have ended anywhere.
   *
   * @returns undefined if nothing came of it and nothing will.
   */
  async #redrivenBefore(job: Job, giveUpAt: number): Promise<Task | undefined> {
    const address = this.#address(job.taskId);
    const present = this.#open.known(job.taskId) ?? (await this.#readStored(address))?.task;
    if (present !== undefined) return present.state === TaskState.Expired ? undefined : present;
    const now = this.#broker.now();
    if (now < Math.min(job.deadline, job.submittedAt + REDRIVE_WITHIN_MS))
      return this.#accept(job, { again: true, giveUpAt });
    if (this.#mayBeGone(address)) return undefined;
    // A gateway that comes to itself now may still store that job: with its end, it is no second one.
    const end = await endTask(this.#broker, expiredResult(job, now), address);
    return end.state === TaskState.Expired ? undefined : taskOf(end);
  }

  /** Submits a task under a `requestId`: whoever writes the record first decides which task it stands for. */
  async #acceptOnce(job: Job, requestId: string, digest: string, giveUpAt: number): Promise<Task> {
    const hash = requestHash(job.owner, job.model, requestId);
    const record = { v: MESSAGE_VERSION, job, inputDigest: digest };
    // A retry of what is known is answered all the same; a new record would promise what is refused.
    if (this.#room.isFull && (await this.#broker.readRequest(hash)) === undefined) throw resultStoreFull();
    for (;;) {
      const first = await this.#claim(hash, record, giveUpAt);
      if (first === undefined) return this.#accept(job, { again: true, giveUpAt });
      if (first.record.inputDigest !== digest) throw requestIdConflict(requestId, first.record.job.taskId);
      const task = await this.#acceptAgain(first.record.job, giveUpAt);
      if (task !== undefined) return task;
      // The first try was refused, and its time is over: this one takes its place.
      await this.#broker.forgetRequest(hash, first.sequence);
    }
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
    const address = this.#address(job.taskId);
    const present = await this.#readStored(address);
    if (present !== undefined) return present.task;
    if (this.#broker.now() < job.deadline) return this.#accept(job, { again: true, giveUpAt });
    if (this.#mayBeGone(address)) throw this.#absent(address);
    return undefined;
  }

  async #accept(job: Job, { again, giveUpAt }: { again: boolean; giveUpAt: number }): Promise<Task> {
    this.#room.admit();
    const address = this.#address(job.taskId);
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

  async #readPresent(address: TaskAddress): Promise<DatedTask> {
    const present = await this.#readStored(address);
    if (present === undefined) throw this.#absent(address);
    if (isFinal(present.task) || address.home === this.#home) return present;
    // Whether a queued job runs already is known to the gateway that accepted it.
    const task = (await this.#broker.askPresentState(address)) ?? present.task;
    return { ...present, task };
  }

  async #readStored(address: TaskAddress): Promise<DatedTask | undefined> {
    const job = await this.#broker.readJob(address);
    // Also where there is a job: it leaves its queue a moment after its task's end is stored, or much later.
    const result = await this.#broker.readResult(address);
    if (result !== undefined) return { task: taskOf(result), deadline: address.deadlineSecond * 1000 };
    return job && { task: queuedTask(job), deadline: job.deadline };
  }

  /** @throws {RequestError} `TASK_NOT_FOUND` for what cannot be an id of a task of ours. */
  #address(id: string): TaskAddress {
    const address = parseTaskId(id);
    if (address === undefined || !this.#modelNames.has(address.model)) throw notFound(id);
    return address;
  }

  /** A task that is nowhere: its result was kept and is gone, or there never was one. Its id tells which is possible. */
  #absent(address: TaskAddress): RequestError {
    if (!this.#mayBeGone(address)) return notFound(address.id);
    return new RequestError(
      RequestErrorCode.ResultExpired,
      `The result of task ${address.id} is gone: results are kept for ${this.#limits.resultTtlS} s.`,
    );
  }

  /** Whether a task of that deadline can have ended so early that its result has outlived its life. */
  #mayBeGone({ deadlineSecond }: TaskAddress): boolean {
    const earliestEnd = deadlineSecond * 1000 - MAX_TIMEOUT_MS;
    return this.#broker.now() >= earliestEnd + this.#limits.resultTtlS * 1000;
  }
}

function checkOptions(
  { requestId, timeoutMs, modelVersion }: TaskOptions,
  { manifest, versions }: Model,
): void {
  if (requestId != null && (requestId.length === 0 || requestId.length > MAX_REQUEST_ID_LENGTH)) {
    throw badOption(
      'requestId',
      `a text of 1 to ${MAX_REQUEST_ID_LENGTH} characters`,
      `${requestId.length} characters`,
    );
  }
  if (timeoutMs != null && (timeoutMs < MIN_TIMEOUT_MS || timeoutMs > MAX_TIMEOUT_MS)) {
    throw badOption('timeoutMs', `from ${MIN_TIMEOUT_MS} to ${MAX_TIMEOUT_MS} (ms)`, String(timeoutMs));
  }
  if (modelVersion != null && !versions.some(({ version }) => version === modelVersion)) {
    const live = versions.map(({ version }) => version).join(', ');
    throw badOption(
      'modelVersion',
      `a live version of ${manifest.name} (${live})`,
      JSON.stringify(modelVersion.slice(0, 40)),
    );
  }
}

function badOption(field: string, expected: string, got: string): RequestError {
  return new RequestError(RequestErrorCode.BadUserInput, `${field} must be ${expected}, got ${got}`, {
    details: { field, expected, value: got },
  });
}

function requestIdConflict(requestId: string, taskId: string): RequestError {
  return new RequestError(
    RequestErrorCode.RequestIdConflict,
    `requestId ${JSON.stringify(requestId)} must be used with one input and modelVersion only; it came with another before. Use a new requestId for a new question.`,
    { details: { field: 'requestId', taskId } },
  );
}

function notFound(id: string): RequestError {
  return new RequestError(
    RequestErrorCode.TaskNotFound,
    `There is no task ${JSON.stringify(id.slice(0, 128))}: an id must be one that a mutation returned.`,
  );
}

function mayHaveBeenStored(reason: string): RequestError {
  return new RequestError(
    RequestErrorCode.BrokerUnavailable,
    `The broker did not confirm the task (${reason}). It may have been stored all the same: try again with a requestId, and a task that was stored is returned instead of a second one.`,
    { details: { retryAfterMs: 1_000 } },
  );
}

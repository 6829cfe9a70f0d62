/** The gateway's side of a task: submit it, find it, watch it, withdraw it. */

import type { Broker } from '../broker/broker.ts';
import { endTask, withdrawnResult } from '../broker/endTask.ts';
import { columnsDigest, inputDigest, redriveHash, requestHash } from '../contract/digests.ts';
import { RequestError, RequestErrorCode } from '../contract/errors.ts';
import type { Job, QueuedJob, RowBatchJob } from '../contract/messages/job.ts';
import { chunkCountOf } from '../contract/rowBatchShape.ts';
import { isFinal, type Task, type TaskAddress } from '../contract/task.ts';
import { checkInput } from '../models/input.ts';
import type { Model } from '../models/models.ts';
import type { Config } from '../process/config.ts';
import type { Offering } from '../rollout/offering.ts';
import { Acceptance, type CutRowBatch } from './acceptance.ts';
import type { ChunkAdmission } from './chunkAdmission.ts';
import { ChunkSemaphore } from './chunkSemaphore.ts';
import { shapeOf } from './chunkSize.ts';
import { endingOf, type OpenTasks, taskOf } from './openTasks.ts';
import type { QueueAdmission } from './queueAdmission.ts';
import type { ResultAdmission } from './resultAdmission.ts';
import { type PageOptions, type RowPage, readPage } from './rowPages.ts';
import { Storing } from './storing.ts';
import {
  chunksOf,
  newJob,
  newRowBatch,
  questionOf,
  type RowBatchSubmission,
  redrivenJob,
  type Submission,
} from './submission.ts';
import type { TaskEvents } from './taskEvents.ts';
import { TaskReader } from './taskReader.ts';

export interface TaskServiceOptions {
  readonly broker: Broker;
  readonly open: OpenTasks;
  readonly resultAdmission: ResultAdmission;
  readonly queueAdmission: QueueAdmission;
  readonly chunkAdmission: ChunkAdmission;
  readonly events: TaskEvents;
  readonly home: string;
  readonly models: readonly Model[];
  readonly offering: Offering;
  readonly limits: Pick<Config, 'resultTtlS' | 'queueMaxJobs' | 'queueMaxBytes'>;
}

/** What is asked, made into a job when it is known to be none that was asked before. */
interface Question {
  readonly make: () => Job | RowBatchJob;
  /** @param pinned version, if one is. */
  readonly digest: (pinned: string | undefined) => string;
  /** Of a batch. */
  readonly rowCount?: number;
  readonly cut?: CutRowBatch;
}

/** Chunks in hand at once: four batches of single numbers, two pages of the largest size (11 MiB). */
const ACCEPTED_AT_ONCE = 40;
const READ_AT_ONCE = 24;
/** Chunks that may wait for that: a hundred times as many batches, or pages, as one request can hold. */
const MAX_WAITING = 1_000;

export class TaskService {
  readonly #broker: Broker;
  readonly #open: OpenTasks;
  readonly #reader: TaskReader;
  readonly #acceptance: Acceptance;
  readonly #home: string;
  readonly #offering: Offering;
  readonly #events: TaskEvents;
  readonly #accepted = new ChunkSemaphore({
    purpose: 'accepted',
    atOnce: ACCEPTED_AT_ONCE,
    waiting: MAX_WAITING,
  });
  readonly #read = new ChunkSemaphore({ purpose: 'read', atOnce: READ_AT_ONCE, waiting: MAX_WAITING });

  constructor(options: TaskServiceOptions) {
    this.#broker = options.broker;
    this.#open = options.open;
    this.#home = options.home;
    this.#offering = options.offering;
    this.#events = options.events;
    this.#reader = new TaskReader(options);
    const storing = new Storing(options);
    this.#acceptance = new Acceptance({ ...options, reader: this.#reader, storing });
  }

  /**
   * Accepts a task: validates, chooses the version, and returns once the job is stored; with `waitMs`, once the task has
   * ended or the time is over.
   *
   * @returns the task as it is then.
   * @throws {RequestError} `BAD_USER_INPUT`, `NO_VERSION`, `QUEUE_FULL`, `GATEWAY_BUSY`, `REQUEST_ID_CONFLICT`,
   *   `BROKER_UNAVAILABLE` (the task may have been stored all the same), `RESULT_STORE_FULL`, `NEWER_GATEWAY_NEEDED`.
   */
  async submit(submission: Submission): Promise<Task> {
    return this.#settledOrNot(submission, () => this.#accept(submission));
  }

  /**
   * Accepts many rows as one task, all of them or none; with `waitMs` as `submit`.
   *
   * @throws {RequestError} as `submit`.
   */
  async submitRowBatch(submission: RowBatchSubmission): Promise<Task> {
    const { model, inputs } = submission;
    const chunks = chunkCountOf(shapeOf(model.manifest, inputs.length));
    return this.#settledOrNot(submission, () =>
      this.#accepted.take(chunks, () => this.#acceptRowBatch(submission)),
    );
  }

  /**
   * The present state of a task.
   *
   * @throws {RequestError} `TASK_NOT_FOUND`, `RESULT_EXPIRED`, `BROKER_UNAVAILABLE`.
   */
  async find(id: string): Promise<Task> {
    return this.#open.known(id) ?? (await this.#reader.present(this.#reader.address(id))).task;
  }

  /** The same, but never older than what any gateway has told: what is not final here is looked up in the streams. */
  async findNewest(id: string): Promise<Task> {
    const known = this.#open.known(id);
    return known !== undefined && isFinal(known)
      ? known
      : (await this.#reader.present(this.#reader.address(id))).task;
  }

  /**
   * Withdraws a task that has not ended.
   *
   * @returns the task as it ended: CANCELED, or what came first.
   * @throws {RequestError} as `find`, and `RESULT_STORE_FULL`.
   */
  async cancel(id: string): Promise<Task> {
    const address = this.#reader.address(id);
    const task = this.#open.known(id) ?? (await this.#reader.present(address)).task;
    if (isFinal(task)) return task;
    const end = await withdrawnResult(this.#broker, endingOf(task), this.#broker.now());
    return taskOf(await endTask(this.#broker, end, address));
  }

  /** What came of some rows of a batch, see `readPage`. */
  page(task: Task, options: PageOptions): Promise<RowPage> {
    return readPage({ broker: this.#broker, turns: this.#read }, task, options);
  }

  /** The final state, once; then the iterator ends. Errors as `find`, and `GATEWAY_BUSY`. */
  async result(id: string): Promise<AsyncIterableIterator<Task>> {
    return this.#watch(id, true);
  }

  /** The present state at once, then each change up to the final state. Errors as `result`. */
  async updates(id: string): Promise<AsyncIterableIterator<Task>> {
    return this.#watch(id, false);
  }

  /**
   * Submits a dead job again as a new task. However many gateways do so at the same time,
   * and whichever of them dies meanwhile, one task comes of it as long as its dead letter is removed only afterwards.
   *
   * @param model the job's.
   * @returns once the new job is stored; a redrive that was made before gives its task.
   * @throws {RequestError} as `submit`; the job's input may be one that the manifest does not allow any more.
   */
  async redrive(dead: QueuedJob, model: Model, trace: string | undefined): Promise<Task> {
    return this.#acceptance.redrive(redrivenJob(dead, model, trace, this.#origin()), dead.taskId);
  }

  /** The task that a dead letter, gone by now, was redriven as; undefined if it was not, or not of late. */
  async redriven({ id: deadId, model }: TaskAddress): Promise<Task | undefined> {
    const redrive = await this.#broker.readRequest(redriveHash(deadId), { model });
    if (redrive === undefined) return undefined;
    const { taskId } = redrive.record.job;
    return this.#open.known(taskId) ?? (await this.#reader.stored(this.#reader.address(taskId)))?.task;
  }

  async #settledOrNot(
    { model, options, gone }: Omit<Submission, 'input'>,
    submit: () => Promise<Task>,
  ): Promise<Task> {
    const waitMs = options.waitMs ?? 0;
    const accept = () => this.#tellRefusal(model, submit);
    if (waitMs === 0) return accept();
    // Before it is accepted: a refusal afterwards would hide that it was.
    using place = this.#open.reserveWatch();
    const task = await accept();
    if (isFinal(task)) return task;
    place[Symbol.dispose]();
    return this.#waitFor(task, waitMs, gone);
  }

  async #tellRefusal(model: Model, submit: () => Promise<Task>): Promise<Task> {
    try {
      return await submit();
    } catch (error) {
      if (error instanceof RequestError)
        this.#events.emit('refused', { model: model.manifest.name, code: error.code });
      throw error;
    }
  }

  #accept(submission: Submission): Promise<Task> {
    return this.#acceptMade(submission, {
      make: () => newJob(submission, this.#origin()),
      digest: (pinned) => inputDigest(checkInput(submission.model.manifest, submission.input), pinned),
    });
  }

  async #acceptRowBatch(submission: RowBatchSubmission): Promise<Task> {
    const question = questionOf(submission);
    return this.#acceptMade(submission, {
      make: () => newRowBatch(submission, this.#origin()),
      digest: (pinned) => columnsDigest(question, pinned),
      rowCount: submission.inputs.length,
      cut: (batch) => chunksOf(batch, submission.model, question),
    });
  }

  async #acceptMade(
    { model, options, owner }: Omit<Submission, 'input'>,
    { make, digest, rowCount, cut }: Question,
  ): Promise<Task> {
    const { requestId, modelVersion } = options;
    if (requestId == null) return this.#acceptance.accept(make(), cut);
    const asked = digest(modelVersion ?? undefined);
    let job: Job | RowBatchJob;
    try {
      job = make();
    } catch (error) {
      // The first try may have found a version that has gone since; it stands for the same task all the same.
      const hash = requestHash(owner, model.manifest.name, requestId);
      const request = { model: model.manifest.name, owner, digest: asked, rowCount };
      const earlier = isVersionGone(error)
        ? await this.#acceptance.acceptedBefore(hash, request, cut)
        : undefined;
      if (earlier === undefined) throw error;
      return earlier;
    }
    return this.#acceptance.acceptOnce(job, requestId, asked, cut);
  }

  /** The end of a task, or what it is once the time is over. It is accepted: whatever goes wrong now is no error. */
  async #waitFor(task: Task, waitMs: number, gone: AbortSignal | undefined): Promise<Task> {
    try {
      return (await this.#end(task.id, waitMs, gone)) ?? (await this.find(task.id));
    } catch {
      return this.#open.known(task.id) ?? task;
    }
  }

  /** @returns undefined if it has not come when the time is over, or the client gone. */
  async #end(id: string, waitMs: number, gone: AbortSignal | undefined): Promise<Task | undefined> {
    const watch = await this.result(id);
    const leave = () => void watch.return?.();
    const timer = setTimeout(leave, waitMs);
    gone?.addEventListener('abort', leave);
    try {
      if (gone?.aborted) return undefined;
      const { value } = await watch.next();
      return value;
    } finally {
      clearTimeout(timer);
      gone?.removeEventListener('abort', leave);
      leave();
    }
  }

  #watch(id: string, finalOnly: boolean): Promise<AsyncIterableIterator<Task>> {
    const address = this.#reader.address(id);
    return this.#open.watch(address, { finalOnly, readPresent: () => this.#reader.present(address) });
  }

  #origin() {
    return { home: this.#home, now: this.#broker.now(), offering: this.#offering };
  }
}

function isVersionGone(error: unknown): boolean {
  if (!(error instanceof RequestError)) return false;
  return error.code === RequestErrorCode.NoVersion || error.details.field === 'modelVersion';
}

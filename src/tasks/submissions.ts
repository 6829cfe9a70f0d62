/**
 * Takes tasks from clients: checks them, chooses the version, has them accepted; with `waitMs`, waits for their end.
 */
import type { Broker } from '../broker/broker.ts';
import { RequestError, RequestErrorCode } from '../contract/errors.ts';
import { chunkCountOf } from '../contract/rowBatchShape.ts';
import { isFinal, type Task } from '../contract/task.ts';
import type { Offering } from '../rollout/offering.ts';
import type { Acceptance } from './acceptance.ts';
import { shapeOf } from './chunkSize.ts';
import type { Requests } from './requests.ts';
import { RowBatchQuestion, type RowBatchSubmission } from './rowBatchTask.ts';
import { SingleQuestion, type Submission } from './singleTask.ts';
import type { TaskEvents } from './taskEvents.ts';
import type { TaskReader } from './taskReader.ts';
import type { AcceptanceParts, Asked, Question, TaskToAccept } from './taskToAccept.ts';
import type { TaskWatch } from './taskWatch.ts';
import type { TaskWatches } from './taskWatches.ts';
import { Turns } from './turns.ts';

export interface SubmissionsOptions {
  readonly broker: Pick<Broker, 'now'>;
  readonly offering: Pick<Offering, 'choose'>;
  readonly acceptance: Acceptance;
  readonly requests: Requests;
  readonly queue: AcceptanceParts;
  readonly reader: Pick<TaskReader, 'find'>;
  readonly watches: Pick<TaskWatches, 'reserve' | 'watch'>;
  readonly events: Pick<TaskEvents, 'emit'>;
}

/** Chunks in hand at once: four row batches of single numbers. */
const ACCEPTED_AT_ONCE = 40;
/** Chunks that may wait for that: a hundred times as many row batches as one request can hold. */
const MAX_WAITING = 1_000;

export class Submissions {
  readonly #options: SubmissionsOptions;
  readonly #chunks = new Turns({
    what: 'chunks of batches to be accepted',
    atOnce: ACCEPTED_AT_ONCE,
    waiting: MAX_WAITING,
  });

  constructor(options: SubmissionsOptions) {
    this.#options = options;
  }

  /**
   * Accepts a task, and returns it once its job is stored; with `waitMs`, once it has ended or the time is over.
   *
   * @throws {RequestError} `BAD_USER_INPUT`, `NO_VERSION`, `QUEUE_FULL`, `GATEWAY_BUSY`, `REQUEST_ID_CONFLICT`,
   *   `BROKER_UNAVAILABLE` (the task may have been stored all the same), `RESULT_STORE_FULL`, `NEWER_GATEWAY_NEEDED`,
   *   `RATE_LIMITED`, `OWNER_QUOTA`.
   */
  async submit(submission: Submission): Promise<Task> {
    try {
      const { queue } = this.#options;
      using use = queue.quotas.begin(submission);
      using place = this.#reserveWatch(submission);
      const task = await this.#accept(new SingleQuestion(submission, queue, use));
      return place === undefined ? task : await this.#endOf(task, place, submission);
    } catch (error) {
      throw this.#refused(submission, error);
    }
  }

  /**
   * Accepts many rows as one task, all of them or none; with `waitMs` as `submit`.
   *
   * @throws {RequestError} as `submit`.
   */
  async submitRowBatch(submission: RowBatchSubmission): Promise<Task> {
    const { model, inputs, owner } = submission;
    const { queue } = this.#options;
    try {
      using use = queue.quotas.begin(submission);
      using place = this.#reserveWatch(submission);
      const chunkCount = chunkCountOf(shapeOf(model.manifest, inputs.length));
      const task = await this.#chunks.take(owner, chunkCount, async () =>
        this.#accept(new RowBatchQuestion(submission, queue, use)),
      );
      return place === undefined ? task : await this.#endOf(task, place, submission);
    } catch (error) {
      throw this.#refused(submission, error);
    }
  }

  async #accept(question: Question): Promise<Task> {
    const { acceptance, requests } = this.#options;
    const { requestId } = question.asked.options;
    await question.admit();
    if (requestId == null) return acceptance.accept(this.#newTask(question));
    let task: TaskToAccept;
    try {
      task = this.#newTask(question);
    } catch (error) {
      // The first try may have found a version that has gone since; it stands for the same task all the same.
      const earlier = isVersionGone(error) ? await requests.acceptedBefore(question, requestId) : undefined;
      if (earlier === undefined) throw error;
      return earlier;
    }
    return requests.accept(task, question, requestId);
  }

  #newTask(question: Question): TaskToAccept {
    const { broker, offering } = this.#options;
    const version = offering.choose(question.asked.model, question.asked.options);
    return question.newTask(version, broker.now());
  }

  /**
   * The place of the watch that `waitMs` asks for. Before the task is accepted: a refusal afterwards would hide that it
   * was.
   */
  #reserveWatch(asked: Asked): Disposable | undefined {
    const { waitMs } = asked.options;
    return waitMs == null || waitMs === 0 ? undefined : this.#options.watches.reserve(asked);
  }

  /**
   * The end of a task, or the task as it is once the time is over. It is accepted: a failure from now on is no error.
   */
  async #endOf(task: Task, place: Disposable, { options, owner, limitedKey, gone }: Asked): Promise<Task> {
    if (isFinal(task)) return task;
    const { reader, watches, queue } = this.#options;
    try {
      place[Symbol.dispose]();
      const watch = await watches.watch(task.id, { owner, limitedKey, readable: owner, finalOnly: true });
      return (await nextWithin(watch, options.waitMs ?? 0, gone)) ?? (await reader.find(task.id, owner));
    } catch {
      return queue.open.known(task.id) ?? task;
    }
  }

  #refused({ model }: Asked, error: unknown): unknown {
    if (error instanceof RequestError)
      this.#options.events.emit('refused', { model: model.manifest.name, code: error.code });
    return error;
  }
}

/** @returns undefined if the time is over first, or the client gone. */
export async function nextWithin(
  watch: TaskWatch,
  waitMs: number,
  gone: AbortSignal | undefined,
): Promise<Task | undefined> {
  const leave = () => void watch.return();
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

function isVersionGone(error: unknown): boolean {
  if (!(error instanceof RequestError)) return false;
  return error.code === RequestErrorCode.NoVersion || error.details.field === 'modelVersion';
}

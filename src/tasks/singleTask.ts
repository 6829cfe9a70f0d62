/** A task that asks for one prediction: from its input to the job in the queue. */
import { inputDigest, type Job, Lane, type RowBatchJob } from '../contract/protocol.ts';
import { type FinishedTask, isFinal, type TaskAddress } from '../contract/task.ts';
import type { Values } from '../contract/values.ts';
import { checkInput, inputAt } from '../models/input.ts';
import type { Model } from '../models/models.ts';
import type { ChosenVersion } from '../rollout/offering.ts';
import { type Asker, newHeader } from './jobHeader.ts';
import type { Try } from './storing.ts';
import { checkOptions, type TaskOptions, TaskPriority } from './taskOptions.ts';
import type { Origin, Question, QueueParts, TaskToAccept } from './taskToAccept.ts';

/** What a client submits. */
export interface Submission extends Asker {
  readonly model: Model;
  /** By GraphQL name; nothing about the values is taken for granted. */
  readonly input: Readonly<Record<string, unknown>>;
  readonly options: TaskOptions;
  /** Aborted when the client has left: the end of its task is not waited for any more. */
  readonly gone: AbortSignal | undefined;
}

export class SingleQuestion implements Question {
  readonly model: Model;
  readonly options: TaskOptions;
  readonly owner: string;
  readonly rowCount = undefined;
  readonly #submission: Submission;
  readonly #parts: QueueParts;
  /** Checked, as it was asked: a time of `now` has not become an instant. */
  readonly #input: Values;

  /** @throws {RequestError} `BAD_USER_INPUT` naming every field that is wrong. */
  constructor(submission: Submission, parts: QueueParts) {
    const { model, input, options, owner } = submission;
    this.#input = checkInput(model.manifest, input);
    checkOptions(options);
    this.model = model;
    this.options = options;
    this.owner = owner;
    this.#submission = submission;
    this.#parts = parts;
  }

  digest(): string {
    return inputDigest(this.#input, this.options.modelVersion ?? undefined);
  }

  newTask(version: ChosenVersion, origin: Origin): SingleTask {
    const { model, options } = this;
    const { limits } = model.manifest;
    const timeoutMs = options.timeoutMs ?? limits.timeoutMs;
    const { header, address } = newHeader(model, this.#submission, version, timeoutMs, origin);
    const job = { ...header, input: inputAt(model.manifest, this.#input, origin.now) };
    const isBulk = options.priority === TaskPriority.Bulk;
    return new SingleTask(isBulk ? { ...job, lane: Lane.Bulk } : job, address, this.#parts);
  }

  sameTask(job: Job | RowBatchJob, address: TaskAddress): SingleTask {
    if ('batch' in job) throw new Error('a request with the digest of one row has the job of one row');
    return new SingleTask(job, address, this.#parts);
  }
}

export class SingleTask implements TaskToAccept {
  readonly job: Job;
  readonly address: TaskAddress;
  readonly #parts: QueueParts;

  constructor(job: Job, address: TaskAddress, parts: QueueParts) {
    this.job = job;
    this.address = address;
    this.#parts = parts;
  }

  async admit(): Promise<void> {
    const { job } = this;
    if (job.lane === Lane.Bulk) await this.#parts.admission.queue.admit(job.model, [job]);
  }

  async store({ again, giveUpAt }: Try): Promise<void> {
    const { job } = this;
    const { broker, storing } = this.#parts;
    let isRetry = again;
    await storing.storeJob(job.model, giveUpAt, () => {
      const stored = broker.storeJob(job, isRetry ? { after: 0 } : {});
      isRetry = true;
      return stored;
    });
  }

  async isIncomplete(): Promise<boolean> {
    return false;
  }

  /** A job that came too late is taken off the queue by a worker. */
  async earlierEnd(): Promise<FinishedTask | undefined> {
    const known = this.#parts.open.known(this.address.id);
    return known !== undefined && isFinal(known) ? known : undefined;
  }
}

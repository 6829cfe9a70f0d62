/** A task that asks for one prediction: from its input to the job in the queue. */
import { inputDigest } from '../contract/digests.ts';
import type { Job, RowBatchJob } from '../contract/messages/job.ts';
import { Lane } from '../contract/subjects.ts';
import { type FinishedTask, isFinal } from '../contract/task.ts';
import type { TaskAddress } from '../contract/taskId.ts';
import type { Values } from '../contract/values.ts';
import { checkInput, inputAt } from '../models/input.ts';
import type { ChosenVersion } from '../rollout/offering.ts';
import { newHeader, type Origin } from './jobHeader.ts';
import type { Try } from './storing.ts';
import { checkOptions, TaskPriority } from './taskOptions.ts';
import type { AcceptanceParts, Asked, Question, TaskToAccept } from './taskToAccept.ts';

export interface Submission extends Asked {
  /** By GraphQL name; nothing about the values is taken for granted. */
  readonly input: Readonly<Record<string, unknown>>;
}

export class SingleQuestion implements Question {
  readonly asked: Asked;
  readonly rowCount = undefined;
  readonly #parts: AcceptanceParts;
  /** Checked, as it was asked: a time of `now` has not become an instant. */
  readonly #input: Values;

  /** @throws {RequestError} `BAD_USER_INPUT` naming every field that is wrong. */
  constructor(submission: Submission, parts: AcceptanceParts) {
    this.#input = checkInput(submission.model.manifest, submission.input);
    checkOptions(submission.options);
    this.asked = submission;
    this.#parts = parts;
  }

  digest(): string {
    return inputDigest(this.#input, this.asked.options.modelVersion ?? undefined);
  }

  newTask(version: ChosenVersion, origin: Origin): SingleTask {
    const { options, model } = this.asked;
    const timeoutMs = options.timeoutMs ?? model.manifest.limits.timeoutMs;
    const { header, address } = newHeader({ ...this.asked, timeoutMs }, version, origin);
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
  readonly #parts: AcceptanceParts;

  constructor(job: Job, address: TaskAddress, parts: AcceptanceParts) {
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

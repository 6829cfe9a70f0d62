/** A task that asks for one prediction: from its input to the job in the queue. */
import { inputDigest } from '../contract/digests.ts';
import type { TaskLane } from '../contract/messages/bundle.ts';
import { encodeMessage } from '../contract/messages/decoder.ts';
import type { Job, RowBatchJob } from '../contract/messages/job.ts';
import { Lane } from '../contract/subjects.ts';
import { type FinishedTask, isFinal } from '../contract/task.ts';
import type { TaskAddress } from '../contract/taskId.ts';
import type { Values } from '../contract/values.ts';
import { checkInput, inputAt } from '../models/input.ts';
import type { Manifest } from '../models/manifest.ts';
import { largestBlobBytes } from '../models/outputBytes.ts';
import type { ChosenVersion } from '../rollout/offering.ts';
import type { Place } from './bundles.ts';
import { newHeader } from './jobHeader.ts';
import { resultBytesOf } from './resultBytes.ts';
import type { Try } from './storing.ts';
import { checkOptions, labelsOf, TaskPriority } from './taskOptions.ts';
import type { AcceptanceParts, Asked, Question, TaskToAccept } from './taskToAccept.ts';
import type { TaskUse } from './taskUse.ts';

export interface Submission extends Asked {
  /** By GraphQL name; nothing about the values is taken for granted. */
  readonly input: Readonly<Record<string, unknown>>;
}

export class SingleQuestion implements Question {
  readonly asked: Asked;
  readonly rowCount = undefined;
  readonly #parts: AcceptanceParts;
  readonly #use: TaskUse | undefined;
  /** Checked, as it was asked: a time of `now` has not become an instant. */
  #input: Values;
  readonly #lane: TaskLane;

  /** @throws {RequestError} `BAD_USER_INPUT` naming every field that is wrong. */
  constructor(submission: Submission, parts: AcceptanceParts, use?: TaskUse) {
    const { model, input, options } = submission;
    this.#input = checkInput(model.manifest, input);
    checkOptions(options);
    this.asked = submission;
    this.#parts = parts;
    this.#use = use;
    if (options.priority === TaskPriority.Bulk) this.#lane = Lane.Bulk;
    else this.#lane = use === undefined ? Lane.Interactive : parts.fairShare.enter(model.manifest, use);
  }

  /** Before a version and a place are chosen: the question to the broker may take longer than a bundle is open. */
  admit(): Promise<void> | undefined {
    const placing = this.#parts.inputBlobs.place(this.asked, this.#input);
    if (placing === undefined) return this.#admitToLane();
    return placing.then((input) => {
      this.#input = input;
      return this.#admitToLane();
    });
  }

  #admitToLane(): Promise<void> | undefined {
    if (this.#lane !== Lane.Bulk) return undefined;
    return this.#parts.admission.queue.admit(this.asked.model.manifest.name, [this.#input], this.#use);
  }

  digest(): string {
    return inputDigest(this.#input, this.asked.options.modelVersion ?? undefined);
  }

  newTask(version: ChosenVersion, now: number): SingleTask {
    const { options, model, owner } = this.asked;
    const { manifest } = model;
    const timeoutMs = options.timeoutMs ?? manifest.limits.timeoutMs;
    const lane = this.#lane;
    // With a requestId, a task may be stored by several gateways: it travels alone.
    const place =
      options.requestId == null
        ? this.#parts.bundles.place({
            manifest,
            version: version.version,
            isPinned: version.bucket === undefined,
            lane,
            owner,
            timeoutMs,
            deadlineSecond: Math.ceil((now + timeoutMs) / 1000),
          })
        : undefined;
    const address = place?.address ?? this.#parts.bundles.placeAlone(manifest.name, owner, now + timeoutMs);
    const labels = labelsOf(options);
    const asked = { ...this.asked, timeoutMs, labels, requestId: options.requestId ?? undefined };
    const header = newHeader(asked, version, address, now);
    const job = { ...header, input: inputAt(manifest, this.#input, now) };
    return new SingleTask(lane === Lane.Bulk ? { ...job, lane } : job, address, this.#parts, {
      manifest,
      place,
      use: this.#use,
    });
  }

  sameTask(job: Job | RowBatchJob, address: TaskAddress): SingleTask {
    if ('batch' in job) throw new Error('a request with the digest of one row has the job of one row');
    const { manifest } = this.asked.model;
    return new SingleTask(job, address, this.#parts, { manifest, use: this.#use });
  }
}

interface SingleTaskOptions {
  readonly manifest: Manifest;
  /** In a bundle with others; undefined: the task is alone in its bundle. */
  readonly place?: Place | undefined;
  readonly use?: TaskUse | undefined;
}

export class SingleTask implements TaskToAccept {
  readonly job: Job;
  readonly address: TaskAddress;
  readonly use: TaskUse | undefined;
  readonly #parts: AcceptanceParts;
  readonly #manifest: Manifest;
  readonly #place: Place | undefined;

  constructor(
    job: Job,
    address: TaskAddress,
    parts: AcceptanceParts,
    { manifest, place, use }: SingleTaskOptions,
  ) {
    this.job = job;
    this.address = address;
    this.use = use;
    this.#parts = parts;
    this.#manifest = manifest;
    this.#place = place;
  }

  admit(): undefined {
    const { admission, quotas } = this.#parts;
    const { job, use } = this;
    if (use !== undefined)
      quotas.admit(use, {
        rows: 1,
        bytes: () => encodeMessage(job).length,
        resultBytes: () => resultBytesOf(job, this.#manifest),
        blobBytes: () => largestBlobBytes(this.#manifest, (input) => job.input[input]),
      });
    admission.queue.requireSpace(job.model);
  }

  async store(attempt: Try): Promise<void> {
    const { job, address } = this;
    await (this.#place?.store(job) ?? this.#parts.bundles.storeAlone({ job, address }, attempt));
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

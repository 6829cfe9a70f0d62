/**
 * Submits dead jobs again, as new tasks. However many gateways redrive the same dead letter at the same time, and
 * whichever of them dies meanwhile, one task comes of it as long as the letter is removed only afterwards.
 */
import type { Broker } from '../broker/broker.ts';
import { endTask, expiredEnd } from '../broker/endTask.ts';
import { inputDigest, redriveHash } from '../contract/digests.ts';
import { MESSAGE_VERSION } from '../contract/messages/decoder.ts';
import type { Job, QueuedJob } from '../contract/messages/job.ts';
import { randomBucket } from '../contract/rollout.ts';
import { Lane } from '../contract/subjects.ts';
import { MAX_HISTORY, MAX_TIMEOUT_MS, type Task, TaskState } from '../contract/task.ts';
import type { TaskAddress } from '../contract/taskId.ts';
import { validateInput } from '../models/input.ts';
import type { Model } from '../models/models.ts';
import type { ChosenVersion, Offering } from '../rollout/offering.ts';
import type { Acceptance } from './acceptance.ts';
import type { Bundles } from './bundles.ts';
import { newHeader } from './jobHeader.ts';
import type { OpenTasks } from './openTasks.ts';
import type { RequestRecords } from './requestRecords.ts';
import { SingleTask } from './singleTask.ts';
import { furtherTry, type Try } from './storing.ts';
import { MIN_TIMEOUT_MS } from './taskOptions.ts';
import type { TaskReader } from './taskReader.ts';
import type { AcceptanceParts } from './taskToAccept.ts';
import type { TaskUse } from './taskUse.ts';

export interface RedrivesOptions {
  readonly broker: Broker;
  readonly offering: Pick<Offering, 'offers' | 'versionAt'>;
  readonly records: RequestRecords;
  readonly acceptance: Acceptance;
  readonly open: Pick<OpenTasks, 'known'>;
  readonly reader: Pick<TaskReader, 'stored' | 'mayBeGone'>;
  readonly queue: AcceptanceParts;
}

export interface RedriveOptions {
  /** W3C `traceparent` of the request. */
  readonly trace: string | undefined;
  readonly use?: TaskUse | undefined;
}

/** After this time, a redrive without a stored job has failed: its gateway gave up, or is gone. */
const REDRIVE_WITHIN_MS = 10_000;

export class Redrives {
  readonly #options: RedrivesOptions;

  constructor(options: RedrivesOptions) {
    this.#options = options;
  }

  /**
   * @param model the job's.
   * @param use counts the new task for its owner, who asks for it; absent if an operator does.
   * @returns the new task once its job is stored; a redrive that was made before gives its task.
   * @throws {RequestError} as `Submissions.submit`; the manifest may not allow the job's input any more, and its blobs
   *   may be gone.
   */
  async redrive(dead: QueuedJob, model: Model, { trace, use }: RedriveOptions): Promise<Task> {
    const { broker, offering, records, acceptance, queue } = this.#options;
    const attempt = furtherTry();
    const origin = { offering, bundles: queue.bundles, now: broker.now() };
    const { job: asDied, address } = redrivenJob(dead, model, trace, origin);
    const { owner, deadline, submittedAt } = asDied;
    const options = { timeoutMs: deadline - submittedAt };
    const placed = await queue.inputBlobs.place({ model, owner, options }, asDied.input);
    const input = placed ?? asDied.input;
    const lane = asDied.lane ?? (use && queue.fairShare.enter(model.manifest, use));
    const job = { ...asDied, input, ...(lane === Lane.Bulk ? { lane } : {}) };
    if (use !== undefined && lane === Lane.Bulk)
      await queue.admission.queue.admit(model.manifest.name, [input], use);
    const parts = { manifest: model.manifest, use };
    const hash = redriveHash(dead.taskId);
    const record = { v: MESSAGE_VERSION, job, inputDigest: inputDigest(job.input, undefined) };
    const asked = { model: job.model, owner: job.owner };
    for (;;) {
      const first = await records.claim(hash, record, asked, attempt.giveUpAt);
      if (first === undefined) return acceptance.accept(new SingleTask(job, address, queue, parts), attempt);
      if ('batch' in first.record.job) throw new Error('the record of a redrive has the job of one row');
      const earlier = new SingleTask(first.record.job, first.address, queue, parts);
      const task = await this.#redrivenBefore(earlier, attempt);
      if (task !== undefined) return task;
      await records.forget(hash, first);
    }
  }

  /** The task of a dead letter that is gone by now; undefined if it was not redriven, or the record of it has expired. */
  async redriven({ id: deadId, model }: TaskAddress): Promise<Task | undefined> {
    const { records, open, reader } = this.#options;
    const redrive = await records.read(redriveHash(deadId), { model });
    if (redrive === undefined) return undefined;
    return (
      open.known(redrive.address.id) ?? (await reader.stored(redrive.address, redrive.record.job.owner))?.task
    );
  }

  /**
   * An earlier redrive of a dead letter that is still there: it may be under way, or have ended anywhere.
   *
   * @returns undefined if no task came of it and none will.
   */
  async #redrivenBefore(earlier: SingleTask, attempt: Try): Promise<Task | undefined> {
    const { broker, acceptance, open, reader } = this.#options;
    const { job, address } = earlier;
    const present = open.known(address.id) ?? (await reader.stored(address, job.owner))?.task;
    if (present !== undefined) return present.state === TaskState.Expired ? undefined : present;
    const now = broker.now();
    if (now < Math.min(job.deadline, job.submittedAt + REDRIVE_WITHIN_MS))
      return acceptance.accept(earlier, attempt);
    if (reader.mayBeGone(address)) return undefined;
    // Its gateway may come back and store that job: since the task has its end now, it is not run.
    const end = await endTask(broker, expiredEnd(job, now), address);
    return end.state === TaskState.Expired ? undefined : end;
  }
}

/** The place and time of a redrive, and the versions to choose from. */
interface RedriveOrigin {
  readonly bundles: Pick<Bundles, 'placeAlone'>;
  readonly offering: RedrivesOptions['offering'];
  /** Milliseconds since the epoch, broker time. */
  readonly now: number;
}

/**
 * A dead job as a new one, with the time limit it had, and the version it had if that is still offered; else the
 * version that answers the tasks of its bucket now.
 *
 * @throws {RequestError} `BAD_USER_INPUT`, if the manifest does not allow its input any more; `NO_VERSION`.
 */
export function redrivenJob(
  dead: QueuedJob,
  model: Model,
  trace: string | undefined,
  origin: RedriveOrigin,
): { readonly job: Job; readonly address: TaskAddress } {
  const lastTimeoutMs = Math.round(dead.deadline - dead.submittedAt);
  const timeoutMs = Math.min(Math.max(lastTimeoutMs, MIN_TIMEOUT_MS), MAX_TIMEOUT_MS);
  const input = validateInput(model.manifest, dead.input, origin.now);
  const version = versionOfRedriven(dead, model, origin);
  const { bundles, now } = origin;
  const { owner, labels } = dead;
  const address = bundles.placeAlone(dead.model, owner, now + timeoutMs);
  const header = newHeader({ model, owner, trace, timeoutMs, labels }, version, address, now);
  const job = {
    ...header,
    input,
    ...(dead.lane === undefined ? {} : { lane: dead.lane }),
    history: [...(dead.history ?? []), dead.taskId].slice(-MAX_HISTORY),
  };
  return { job, address };
}

function versionOfRedriven(
  { version, bucket }: QueuedJob,
  model: Model,
  { offering }: RedriveOrigin,
): ChosenVersion {
  if (offering.offers(model, version)) return { version, bucket };
  const other = bucket ?? randomBucket();
  return { version: offering.versionAt(model, other), bucket: other };
}

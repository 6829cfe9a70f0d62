/**
 * The interface of a single task (`singleTask.ts`) and a row batch (`rowBatchTask.ts`) on the way into the queue.
 */
import type { Broker } from '../broker/broker.ts';
import type { Job, RowBatchJob } from '../contract/messages/job.ts';
import type { QuotaHolder } from '../contract/quotas.ts';
import type { FinishedTask, Task } from '../contract/task.ts';
import type { TaskAddress } from '../contract/taskId.ts';
import type { RequestTrace } from '../contract/trace.ts';
import type { Model } from '../models/models.ts';
import type { ChosenVersion } from '../rollout/offering.ts';
import type { Admission } from './admission.ts';
import type { Bundles } from './bundles.ts';
import type { FairShare } from './fairShare.ts';
import type { InputBlobs } from './inputBlobs.ts';
import type { OpenTasks } from './openTasks.ts';
import type { OwnerQuotas } from './ownerQuotas.ts';
import type { Storing, Try } from './storing.ts';
import type { TaskOptions } from './taskOptions.ts';
import type { TaskUse } from './taskUse.ts';

/** A task that is to be accepted. */
export interface TaskToAccept {
  readonly job: Job | RowBatchJob;
  readonly address: TaskAddress;
  /** What is counted of it for its owner; undefined if nothing is. */
  readonly use: TaskUse | undefined;
  /**
   * Checks that there is room for it. A single task is checked at once: it has a place in a bundle that is about to
   * leave.
   *
   * @throws {RequestError} `OWNER_QUOTA`, `QUEUE_FULL`, `RESULT_STORE_FULL`, `BROKER_UNAVAILABLE`.
   */
  admit(): Promise<void> | undefined;
  /**
   * Stores it, or the rest of it if an earlier try stored a part.
   *
   * @throws {RequestError} `QUEUE_FULL`, `BROKER_UNAVAILABLE`.
   */
  store(attempt: Try): Promise<void>;
  /** Whether a part of it was never stored. @param present the task as it is. */
  isIncomplete(present: Task): Promise<boolean>;
  /**
   * Another try may have stored it before, and it may have ended: then the job that was stored now came too late.
   *
   * @returns undefined if it has not ended, as far as is known. Its end will then be received.
   */
  earlierEnd(): Promise<FinishedTask | undefined>;
}

/** The collaborators of tasks on their way into the queue. */
export interface AcceptanceParts {
  readonly broker: Broker;
  readonly open: Pick<OpenTasks, 'known' | 'finish'>;
  readonly admission: Pick<Admission, 'queue' | 'chunks'>;
  readonly storing: Pick<Storing, 'storeJob'>;
  readonly bundles: Pick<Bundles, 'place' | 'placeAlone' | 'storeAlone'>;
  readonly quotas: Pick<OwnerQuotas, 'begin' | 'admit'>;
  readonly fairShare: Pick<FairShare, 'enter'>;
  readonly inputBlobs: Pick<InputBlobs, 'place' | 'placeColumns'>;
}

/** A client's request for a task, without its rows. */
export interface Asked extends QuotaHolder {
  readonly model: Model;
  readonly options: TaskOptions;
  readonly trace: RequestTrace | undefined;
  /** Aborted when the client has left: the end of its task is not waited for any more. */
  readonly gone: AbortSignal | undefined;
}

/** A client's request after its check. */
export interface Question {
  readonly asked: Asked;
  /** Of a row batch. */
  readonly rowCount: number | undefined;
  /** Tells a retry from another question under the same `requestId`. */
  digest(): string;
  /**
   * Puts large values into the store of blobs, and checks whether work that can wait may be accepted, before a task is
   * made; undefined if there is nothing to ask.
   *
   * @throws {RequestError} `OWNER_QUOTA`, `QUEUE_FULL`, `BROKER_UNAVAILABLE`, and as `InputBlobs.place`.
   */
  admit(): Promise<void> | undefined;
  /**
   * A new task that asks it. A single task is to be stored in the same turn of the event loop.
   *
   * @param now when it is submitted, in milliseconds since the epoch (broker time).
   */
  newTask(version: ChosenVersion, now: number): TaskToAccept;
  /** The task of an earlier try that asked the same. */
  sameTask(job: Job | RowBatchJob, address: TaskAddress): TaskToAccept;
}

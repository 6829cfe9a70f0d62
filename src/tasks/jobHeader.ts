/** Makes the header of a new job. */
import { MESSAGE_VERSION } from '../contract/messages/decoder.ts';
import type { TaskHeader } from '../contract/messages/job.ts';
import type { Owner } from '../contract/owner.ts';
import type { TaskAddress } from '../contract/taskId.ts';
import type { Model } from '../models/models.ts';
import type { ChosenVersion } from '../rollout/offering.ts';

/** Where a task is made, and when: milliseconds since the epoch, broker time. */
export interface Origin {
  readonly home: string;
  readonly now: number;
}

interface NewTask {
  readonly model: Model;
  readonly owner: Owner;
  /** W3C `traceparent` of the request. */
  readonly trace: string | undefined;
  readonly timeoutMs: number;
}

/** @param now when it is submitted, in milliseconds since the epoch (broker time). */
export function newHeader(
  { model, owner, trace, timeoutMs }: NewTask,
  { version, bucket }: ChosenVersion,
  { id }: TaskAddress,
  now: number,
): TaskHeader {
  return {
    v: MESSAGE_VERSION,
    taskId: id,
    model: model.manifest.name,
    version,
    submittedAt: now,
    deadline: now + timeoutMs,
    owner,
    ...(bucket === undefined ? {} : { bucket }),
    ...(trace === undefined ? {} : { trace }),
  };
}

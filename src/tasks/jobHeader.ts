/** Makes the header of a new job. */
import { MESSAGE_VERSION } from '../contract/messages/decoder.ts';
import type { TaskHeader } from '../contract/messages/job.ts';
import type { Owner } from '../contract/owner.ts';
import type { TaskAddress } from '../contract/taskId.ts';
import type { RequestTrace } from '../contract/trace.ts';
import type { Model } from '../models/models.ts';
import type { ChosenVersion } from '../rollout/offering.ts';

interface NewTask {
  readonly model: Model;
  readonly owner: Owner;
  readonly trace: RequestTrace | undefined;
  readonly timeoutMs: number;
  readonly labels?: readonly string[] | undefined;
  readonly requestId?: string | undefined;
}

/** @param now when it is submitted, in milliseconds since the epoch (broker time). */
export function newHeader(
  { model, owner, trace, timeoutMs, labels, requestId }: NewTask,
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
    bucket,
    trace: trace?.forTask(),
    labels,
    requestId,
  };
}

/** Makes the header of a new job, and the address of its task. */
import { MESSAGE_VERSION } from '../contract/messages/decoder.ts';
import type { TaskHeader } from '../contract/messages/job.ts';
import type { Owner } from '../contract/owner.ts';
import { newTaskAddress, type TaskAddress } from '../contract/taskId.ts';
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

export function newHeader(
  { model, owner, trace, timeoutMs }: NewTask,
  { version, bucket }: ChosenVersion,
  { home, now }: Origin,
): { readonly header: TaskHeader; readonly address: TaskAddress } {
  const { name } = model.manifest;
  const deadline = now + timeoutMs;
  const address = newTaskAddress({ model: name, home, deadline });
  const header = {
    v: MESSAGE_VERSION,
    taskId: address.id,
    model: name,
    version,
    submittedAt: now,
    deadline,
    owner,
    ...(bucket === undefined ? {} : { bucket }),
    ...(trace === undefined ? {} : { trace }),
  };
  return { header, address };
}

/** Reads the job of a step. Any client of the broker may have written it. */
import { type Delivery, parseWorkSubject } from '../../src/broker/broker.ts';
import { MalformedMessage } from '../../src/contract/messages/decoder.ts';
import { decodeStepJob, type StepJob } from '../../src/contract/messages/work.ts';
import { STEPS_OF } from '../../src/contract/work.ts';
import type { WorkAddress } from '../../src/contract/workId.ts';

export interface ReadStep {
  readonly address: WorkAddress;
  /** The message of the fault, if the job cannot be read. */
  readonly job: StepJob | string;
}

/**
 * @returns undefined if the subject is none of ours: then it is the job of no task.
 * @throws {NewerMessage} if only newer trainers can read it.
 */
export function readStep({ subject, data }: Delivery): ReadStep | undefined {
  const found = parseWorkSubject(subject);
  if (found === undefined) return undefined;
  const { address, step } = found;
  try {
    const job = decodeStepJob(data);
    const expected = address.kind === 'DATASET' ? job.dataset : job.training;
    const fits =
      job.taskId === address.id &&
      job.model === address.model &&
      job.step === step &&
      STEPS_OF[address.kind].includes(job.step) &&
      expected !== undefined;
    return { address, job: fits ? job : 'its job says something else than its subject' };
  } catch (error) {
    if (!(error instanceof MalformedMessage)) throw error;
    return { address, job: error.message };
  }
}

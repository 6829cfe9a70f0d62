/** Events of the steps of a trainer. */
import type { StepJob } from '../../src/contract/messages/work.ts';
import { Events } from '../../src/process/events.ts';

/**
 *  done     its result is there.
 *  failed   by its own fault.
 *  stopped  with its task, with the trainer, or since another trainer has begun a later try.
 *  lost     by something unforeseen. There may be another try.
 */
export type StepOutcomeName = 'done' | 'failed' | 'stopped' | 'lost';

export interface StepEventMap {
  /** A try of a step has begun. */
  readonly begun: Pick<StepJob, 'model' | 'step'>;
  /** A try of a step is over. */
  readonly over: {
    readonly job: Pick<StepJob, 'model' | 'step' | 'taskId' | 'trace'>;
    readonly outcome: StepOutcomeName;
    /** Its number. */
    readonly attempt: number;
    /** Milliseconds since the epoch, broker time. */
    readonly startedAt: number;
    readonly endedAt: number;
    /** Why it is not done. */
    readonly errorCode: string | undefined;
  };
}

export class StepEvents extends Events<StepEventMap> {}

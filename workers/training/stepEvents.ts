/** Events of the steps of a trainer. Metrics listen. */
import type { StepName } from '../../src/contract/work.ts';
import { Events } from '../../src/process/events.ts';

/**
 *  done     its result is there.
 *  failed   by its own fault.
 *  stopped  with its task, with the trainer, or since another trainer has begun a later try.
 *  lost     by something unforeseen. There may be another try.
 */
export type StepOutcomeName = 'done' | 'failed' | 'stopped' | 'lost';

interface OfStep {
  readonly model: string;
  readonly step: StepName;
}

export interface StepEventMap {
  readonly begun: OfStep;
  readonly over: OfStep & { readonly outcome: StepOutcomeName; readonly tookMs: number };
}

export class StepEvents extends Events<StepEventMap> {}

/** Which trainers take which steps. */
import { CHECK_CLASS, STEP_NAMES, StepName } from '../contract/work.ts';
import type { Model } from './models.ts';

/** A queue of steps: trainers that have the class take them. */
export interface StepPlace {
  readonly step: StepName;
  readonly trainerClass: string;
}

/** All queues of steps that models need; none if no model can be trained. */
export function stepPlacesOf(models: readonly Model[]): readonly StepPlace[] {
  const classes = new Set(models.flatMap(({ manifest: { training } }) => training?.class ?? []));
  if (classes.size === 0) return [];
  const steps = STEP_NAMES.filter((step) => step !== StepName.Check);
  const trainings = [...classes].flatMap((trainerClass) => steps.map((step) => ({ step, trainerClass })));
  return [{ step: StepName.Check, trainerClass: CHECK_CLASS }, ...trainings];
}

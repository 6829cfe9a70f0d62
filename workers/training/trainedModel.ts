/** What the steps that read data have in common: the model whose data they are, and how their faults end a task. */
import { TaskErrorCode } from '../../src/contract/task.ts';
import { DataFault, NoRoom, PlaceFault } from '../../src/data/dataFault.ts';
import type { TrainedModel } from '../../src/data/datasetReport.ts';
import { type StepContext, StepFailed } from './step.ts';

/** @throws {StepFailed} `DATA_UNUSABLE` if the manifest of this trainer has no `training`. */
export function trainedModel({ model, job }: Pick<StepContext, 'model' | 'job'>): TrainedModel {
  const { manifest } = model;
  if (manifest.training !== undefined) return { manifest, training: manifest.training };
  throw new StepFailed(
    TaskErrorCode.DataUnusable,
    `the manifest of ${job.model} has no training, which says what the columns of its data are`,
  );
}

/** Data that cannot be used, or that are too large for a trainer, fail their task. Other errors are passed on. */
export function failureOfData(error: unknown): unknown {
  if (error instanceof NoRoom) return new StepFailed(TaskErrorCode.TrainingFailed, error.message);
  return isFaultOfData(error) ? new StepFailed(TaskErrorCode.DataUnusable, error.message) : error;
}

/** Whether the data are at fault, and not the disk or the database. */
export function isFaultOfData(error: unknown): error is DataFault {
  return error instanceof DataFault && !(error instanceof PlaceFault);
}

/** The error codes of tasks, and of the rows of row batches. */
import { TaskErrorCode } from '../src/contract/task.ts';
import type { Builder } from './builder.ts';

export type TaskErrorCodeRef = ReturnType<typeof defineErrorCode>;

export function defineErrorCode(builder: Builder) {
  return builder.enumType('TaskErrorCode', {
    description:
      'Why an accepted task, or a row of a row batch, ended without a prediction, or work without what it was to make.',
    values: {
      [TaskErrorCode.DeadlineExceeded]: {
        description:
          'The task was not finished within `timeoutMs`. `liveWorkers` in `models` says whether a live worker serves its version.',
      },
      [TaskErrorCode.InvalidInput]: {
        description:
          'A file or text of the input could not be decoded, or a blob has bytes that its field does not allow. `message` names the input, what was expected and what came.',
      },
      [TaskErrorCode.BlobGone]: { description: 'A blob of the input was gone before the task ran.' },
      [TaskErrorCode.BlobStoreFull]: { description: 'There was no room for the outputs.' },
      [TaskErrorCode.InferenceFailed]: {
        description:
          'The model could not be run on this input. `message` has the reason of its runtime, without paths.',
      },
      [TaskErrorCode.InvalidOutput]: {
        description: 'The answer of the model breaks its manifest, such as a number that is not finite.',
      },
      [TaskErrorCode.WorkerCrashed]: { description: 'The model crashed each time it ran this input.' },
      [TaskErrorCode.RunTimeout]: {
        description: "The run took longer than the model's `runTimeoutMs`, even with this input alone.",
      },
      [TaskErrorCode.MalformedJob]: { description: 'The job in the queue could not be read.' },
      [TaskErrorCode.DataUnusable]: {
        description:
          'Work only: the data cannot be used. `message` names the file, what was expected and what came.',
      },
      [TaskErrorCode.TrainingFailed]: {
        description:
          'Work only: the recipe failed. `message` has its last words, `trainingLog` has the others.',
      },
      [TaskErrorCode.GateRejected]: {
        description: 'Work only: the new version does not meet the gate of its model, so it has no number.',
      },
      [TaskErrorCode.StoreFull]: {
        description: 'Work only: the broker had no room for the files of the new version.',
      },
    } as const,
  });
}

/** Why a task, or a row of a batch, ended without a prediction. */
import { TaskErrorCode } from '../src/contract/task.ts';
import type { Builder } from './builder.ts';

export type TaskErrorCodeRef = ReturnType<typeof defineErrorCode>;

export function defineErrorCode(builder: Builder) {
  return builder.enumType('TaskErrorCode', {
    description: 'Why an accepted task ended without a prediction.',
    values: {
      [TaskErrorCode.DeadlineExceeded]: {
        description:
          'Not finished within `timeoutMs`. Whether a live worker serves its version, `liveWorkers` in `models` says.',
      },
      [TaskErrorCode.InferenceFailed]: {
        description: 'ONNX Runtime refused to run the model on this input.',
      },
      [TaskErrorCode.InvalidOutput]: {
        description: 'The model gave what its manifest does not promise, such as no finite number.',
      },
      [TaskErrorCode.WorkerCrashed]: { description: 'The model crashed whenever it ran this input.' },
      [TaskErrorCode.RunTimeout]: {
        description: "Its run, alone at last, took longer than the model's `runTimeoutMs`.",
      },
      [TaskErrorCode.MalformedJob]: { description: 'The job in the queue could not be read.' },
    } as const,
  });
}

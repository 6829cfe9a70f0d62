/** The GraphQL type of how urgent a task is: an option of a task, and one of its fields. */
import { TaskPriority } from '../src/tasks/taskOptions.ts';
import type { Builder } from './builder.ts';

export type PriorityRef = ReturnType<typeof definePriority>;

export function definePriority(builder: Builder) {
  return builder.enumType('TaskPriority', {
    description: 'How urgent a task is. Tasks of both priorities make progress, also under load.',
    values: {
      [TaskPriority.Interactive]: {
        description: 'A user waits for it. Under load such tasks get eight times the run time of `BULK`.',
      },
      [TaskPriority.Bulk]: {
        description:
          'It can wait. It delays an `INTERACTIVE` task of the same version by one run at most, and is refused with `QUEUE_FULL` once the queue is 80 % full.',
      },
    } as const,
  });
}

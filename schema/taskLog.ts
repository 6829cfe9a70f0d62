/** What happened to a task, as its owner and operators read it. */
import type { Principal } from '../src/contract/principal.ts';
import type { Task } from '../src/contract/task.ts';
import { TaskLogEvent } from '../src/contract/taskLog.ts';
import { logOf, type ShownLogEntry } from '../src/tasks/taskLog.ts';
import type { Builder, Context } from './builder.ts';

export function defineTaskLog(builder: Builder) {
  const eventRef = builder.enumType('TaskLogEvent', {
    description: 'Something that happened to a task.',
    values: {
      [TaskLogEvent.Accepted]: { description: 'A gateway has accepted it.' },
      [TaskLogEvent.Delivered]: {
        description: 'The worker that ended it has got it. `detail` says how often it was delivered.',
      },
      [TaskLogEvent.Started]: { description: 'Its last run has started.' },
      [TaskLogEvent.Suspect]: {
        description: 'A run with it has ended the session of the model: from then on it runs alone.',
      },
      [TaskLogEvent.Retried]: { description: 'A run with it has failed, and it runs again, alone.' },
      [TaskLogEvent.Ended]: { description: 'It has its end. `detail` has the state.' },
    } as const,
  });
  return builder.objectRef<ShownLogEntry>('TaskLogEntry').implement({
    description: 'Something that happened to a task, and when.',
    fields: (t) => ({
      at: t.expose('at', { type: 'DateTime', description: 'When it happened.' }),
      event: t.expose('event', { type: eventRef, description: 'What happened.' }),
      process: t.exposeString('process', {
        nullable: true,
        description: 'The gateway or worker where it happened; null if that is not known.',
      }),
      detail: t.exposeString('detail', { nullable: true, description: 'More about it, for people.' }),
    }),
  });
}

/** The log of a task, for those who may read it: viewers may read the task of another owner, but not its log. */
export function shownLog(
  task: Task,
  { taskHistory, principal }: Pick<Context, 'taskHistory'> & { readonly principal: Principal },
): ShownLogEntry[] | null {
  const mayRead = principal.role === 'operator' || principal.owner === task.owner;
  const log = taskHistory && mayRead ? logOf(task) : undefined;
  return log === undefined ? null : [...log];
}

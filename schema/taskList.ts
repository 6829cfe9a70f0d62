/** The query that lists tasks, and the subscription that watches many of them. */
import { badValue } from '../src/contract/errors.ts';
import type { ReadingClient } from '../src/contract/principal.ts';
import type { Task } from '../src/contract/task.ts';
import { MAX_WATCHED_TASKS } from '../src/tasks/listWatches.ts';
import { cursorOf, MAX_PAGE_TASKS, type TaskFilter, type TaskPage } from '../src/tasks/taskList.ts';
import { trainingCursor } from '../src/workflow/trainingList.ts';
import type { Builder } from './builder.ts';
import type { PageInfoRef } from './pageInfo.ts';
import type { TaskRef, TaskStateRef } from './task.ts';

const DEFAULT_PAGE = 20;
/** The points of complexity of a page: it may read two thousand messages. */
const PAGE_POINTS = 100;

interface Refs {
  readonly taskRef: TaskRef;
  readonly stateRef: TaskStateRef;
  readonly pageInfoRef: PageInfoRef;
}

export type TaskConnectionRef = ReturnType<typeof defineTaskList>;

export function defineTaskList(builder: Builder, { taskRef, stateRef, pageInfoRef }: Refs) {
  const filterInput = builder.inputRef<TaskFilter>('TaskFilter').implement({
    description: 'Which tasks are meant. A task passes if it passes each member that is given.',
    fields: (t) => ({
      states: t.field({ type: [stateRef], description: 'In one of these states.' }),
      model: t.string({ description: 'Of the model with this name.' }),
      version: t.string({ description: 'Of this version of a model.' }),
      label: t.string({ description: 'With this label.' }),
      since: t.field({ type: 'DateTime', description: 'Submitted at this instant or later.' }),
    }),
  });
  const edgeRef = builder.objectRef<Task>('TaskEdge').implement({
    description: 'A task with its cursor.',
    fields: (t) => ({
      cursor: t.string({
        description: 'Place of the task in the list, for `after`. Opaque. It never changes.',
        resolve: cursorOfTask,
      }),
      node: t.field({ type: taskRef, description: 'The task.', resolve: (task) => task }),
    }),
  });
  const connectionRef = builder.objectRef<TaskPage>('TaskConnection').implement({
    description: 'A page of tasks.',
    fields: (t) => ({
      edges: t.field({
        type: [edgeRef],
        description: 'The tasks of the page, newest first.',
        resolve: ({ tasks }) => [...tasks],
      }),
      pageInfo: t.field({
        type: pageInfoRef,
        description: 'Where the page begins and ends.',
        resolve: (page) => ({ ...page, startCursor: page.tasks.map(cursorOfTask)[0] }),
      }),
    }),
  });

  builder.queryField('tasks', (t) =>
    t.field({
      type: connectionRef,
      extensions: { points: PAGE_POINTS },
      description: `The predictions of the client's owner, newest first: those that have not ended, and the others as long as their results are kept. Viewers and operators get the tasks of all owners. Each task has one place, and new tasks come before all others. A page may have fewer tasks than asked for, or none, although another follows: few tasks pass the filter then. ${PAGE_POINTS} points of complexity. Errors: \`BAD_USER_INPUT\`, \`GATEWAY_BUSY\`, \`BROKER_UNAVAILABLE\`.`,
      args: {
        filter: t.arg({ type: filterInput, description: 'Which tasks are listed. Default: all.' }),
        first: t.arg.int({
          required: true,
          defaultValue: DEFAULT_PAGE,
          description: `The most tasks of the page: 1 to ${MAX_PAGE_TASKS}.`,
        }),
        after: t.arg.string({ description: 'The page begins after the task with this cursor.' }),
      },
      resolve: (_root, { filter, first, after }, context) =>
        context.taskList.page({ client: context, filter: filter ?? {}, first, after }),
    }),
  );
  builder.subscriptionField('tasksUpdates', (t) =>
    t.field({
      type: taskRef,
      description: `Watches many predictions at once: the present state of each, then its changes, up to exactly one final state of each. A client that reads slowly gets the newest state of each task. With \`ids\` it completes once all have ended; an id that cannot be watched gives one event with an error, whose extensions have the \`id\`. With \`filter\` it goes on: tasks that are submitted later, on any gateway, join within about a second if they pass the filter when they are found. It begins with the newest ${MAX_WATCHED_TASKS} tasks. Each unfinished task counts in MAX_SUBSCRIPTIONS. Each id is a point of complexity more in the quota \`costPerMinute\`. Errors: as for \`tasks\`, \`OWNER_QUOTA\`, \`RATE_LIMITED\`; of an id, as for \`task\`.`,
      args: {
        ids: t.arg.idList({ description: `Ids of 1 to ${MAX_WATCHED_TASKS} tasks.` }),
        filter: t.arg({ type: filterInput, description: 'Which tasks are watched. `{}` means all.' }),
      },
      subscribe: (_root, { ids, filter }, context) => {
        const { listWatches } = context;
        const client: ReadingClient = {
          owner: context.owner,
          limitedKey: context.limitedKey,
          readable: context.readable,
        };
        if (ids != null && filter == null) return listWatches.watchIds(ids, client);
        if (ids == null && filter != null) return listWatches.watchFilter({ client, filter });
        throw badValue('ids', 'given without filter, or left out with one', ids == null ? 'neither' : 'both');
      },
      resolve: (update) => {
        if ('refusal' in update) throw update.refusal;
        return update.task;
      },
    }),
  );
  return connectionRef;
}

function cursorOfTask(task: Task): string {
  return task.work === undefined ? cursorOf(task) : trainingCursor(task);
}

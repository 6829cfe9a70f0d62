/** The tasks that pass a filter, live: a first page at once, then all by one subscription. */
import { useApolloClient } from '@apollo/client/react';
import { useEffect, useMemo, useState, useSyncExternalStore } from 'react';
import type { TaskFilter } from '../../api/gql/graphql.ts';
import { messageOf, refusalIn } from '../../api/refusal.ts';
import { wait } from '../../api/session.ts';
import { TASKS, TASKS_UPDATES } from './operations.ts';
import { type ListedTask, TaskRows } from './TaskRows.ts';

export interface TaskList {
  readonly tasks: readonly ListedTask[];
  readonly isLoaded: boolean;
  readonly problem: string | undefined;
  /** Takes a task whose change was answered before it was pushed. */
  readonly put: (task: ListedTask) => void;
}

/** @param filter is the same object as long as it means the same. */
export function useTaskList(filter: TaskFilter): TaskList {
  const apollo = useApolloClient();
  // Another filter has other rows.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the filter decides which rows there are.
  const rows = useMemo(() => new TaskRows(), [filter]);
  const [loaded, setLoaded] = useState<TaskRows>();
  const [problem, setProblem] = useState<string>();

  useEffect(() => {
    const left = new AbortController();
    setProblem(undefined);
    void apollo.query({ query: TASKS, variables: { filter }, fetchPolicy: 'no-cache' }).then(
      ({ data }) => {
        if (left.signal.aborted) return;
        rows.put(...(data?.tasks.edges.map(({ node }) => node) ?? []));
        setLoaded(rows);
      },
      (error) => !left.signal.aborted && setProblem(messageOf(error)),
    );
    const watch = () => {
      const watching = apollo
        .subscribe({ query: TASKS_UPDATES, variables: { filter }, fetchPolicy: 'no-cache' })
        .subscribe({
          next: ({ data, error }) => {
            if (data != null) rows.put(data.tasksUpdates);
            if (error !== undefined) void again(error);
          },
          error: (error) => void again(error),
        });
      left.signal.addEventListener('abort', () => watching.unsubscribe(), { once: true });
    };
    // A gateway that has just started, or has too much to do, says when to ask again.
    const again = async (error: unknown) => {
      if (left.signal.aborted) return;
      const retryAfterMs = refusalIn(error)?.retryAfterMs;
      if (retryAfterMs === undefined) return setProblem(messageOf(error));
      await wait(retryAfterMs);
      if (!left.signal.aborted) watch();
    };
    watch();
    return () => left.abort();
  }, [apollo, filter, rows]);

  const tasks = useSyncExternalStore(rows.subscribe, rows.present);
  return { tasks, isLoaded: loaded === rows, problem, put: (task) => rows.put(task) };
}

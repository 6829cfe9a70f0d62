/** The tasks that pass a filter, live: a first page at once, then all by one subscription. */
import { useApolloClient } from '@apollo/client/react';
import { useEffect, useMemo, useState, useSyncExternalStore } from 'react';
import type { TaskFilter } from '../../api/gql/graphql.ts';
import { messageOf } from '../../api/refusal.ts';
import { watch } from '../../api/watch.ts';
import { TASKS, TASKS_UPDATES } from './operations.ts';
import { type ListedTask, TaskRows } from './TaskRows.ts';

export interface TaskList {
  readonly tasks: readonly ListedTask[];
  readonly isLoaded: boolean;
  readonly problem: string | undefined;
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
    watch(apollo, {
      query: TASKS_UPDATES,
      variables: { filter },
      signal: left.signal,
      next: ({ tasksUpdates }) => rows.put(tasksUpdates),
      failed: setProblem,
    });
    return () => left.abort();
  }, [apollo, filter, rows]);

  const tasks = useSyncExternalStore(rows.subscribe, rows.present);
  return { tasks, isLoaded: loaded === rows, problem };
}

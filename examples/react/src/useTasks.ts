import { useQuery, useSubscription } from '@apollo/client/react';
import { useEffect, useState } from 'react';
import { TASKS, TASKS_UPDATES } from './operations.ts';
import { refusalIn } from './refusal.ts';

interface Listed {
  readonly id: string;
  readonly submittedAt: string;
}

/**
 * The tasks of the user, newest first: a page from the gateway, and those that were submitted after it, here or elsewhere.
 * One subscription keeps all of them up to date in the cache.
 */
export function useTasks() {
  const { data, error: listError, fetchMore } = useQuery(TASKS);
  const [updated, setUpdated] = useState<ReadonlyMap<string, Listed>>(new Map());
  const { error, restart } = useSubscription(TASKS_UPDATES, {
    onData: ({ data: { data } }) => {
      if (data === undefined) return;
      const { id, submittedAt } = data.tasksUpdates;
      setUpdated((others) => (others.has(id) ? others : new Map(others).set(id, { id, submittedAt })));
    },
  });

  // Of a gateway that has just started, or has too much to do.
  const retryAfterMs = refusalIn(error)?.retryAfterMs;
  useEffect(() => {
    if (retryAfterMs === undefined) return undefined;
    const timer = setTimeout(restart, retryAfterMs);
    return () => clearTimeout(timer);
  }, [retryAfterMs, restart]);

  const page = data?.tasks;
  const listed: readonly Listed[] = page?.edges.map(({ node }) => node) ?? [];
  const newest = listed[0]?.submittedAt ?? '';
  // Older ones come with further pages.
  const added = [...updated.values()].filter(({ submittedAt }) => submittedAt >= newest);
  const ids = [...added.toSorted(byTime), ...listed].map(({ id }) => id);
  const { hasNextPage = false, endCursor } = page?.pageInfo ?? {};
  return {
    ids: [...new Set(ids)],
    isLoaded: page !== undefined,
    error: listError ?? error,
    showOlder: hasNextPage ? () => fetchMore({ variables: { after: endCursor } }).catch(() => {}) : undefined,
  };
}

function byTime(a: Listed, b: Listed): number {
  return b.submittedAt.localeCompare(a.submittedAt);
}

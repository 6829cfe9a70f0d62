/** The figures of the system, a second apart, and those since the page was opened. */
import { useApolloClient } from '@apollo/client/react';
import { useEffect, useState } from 'react';
import { watch } from '../../api/watch.ts';
import { type Stats, SYSTEM_STATS } from './operations.ts';
import { type Sample, withStats } from './samples.ts';

export interface SystemStats {
  /** Undefined until the first came. */
  readonly stats: Stats | undefined;
  readonly samples: readonly Sample[];
  readonly problem: string | undefined;
}

const NOTHING: SystemStats = { stats: undefined, samples: [], problem: undefined };

export function useSystemStats(): SystemStats {
  const apollo = useApolloClient();
  const [seen, setSeen] = useState(NOTHING);
  useEffect(() => {
    const left = new AbortController();
    watch(apollo, {
      query: SYSTEM_STATS,
      variables: {},
      signal: left.signal,
      next: ({ systemStats: stats }) =>
        setSeen(({ samples }) => ({ stats, samples: withStats(samples, stats), problem: undefined })),
      failed: (problem) => setSeen((before) => ({ ...before, problem })),
    });
    return () => left.abort();
  }, [apollo]);
  return seen;
}

import { useCallback, useState } from 'react';

interface PageInfo {
  readonly hasNextPage: boolean;
  readonly endCursor: string | null;
}

/** Page after page of a list: where the next one begins, and how to go there and back. */
export function useRelayPages() {
  const [starts, setStarts] = useState<readonly string[]>([]);
  const next = useCallback(({ endCursor }: PageInfo) => {
    if (endCursor !== null) setStarts((before) => [...before, endCursor]);
  }, []);
  const back = useCallback(() => setStarts((before) => before.slice(0, -1)), []);
  return { after: starts.at(-1), isFirst: starts.length === 0, next, back };
}

export type RelayPages = ReturnType<typeof useRelayPages>;

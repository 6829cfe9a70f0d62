/** The dead letters of all models, asked for again when their number changes. */
import { useApolloClient } from '@apollo/client/react';
import { useCallback, useEffect, useRef, useState } from 'react';
import type { DeadLettersQuery } from '../../api/gql/graphql.ts';
import { messageOf } from '../../api/refusal.ts';
import { DEAD_LETTERS, type DeadLetter } from './operations.ts';

interface FoundLetters {
  /** Oldest first. */
  readonly letters: readonly DeadLetter[];
  readonly areMore: boolean;
}

export interface AllDeadLetters {
  /** Undefined until the first answer. */
  readonly found: FoundLetters | undefined;
  readonly problem: string | undefined;
  readonly reload: () => Promise<void>;
  readonly showMore: () => void;
}

/** @param count how many there are, as far as it is known. */
export function useDeadLetters(count: number | undefined): AllDeadLetters {
  const apollo = useApolloClient();
  const [pages, setPages] = useState(1);
  const [found, setFound] = useState<FoundLetters>();
  const [problem, setProblem] = useState<string>();
  const newest = useRef(0);

  const reload = useCallback(async () => {
    newest.current += 1;
    const asked = newest.current;
    const letters: DeadLetter[] = [];
    let after: string | null = null;
    let areMore = true;
    try {
      for (let page = 0; page < pages && areMore; page++) {
        const answer: { data?: DeadLettersQuery | undefined } = await apollo.query({
          query: DEAD_LETTERS,
          variables: { after },
          fetchPolicy: 'no-cache',
        });
        const { edges = [], pageInfo } = answer.data?.deadLetters ?? {};
        letters.push(...edges.map(({ node }) => node));
        after = pageInfo?.endCursor ?? null;
        areMore = pageInfo?.hasNextPage ?? false;
      }
      // An older answer that comes late would bring letters back that are gone.
      if (asked !== newest.current) return;
      setFound({ letters, areMore });
      setProblem(undefined);
    } catch (error) {
      if (asked === newest.current) setProblem(messageOf(error));
    }
  }, [apollo, pages]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another count means other letters.
  useEffect(() => void reload(), [reload, count]);
  return { found, problem, reload, showMore: () => setPages(pages + 1) };
}

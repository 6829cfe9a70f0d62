/** The dead letters of all models, asked for again when their number changes. */
import { useApolloClient } from '@apollo/client/react';
import { useCallback, useEffect, useRef, useState } from 'react';
import { useModels } from '../../api/models.ts';
import { messageOf } from '../../api/refusal.ts';
import { DEAD_LETTERS, type DeadLetters } from './operations.ts';

export interface DeadLettersOfModel extends DeadLetters {
  readonly model: string;
}

export interface AllDeadLetters {
  /** Those of models that have some; undefined until the first answer. */
  readonly found: readonly DeadLettersOfModel[] | undefined;
  readonly problem: string | undefined;
  readonly reload: () => Promise<void>;
}

/** @param count how many there are, as far as it is known. */
export function useDeadLetters(count: number | undefined): AllDeadLetters {
  const apollo = useApolloClient();
  const { models } = useModels();
  const [found, setFound] = useState<readonly DeadLettersOfModel[]>();
  const [problem, setProblem] = useState<string>();
  const newest = useRef(0);

  const reload = useCallback(async () => {
    if (models === undefined) return;
    newest.current += 1;
    const asked = newest.current;
    try {
      const answers = await Promise.all(
        models.map(async ({ name: model }) => {
          const { data } = await apollo.query({
            query: DEAD_LETTERS,
            variables: { model },
            fetchPolicy: 'no-cache',
          });
          return data === undefined ? [] : [{ model, ...data.deadLetters }];
        }),
      );
      // An older answer that comes late would bring letters back that are gone.
      if (asked !== newest.current) return;
      setFound(answers.flat().filter(({ edges }) => edges.length > 0));
      setProblem(undefined);
    } catch (error) {
      if (asked === newest.current) setProblem(messageOf(error));
    }
  }, [apollo, models]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another count means other letters.
  useEffect(() => void reload(), [reload, count]);
  return { found, problem, reload };
}

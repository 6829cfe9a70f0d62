/** Submits a task and follows it until its end: the mutation over POST, what is pushed over the WebSocket. */
import { useApolloClient } from '@apollo/client/react';
import { useCallback, useEffect, useRef, useState } from 'react';
import {
  documentOf,
  type PredictedTask,
  submission,
  updates,
  type Values,
} from '../../api/modelOperations.ts';
import type { Model } from '../../api/models.ts';
import { messageOf } from '../../api/refusal.ts';
import { newRequestId } from '../../api/requestId.ts';
import { type FieldProblem, fieldProblemsIn } from './fieldProblems.ts';

/** Of the mutation, without what makes its tries one task. */
export interface SubmittedVariables {
  readonly input?: Values;
  /** Of many rows. */
  readonly inputs?: readonly Values[];
  readonly options?: { readonly modelVersion: string };
}

export interface Submission {
  readonly text: string;
  readonly variables: SubmittedVariables;
  readonly model: Model;
  readonly isSending: boolean;
  readonly id: string | undefined;
  readonly task: PredictedTask | undefined;
  /** From the click until the end was pushed into this page, in milliseconds. */
  readonly totalMs: number | undefined;
  /** What the gateway says against the whole submission. */
  readonly problem: string | undefined;
  readonly fieldProblems: readonly FieldProblem[];
}

export function useSubmission() {
  const apollo = useApolloClient();
  const [present, setPresent] = useState<Submission>();
  const watch = useRef<{ unsubscribe(): void }>(undefined);
  useEffect(() => () => watch.current?.unsubscribe(), []);

  const submit = useCallback(
    async (model: Model, variables: SubmittedVariables, isForRows: boolean) => {
      watch.current?.unsubscribe();
      const startedAt = performance.now();
      const text = submission(model, isForRows);
      const begun: Submission = {
        ...{ text, variables, model, isSending: true, fieldProblems: [] },
        ...{ id: undefined, task: undefined, totalMs: undefined, problem: undefined },
      };
      setPresent(begun);
      try {
        const { data } = await apollo.mutate({
          mutation: documentOf<{ task: { id: string } }, Record<string, unknown>>(text),
          // All tries of this submission make one task.
          variables: { ...variables, options: { ...variables.options, requestId: newRequestId() } },
          fetchPolicy: 'no-cache',
        });
        const id = data?.task.id ?? '';
        setPresent({ ...begun, isSending: false, id });
        const query = documentOf<{ task: PredictedTask }, { id: string }>(updates(model));
        watch.current = apollo.subscribe({ query, variables: { id }, fetchPolicy: 'no-cache' }).subscribe({
          next: ({ data, error }) => {
            const task = data?.task;
            const totalMs = task?.finishedAt ? performance.now() - startedAt : undefined;
            setPresent((before) => before && { ...before, task: task ?? before.task, totalMs });
            if (error !== undefined)
              setPresent((before) => before && { ...before, problem: messageOf(error) });
          },
          error: (error) => setPresent((before) => before && { ...before, problem: messageOf(error) }),
        });
      } catch (error) {
        const fieldProblems = fieldProblemsIn(error);
        const problem = fieldProblems.length === 0 ? messageOf(error) : undefined;
        setPresent({ ...begun, isSending: false, problem, fieldProblems });
      }
    },
    [apollo],
  );
  const forget = useCallback(() => {
    watch.current?.unsubscribe();
    setPresent(undefined);
  }, []);
  return { present, submit, forget };
}

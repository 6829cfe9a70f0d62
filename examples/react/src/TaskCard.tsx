import { useFragment, useMutation, useSubscription } from '@apollo/client/react';
import { useEffect } from 'react';
import type { TaskFieldsFragment } from './gql/graphql.ts';
import { CANCEL, TASK, TASK_UPDATES } from './operations.ts';
import { RowPages } from './RowPages.tsx';
import { messageOf, refusalIn } from './refusal.ts';

/** One task: drawn from the cache, which its subscription keeps up to date. */
export function TaskCard({ id }: { readonly id: string }) {
  const { error, restart } = useSubscription(TASK_UPDATES, { variables: { id } });
  const { data: task, complete } = useFragment({ fragment: TASK, from: { __typename: 'Task', id } });
  const [cancel, cancellation] = useMutation(CANCEL, { variables: { id } });

  // Of a gateway that has just started, or has too much to do.
  const retryAfterMs = refusalIn(error)?.retryAfterMs;
  useEffect(() => {
    if (retryAfterMs === undefined) return undefined;
    const timer = setTimeout(restart, retryAfterMs);
    return () => clearTimeout(timer);
  }, [retryAfterMs, restart]);

  const problem = error ?? cancellation.error;
  return (
    <article aria-label="Task">
      {problem !== undefined && <p role="alert">{messageOf(problem)}</p>}
      {complete && (
        <>
          <p>
            <time dateTime={task.submittedAt}>{new Date(task.submittedAt).toLocaleTimeString()}</time>{' '}
            <strong>{task.state}</strong> <Outcome task={task} />{' '}
            {!isFinal(task) && (
              <button type="button" onClick={() => cancel().catch(() => {})}>
                Cancel
              </button>
            )}
          </p>
          {task.batch && <Progress batch={task.batch} />}
          {task.batch && isFinal(task) && <RowPages id={id} />}
        </>
      )}
    </article>
  );
}

function Outcome({ task: { prediction, error } }: { readonly task: TaskFieldsFragment }) {
  if (prediction?.__typename === 'TripPrediction')
    return <>{prediction.durationMinutes.toFixed(2)} minutes</>;
  return error && <>{error.message}</>;
}

function Progress({ batch }: { readonly batch: NonNullable<TaskFieldsFragment['batch']> }) {
  const { rowCount, rowsDone, rowsFailed, estimatedSecondsLeft } = batch;
  return (
    <p>
      <progress value={rowsDone} max={rowCount} aria-label="Rows done" /> {rowsDone} of {rowCount} rows
      {rowsFailed > 0 && `, ${rowsFailed} failed`}
      {estimatedSecondsLeft != null && `, about ${Math.ceil(estimatedSecondsLeft)} s left`}
    </p>
  );
}

function isFinal({ state }: TaskFieldsFragment): boolean {
  return state !== 'QUEUED' && state !== 'RUNNING';
}

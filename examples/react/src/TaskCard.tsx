import { useFragment, useMutation } from '@apollo/client/react';
import type { TaskFieldsFragment } from './gql/graphql.ts';
import { CANCEL, TASK } from './operations.ts';
import { RowPages } from './RowPages.tsx';
import { messageOf } from './refusal.ts';

/** One task, drawn from the cache. */
export function TaskCard({ id }: { readonly id: string }) {
  const { data: task, complete } = useFragment({ fragment: TASK, from: { __typename: 'Task', id } });
  const [cancel, { error }] = useMutation(CANCEL, { variables: { id } });
  return (
    <article aria-label="Task">
      {error !== undefined && <p role="alert">{messageOf(error)}</p>}
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

import { TaskCard } from './TaskCard.tsx';

/** Tasks, newest first. It needs their ids only: each card follows its own task. */
export function TaskList({ ids }: { readonly ids: readonly string[] }) {
  if (ids.length === 0) return <p>No tasks yet.</p>;
  return (
    <ul>
      {ids.map((id) => (
        <li key={id}>
          <TaskCard id={id} />
        </li>
      ))}
    </ul>
  );
}

import { messageOf } from './refusal.ts';
import { TaskCard } from './TaskCard.tsx';
import { useTasks } from './useTasks.ts';

/** The tasks of the user. Each card is drawn again when its own task changes. */
export function TaskList() {
  const { ids, isLoaded, error, showOlder } = useTasks();
  return (
    <>
      {error !== undefined && <p role="alert">{messageOf(error)}</p>}
      {isLoaded && ids.length === 0 && <p>No tasks yet.</p>}
      <ul>
        {ids.map((id) => (
          <li key={id}>
            <TaskCard id={id} />
          </li>
        ))}
      </ul>
      {showOlder !== undefined && (
        <button type="button" onClick={showOlder}>
          Older tasks
        </button>
      )}
    </>
  );
}

import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { useLayoutEffect, useRef, useState } from 'react';
import { RowElements } from './RowElements.ts';
import { TaskRow } from './TaskRow.tsx';
import type { ListedTask } from './TaskRows.ts';

const ROW_PX = 37;
const COLUMNS = ['State', 'Model', 'Version', 'Submitted', 'Took', 'Rows', 'Labels'];

interface TaskTableProps {
  readonly tasks: readonly ListedTask[];
  readonly showsOwners: boolean;
  readonly openId: string | undefined;
  /** Of the address, so that a task opens beside the same list. */
  readonly search: string;
}

/** A table of which only the rows in sight are drawn, however many there are. */
export function TaskTable({ tasks, showsOwners, openId, search }: TaskTableProps) {
  const list = useRef<HTMLTableSectionElement>(null);
  const [top, setTop] = useState(0);
  useLayoutEffect(() => setTop((list.current?.getBoundingClientRect().top ?? 0) + scrollY), []);
  const virtualizer = useWindowVirtualizer({
    count: tasks.length,
    estimateSize: () => ROW_PX,
    overscan: 6,
    scrollMargin: top,
  });
  const [elements] = useState(() => new RowElements());
  const inSight = virtualizer.getVirtualItems();
  const first = inSight[0]?.index ?? 0;
  const shown = tasks.slice(first, first + inSight.length);
  const isFocused = list.current?.contains(document.activeElement) ?? false;
  const keys = elements.keysOf(
    shown.map(({ id }) => id),
    isFocused,
  );
  return (
    <table className="tasks" data-owners={showsOwners} aria-label="Tasks" aria-rowcount={tasks.length + 1}>
      <thead>
        <tr aria-rowindex={1} className="task-row task-header">
          {[...COLUMNS, ...(showsOwners ? ['Owner'] : [])].map((name) => (
            <th key={name} scope="col">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      {/* One style for all rows: one for each would take longer than to scroll. */}
      <tbody ref={list} style={{ height: tasks.length * ROW_PX, paddingTop: first * ROW_PX }}>
        {shown.map((task, place) => (
          <TaskRow
            key={keys[place]}
            task={task}
            index={first + place}
            showsOwner={showsOwners}
            isOpen={task.id === openId}
            search={search}
          />
        ))}
      </tbody>
    </table>
  );
}

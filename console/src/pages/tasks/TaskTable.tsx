import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { useLayoutEffect, useRef, useState } from 'react';
import { TaskRow } from './TaskRow.tsx';
import type { ListedTask } from './TaskRows.ts';

const ROW_PX = 37;

interface TaskTableProps {
  readonly tasks: readonly ListedTask[];
  readonly showsOwners: boolean;
  readonly openId: string | undefined;
}

/** A table of which only the rows in sight are drawn, however many there are. */
export function TaskTable({ tasks, showsOwners, openId }: TaskTableProps) {
  const list = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  useLayoutEffect(() => setTop(list.current?.offsetTop ?? 0), []);
  const virtualizer = useWindowVirtualizer({
    count: tasks.length,
    estimateSize: () => ROW_PX,
    getItemKey: (index) => tasks[index]?.id ?? index,
    overscan: 12,
    scrollMargin: top,
  });
  return (
    <div
      role="table"
      aria-label="Tasks"
      aria-rowcount={tasks.length + 1}
      className="tasks"
      data-owners={showsOwners}
    >
      <div role="rowgroup">
        <div role="row" aria-rowindex={1} className="task-row task-header">
          <span role="columnheader">State</span>
          <span role="columnheader">Model</span>
          <span role="columnheader">Version</span>
          <span role="columnheader">Submitted</span>
          <span role="columnheader">Took</span>
          <span role="columnheader">Rows</span>
          <span role="columnheader">Labels</span>
          {showsOwners && <span role="columnheader">Owner</span>}
        </div>
      </div>
      <div ref={list} role="rowgroup" style={{ height: virtualizer.getTotalSize(), position: 'relative' }}>
        {virtualizer.getVirtualItems().map(({ index, key, start }) => {
          const task = tasks[index];
          return (
            task !== undefined && (
              <TaskRow
                key={key}
                task={task}
                index={index}
                offsetPx={start - top}
                showsOwner={showsOwners}
                isOpen={task.id === openId}
              />
            )
          );
        })}
      </div>
    </div>
  );
}

import { memo } from 'react';
import { Link } from 'wouter';
import { msBetween, shownMs, shownTime } from '../../parts/figures.ts';
import { StateBadge } from '../../parts/StateBadge.tsx';
import type { ListedTask } from './TaskRows.ts';

interface TaskRowProps {
  readonly task: ListedTask;
  /** Its place in the list, from 0. */
  readonly index: number;
  readonly showsOwner: boolean;
  readonly isOpen: boolean;
  readonly search: string;
}

/** A row is drawn again when its task or its place changes. */
export const TaskRow = memo(function TaskRow({ task, index, showsOwner, isOpen, search }: TaskRowProps) {
  const { id, state, modelName, modelVersion, submittedAt, finishedAt, batch, labels, owner } = task;
  return (
    <tr aria-rowindex={index + 2} className="task-row" data-open={isOpen}>
      <td>
        <StateBadge state={state} />
      </td>
      <td>
        {/* It covers the whole row. */}
        <Link href={`/tasks/${encodeURIComponent(id)}${search}`} className="task-link" title={id}>
          {modelName}
        </Link>
      </td>
      <td className="number">{modelVersion}</td>
      <td className="number">{shownTime(submittedAt)}</td>
      <td className="number">{finishedAt === null ? '' : shownMs(msBetween(submittedAt, finishedAt))}</td>
      <td className="number">{batch === null ? '' : rowsOf(batch)}</td>
      <td>{labels.join(', ')}</td>
      {showsOwner && <td>{owner}</td>}
    </tr>
  );
});

function rowsOf({ rowCount, rowsDone, rowsFailed }: NonNullable<ListedTask['batch']>): string {
  const done = rowsDone === rowCount ? rowCount.toLocaleString('en') : `${rowsDone} / ${rowCount}`;
  return rowsFailed === 0 ? done : `${done}, ${rowsFailed} failed`;
}

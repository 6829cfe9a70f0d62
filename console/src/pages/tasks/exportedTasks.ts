/** The tasks of the list as a table for other programs. */
import { msBetween } from '../../parts/figures.ts';
import type { ListedTask } from './TaskRows.ts';

export type ExportedTask = Readonly<Record<(typeof COLUMNS)[number], unknown>>;

export const COLUMNS = [
  ...(['id', 'modelName', 'modelVersion', 'state', 'errorCode', 'submittedAt', 'startedAt'] as const),
  ...(['finishedAt', 'tookMs', 'attempts', 'rowCount', 'rowsFailed', 'labels', 'owner'] as const),
] as const;

export function exportedTask(task: ListedTask): ExportedTask {
  const { id, modelName, modelVersion, state, error, submittedAt, startedAt, finishedAt } = task;
  const { attempts, batch, labels, owner } = task;
  return {
    ...{ id, modelName, modelVersion, state, errorCode: error?.code ?? null, submittedAt, startedAt },
    ...{ finishedAt, tookMs: finishedAt === null ? null : msBetween(submittedAt, finishedAt), attempts },
    ...{ rowCount: batch?.rowCount ?? null, rowsFailed: batch?.rowsFailed ?? null, labels, owner },
  };
}

/** What the steps that read data have in common: the model whose data they are, and the rows as a table. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { TaskErrorCode } from '../../src/contract/task.ts';
import { DataFault, PlaceFault } from '../../src/data/dataFault.ts';
import type { TrainedModel } from '../../src/data/datasetReport.ts';
import type { DataTable } from '../../src/data/dataTable.ts';
import { loadDuckDb } from '../../src/data/duckdb.ts';
import type { LocalFile } from './dataFiles.ts';
import { type StepContext, StepFailed } from './step.ts';

/** @throws {StepFailed} `DATA_UNUSABLE` if the manifest of this trainer has no `training`. */
export function trainedModel({ model, job }: Pick<StepContext, 'model' | 'job'>): TrainedModel {
  const { manifest } = model;
  if (manifest.training !== undefined) return { manifest, training: manifest.training };
  throw new StepFailed(
    TaskErrorCode.DataUnusable,
    `the manifest of ${job.model} has no training, which says what the columns of its data are`,
  );
}

/** @throws {DataFault} if the files cannot be read. */
export async function openData(
  files: readonly LocalFile[],
  { folder, signal }: Pick<StepContext, 'folder' | 'signal'>,
): Promise<DataTable> {
  await loadDuckDb('a trainer');
  // Imports DuckDB by its name.
  const { DataTable } = await import('../../src/data/dataTable.ts');
  const own = join(folder, 'database');
  await mkdir(own);
  return DataTable.open({ files, folder: own, signal });
}

/** Whether the data are at fault, and not the disk or the database. */
export function isFaultOfData(error: unknown): error is DataFault {
  return error instanceof DataFault && !(error instanceof PlaceFault);
}

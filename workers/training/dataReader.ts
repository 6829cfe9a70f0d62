/** What the steps ask of the rows of data files, and the answers as they are computed within this process. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { InputProfile } from '../../src/contract/messages/datasetRecord.ts';
import type { Split } from '../../src/contract/work.ts';
import type { DatasetReport, TrainedModel } from '../../src/data/datasetReport.ts';
import type { DataTable, FetchedFile } from '../../src/data/dataTable.ts';
import { loadDuckDb } from '../../src/data/duckdb.ts';
import type { HoldOutRows } from '../../src/data/holdOut.ts';
import type { CutFiles } from '../../src/data/split.ts';

export interface AskedData {
  readonly files: readonly FetchedFile[];
  /** Of the step. */
  readonly folder: string;
  readonly model: TrainedModel;
  readonly signal: AbortSignal;
}

/** Each throws {DataFault} if the files cannot be read. */
export interface DataReader {
  /** @param live the profile of what the version that answers now was trained on. */
  report(asked: AskedData, live: readonly InputProfile[]): Promise<DatasetReport>;
  /** Writes the files into the folder of the step. */
  split(asked: AskedData, split: Split): Promise<CutFiles>;
  holdOut(asked: AskedData): Promise<HoldOutRows>;
}

/** DuckDB, and what imports it by its name, is loaded with the first question. */
export const dataReader: DataReader = {
  async report(asked, live) {
    await using data = await openData(asked);
    const { reportOf } = await import('../../src/data/datasetReport.ts');
    return await reportOf(data, asked.model, live);
  },
  async split(asked, split) {
    await using data = await openData(asked);
    const { splitRows } = await import('../../src/data/split.ts');
    return await splitRows(data, { split, model: asked.model, folder: asked.folder });
  },
  async holdOut(asked) {
    await using data = await openData(asked);
    const { holdOutRows } = await import('../../src/data/holdOut.ts');
    return await holdOutRows(data, asked.model);
  },
};

async function openData({ files, folder, signal }: AskedData): Promise<DataTable> {
  await loadDuckDb('a trainer');
  const { DataTable } = await import('../../src/data/dataTable.ts');
  const own = join(folder, 'database');
  await mkdir(own);
  return DataTable.open({ files, folder: own, signal });
}

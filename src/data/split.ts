/**
 * Cuts the rows of a dataset into those for training and those held out. The same rows are cut in the same way each time,
 * and give the same files.
 */
import { join, relative } from 'node:path';
import { VARCHAR } from '@duckdb/node-api';
import type { Split } from '../contract/work.ts';
import { localTime } from '../models/localTime.ts';
import type { DateTimeInput } from '../models/manifest.ts';
import { isTextType } from './cells.ts';
import { DataFault } from './dataFault.ts';
import type { TrainedModel } from './datasetReport.ts';
import { type DataTable, DELIMITER } from './dataTable.ts';
import { decideDateFormats } from './dateFormats.ts';
import { writeCsv, writeParquet } from './fileWriter.ts';
import { PROBLEM } from './inputFile.ts';
import { type MappedInput, mapInputs, readCell } from './mapping.ts';
import { PlainNames } from './plainNames.ts';
import { columnId, type FileColumn } from './sql.ts';

export interface CutFiles {
  readonly train: CutFile;
  readonly holdout: CutFile;
}

/** Read at a time. */
const PAGE_CELLS = 50_000;

interface CutFile {
  readonly name: string;
  readonly path: string;
  readonly rows: number;
}

/**
 * By HASH, an MD5 of the row decides: equal rows come to the same side. By TIME, the last rows by the model's first time
 * are held out: rows of one instant come to the same side.
 *
 * @throws {DataFault} if the model has no time, or one side has no rows.
 */
export async function splitRows(
  data: DataTable,
  { split, model, folder }: { readonly split: Split; readonly model: TrainedModel; readonly folder: string },
): Promise<CutFiles> {
  const { database, isTyped, columns } = data;
  await using names = await PlainNames.open(relative('', folder));
  const plain = await names.of(folder);
  await database.run('SET threads TO 1');
  const isHeldOut =
    split.by === 'HASH' ? heldOutByHash(data, split) : await heldOutByTime(data, model, split);
  await database.run(
    `CREATE TABLE side AS SELECT rowid AS row, coalesce(${isHeldOut}, false) AS is_held_out FROM input WHERE ${PROBLEM} IS NULL`,
  );
  const write = async (name: string, wanted: boolean): Promise<CutFile> => {
    const file = `${name}.${isTyped ? 'parquet' : 'csv'}`;
    const path = join(plain, file);
    const rows = {
      database,
      columns: columns.map((column) => ({ name: column.name, sql: columnId(column) })),
      from: `input JOIN side ON side.row = input.rowid AND side.is_held_out = ${wanted}`,
    };
    await (isTyped ? writeParquet(path, rows) : writeCsv(path, { ...rows, delimiter: DELIMITER }));
    const [counted] = await database.rows(`SELECT count(*) FROM side WHERE is_held_out = ${wanted}`);
    const count = Number(counted?.[0]);
    if (count === 0)
      throw new DataFault(
        `the split by ${split.by} with holdoutPercent ${split.holdoutPercent} leaves no rows for ${wanted ? 'the hold-out' : 'training'}`,
      );
    return { name: file, path: join(folder, file), rows: count };
  };
  return { train: await write('train', false), holdout: await write('holdout', true) };
}

/** Shares are cut to a hundredth of a percent. */
function heldOutByHash({ columns }: DataTable, { holdoutPercent }: Split): string {
  // A missing cell is no empty text.
  const cells = columns.map((column) => `coalesce('=' || ${columnId(column)}::VARCHAR, '')`);
  return `md5_number(concat_ws(chr(31), ${cells.join(', ')})) % 10000 < ${Math.round(holdoutPercent * 100)}`;
}

async function heldOutByTime(
  data: DataTable,
  model: TrainedModel,
  { holdoutPercent }: Split,
): Promise<string> {
  const { database } = data;
  const time = timeOf(data, model);
  const cell = `input.${columnId(time.column)}`;
  const isText = isTextType(time.column.type);
  if (isText) await readTimes(data, time);
  const instant = isText ? `(SELECT instant FROM times WHERE times.cell = ${cell})` : cell;
  await database.run(
    `CREATE TABLE instants AS SELECT ${instant} AS instant FROM input WHERE ${PROBLEM} IS NULL`,
  );
  const [row] = await database.rows(
    `SELECT quantile_disc(instant, ${1 - holdoutPercent / 100})::VARCHAR FROM instants WHERE instant IS NOT NULL`,
  );
  if (row?.[0] == null) throw new DataFault(`no row has a time in the column ${time.column.name}`);
  return `${instant} > '${String(row[0])}'`;
}

interface TimeInput extends MappedInput {
  readonly input: DateTimeInput;
  readonly column: FileColumn;
}

function timeOf(data: DataTable, { manifest, training }: TrainedModel): TimeInput {
  const named = new Map(Object.entries(training.columns));
  const { mapped } = mapInputs(manifest.inputs, data.columns, named);
  for (const { input, column, read } of mapped)
    if (input.type === 'dateTime' && column !== undefined) return { input, column, read };
  throw new DataFault(
    `a split by TIME needs an input of the type dateTime that has a column, and ${manifest.name} has none`,
  );
}

/** Reads each text once, as it is read for predictions: `instant` is a text that sorts as its time. */
async function readTimes(data: DataTable, mapped: TimeInput): Promise<void> {
  const { database } = data;
  const { input, column } = mapped;
  const advice = () => 'Write them as yyyy-mm-dd';
  const dateFormats = await decideDateFormats(data, [mapped], { requested: new Map(), advice });
  await database.run(
    `CREATE TABLE time_cells AS SELECT DISTINCT ${columnId(column)} AS cell FROM input WHERE ${columnId(column)} IS NOT NULL`,
  );
  await database.run('CREATE TABLE times (cell VARCHAR, instant VARCHAR)');
  for (let from = 0; ; from += PAGE_CELLS) {
    const [cells = []] = await database.columns(
      `SELECT cell FROM time_cells WHERE rowid >= ${from} AND rowid < ${from + PAGE_CELLS}`,
    );
    if (cells.length === 0) break;
    const readings = cells.map((cell) => {
      const value = readCell(mapped, cell, { dateFormats, hasDecimalCommas: false });
      return typeof value === 'string' ? (localTime(value, input.timeZone) ?? null) : null;
    });
    await database.append('times', [VARCHAR, VARCHAR], [cells, readings]);
  }
}

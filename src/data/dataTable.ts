/** The rows of a dataset in a database of their own, as SQL of manifests and our own queries read them. */
import { stat, statfs } from 'node:fs/promises';
import { relative } from 'node:path';
import { readableBytes } from '../process/readableBytes.ts';
import { Database } from './database.ts';
import { DataFault } from './dataFault.ts';
import { MOST_ROW_BYTES, mostUnpacked } from './dataLimits.ts';
import type { RowReader } from './dateFormats.ts';
import { InputFile, PROBLEM } from './inputFile.ts';
import { countRows, hasCell, type InputPart, loadInputs, type Part, readRows } from './inputTable.ts';
import type { MappedInput } from './mapping.ts';
import { PlainNames } from './plainNames.ts';
import { columnId, type FileColumn } from './sql.ts';

/** A data file on this machine. Its digest was checked. */
export interface FetchedFile {
  /** As the dataset has it. */
  readonly name: string;
  readonly path: string;
  readonly sha256: string;
}

interface DataOptions {
  /** At least one. */
  readonly files: readonly FetchedFile[];
  /** For what does not fit into memory. It is removed by the caller. */
  readonly folder: string;
  readonly signal: AbortSignal;
}

/** DuckDB writes to disk what does not fit. */
const MEMORY_LIMIT = '1GiB';
/** Of the free disk: the rest is for other steps, and for all that is beside the trainer. */
const DISK_SHARE = 0.5;
/** The rows, and what is made of them. */
const TABLES = 3;
const MIB = 1024 * 1024;
const LENGTH_OF: Readonly<Record<string, string>> = { VARCHAR: 'strlen', BLOB: 'octet_length' };
/** Between the cells of a CSV. */
export const DELIMITER = ',';
/** The columns of the files by their names, without rows that have a fault. It is what SQL of manifests reads. */
export const DATA_VIEW = 'data';

export class DataTable implements RowReader, AsyncDisposable {
  readonly database: Database;
  /** Of the table `input`. */
  readonly columns: readonly FileColumn[];
  /** Whether cells have types. Those of CSVs are texts. */
  readonly isTyped: boolean;

  /** DuckDB writes to the disk under such a name until the database is closed. */
  readonly #names: PlainNames;

  private constructor(
    database: Database,
    { names, columns, isTyped }: { names: PlainNames; columns: readonly FileColumn[]; isTyped: boolean },
  ) {
    this.database = database;
    this.#names = names;
    this.columns = columns;
    this.isTyped = isTyped;
  }

  /** @throws {DataFault} naming the file that cannot be read, or whose columns are others. */
  static async open({ files, folder, signal }: DataOptions): Promise<DataTable> {
    await using opened = new AsyncDisposableStack();
    // In the process that reads data for a trainer this path is short, whatever the name of DATA_DIR is.
    const names = opened.use(await PlainNames.open(relative('', folder)));
    const plain = await names.of(folder);
    const place = {
      folder: plain,
      file: undefined,
      shown: "the trainer's folder",
      whenFull: 'a dataset needs three times its bytes.',
    };
    const settings = {
      memory_limit: MEMORY_LIMIT,
      temp_directory: plain,
      max_temp_directory_size: `${Math.floor((await mostOnDisk(files, folder)) / MIB)}MiB`,
    };
    const database = opened.use(await Database.open(signal, place, settings));
    try {
      const inputs: InputFile[] = [];
      for (const { path, sha256 } of files)
        inputs.push(
          await InputFile.open({
            file: path,
            delimiter: DELIMITER,
            names,
            signal,
            digest: sha256,
            isLimited: true,
          }),
        );
      const shown = files.map(({ name }) => name);
      await loadInputs(database, inputs, shown);
      const columns = await typesOf(database, inputs[0]?.columns ?? []);
      await checkWidth(database, columns);
      await database.run(viewOf(columns));
      opened.move();
      return new DataTable(database, { names, columns, isTyped: inputs[0]?.isTyped ?? false });
    } catch (error) {
      throw shownAs(error, files);
    }
  }

  rowCount(): Promise<number> {
    return countRows(this.database);
  }

  read(inputs: readonly MappedInput[], part: Part): Promise<InputPart> {
    return readRows(this.database, inputs, part);
  }

  hasCell(inputs: readonly MappedInput[], pattern: string): Promise<boolean> {
    return hasCell(this.database, inputs, pattern);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.database[Symbol.asyncDispose]();
    await this.#names[Symbol.asyncDispose]();
  }
}

/** The name of a column in the view, beside its own name. No file has such a name. */
export function viewId(column: Pick<FileColumn, 'index'>): string {
  return `"tidings column ${columnId(column)}"`;
}

/** The columns with the types that all files together give them: one may have whole numbers, another fractions. */
async function typesOf(database: Database, columns: readonly FileColumn[]): Promise<readonly FileColumn[]> {
  const types = await database.rows('DESCRIBE input');
  return columns.map(({ name }, index) => ({ index, name, type: String(types[index]?.[1]) }));
}

/** Repeated values take few bytes in a Parquet file, and many as rows: so its size limits what they may take. */
async function mostOnDisk(files: readonly FetchedFile[], folder: string): Promise<number> {
  const sizes = await Promise.all(files.map(async ({ path }) => (await stat(path)).size));
  const { bavail, bsize } = await statfs(folder);
  const rows = sizes.reduce((sum, size) => sum + mostUnpacked(size), 0);
  return Math.min(TABLES * rows, DISK_SHARE * bavail * bsize);
}

/** @throws {DataFault} if the texts and bytes of one row are too long. */
async function checkWidth(database: Database, columns: readonly FileColumn[]): Promise<void> {
  const widths = columns.flatMap((column) => {
    const length = LENGTH_OF[column.type];
    return length === undefined ? [] : [`coalesce(${length}(${columnId(column)}), 0)`];
  });
  if (widths.length === 0) return;
  const [row] = await database.rows(`SELECT max(${widths.join(' + ')}) FROM input`);
  const most = Number(row?.[0]);
  if (most > MOST_ROW_BYTES)
    throw new DataFault(
      `a row must have at most ${readableBytes(MOST_ROW_BYTES)}, got ${readableBytes(most)}: shorten its cells`,
    );
}

function viewOf(columns: readonly FileColumn[]): string {
  // To SQL, names that differ only by case are the same.
  const taken = new Set<string>();
  const named = columns.filter(({ name }) => {
    const key = name.toLowerCase();
    const isNew = name !== '' && !name.includes('\0') && !taken.has(key);
    taken.add(key);
    return isNew;
  });
  const list = [
    ...columns.map((column) => `${columnId(column)} AS ${viewId(column)}`),
    ...named.map((column) => `${columnId(column)} AS "${column.name.replaceAll('"', '""')}"`),
  ];
  return `CREATE VIEW ${DATA_VIEW} AS SELECT ${list.join(', ')} FROM input WHERE ${PROBLEM} IS NULL`;
}

/** Messages show the names of the dataset instead of paths on this machine. */
function shownAs(error: unknown, files: readonly FetchedFile[]): unknown {
  if (!(error instanceof DataFault)) return error;
  for (const { name, path } of files) error.message = error.message.replaceAll(path, name);
  return error;
}

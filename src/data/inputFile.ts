/** Opens a data file: finds out its format and its columns, and loads its rows into a table. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { BIGINT, VARCHAR } from '@duckdb/node-api';
import { type CsvOptions, readCsvNames, readCsvRows } from './csvFile.ts';
import { Database, DatabaseError } from './database.ts';
import { DataFault } from './dataFault.ts';
import { checkColumnCount, checkFooter, mostUnpacked, unpacksTooFar } from './dataLimits.ts';
import { FileFormat, formatOfFile } from './fileFormat.ts';
import { parquetRows, readParquetColumns, roundedColumns, unpackedBytes } from './parquetFile.ts';
import { footerBytesOf } from './parquetFooter.ts';
import { damagedPage } from './parquetPages.ts';
import type { PlainNames } from './plainNames.ts';
import { columnId, type FileColumn, shownName } from './sql.ts';

export interface InputOptions {
  /** The path as the user wrote it. */
  readonly file: string;
  /** The character between the cells of a CSV. */
  readonly delimiter: string;
  readonly names: PlainNames;
  readonly signal: AbortSignal;
  /** Hex SHA-256 of its content, if it is known already: then the file is not read for it. */
  readonly digest?: string;
  /** Whether the limits of datasets hold, see `dataLimits.ts`. */
  readonly isLimited?: boolean;
}

/** Our own column in the table: the fault of a row as a whole, such as too many cells; null if it has none. */
export const PROBLEM = 'problem';
/** Another column of ours: the line of a CSV in which the row begins. */
export const LINE = 'line';
/** In one statement. */
const MOST_CELLS = 1_000_000;
const OUR_COLUMNS = [`NULL::VARCHAR AS ${PROBLEM}`, `NULL::BIGINT AS ${LINE}`];

interface Content {
  readonly columns: readonly FileColumn[];
  /** Remarks for the user, a line each. */
  readonly notices: readonly string[];
}

interface FoundFile extends Content {
  readonly format: FileFormat;
  /** A plain name, see `plainNames.ts`. */
  readonly path: string;
  /** Differs once the file has changed. */
  readonly state: string;
  readonly digest: string;
  /** The most bytes that it may unpack to; undefined: any number. */
  readonly most: number | undefined;
}

export class InputFile {
  readonly columns: readonly FileColumn[];
  readonly notices: readonly string[];
  /** Hex SHA-256 of its content. */
  readonly digest: string;
  readonly #options: InputOptions;
  readonly #found: FoundFile;

  private constructor(options: InputOptions, found: FoundFile) {
    this.columns = found.columns;
    this.notices = found.notices;
    this.digest = found.digest;
    this.#options = options;
    this.#found = found;
  }

  /** @throws {DataFault} if it cannot be read, or has no rows. */
  static async open(options: InputOptions): Promise<InputFile> {
    const { file, names, signal } = options;
    const format = await formatOfFile(file);
    const state = await stateOf(file);
    const digest = options.digest ?? (await digestOf(file, signal));
    const path = await names.of(file);
    const most = options.isLimited ? mostUnpacked((await stat(file)).size) : undefined;
    const content =
      format === FileFormat.Parquet
        ? await parquetContent(options, path, most)
        : await csvContent(csvOptions(options, { format, most }));
    return new InputFile(options, { ...content, format, path, state, digest, most });
  }

  /** Whether its cells have types. Those of a CSV are texts. */
  get isTyped(): boolean {
    return this.#found.format === FileFormat.Parquet;
  }

  /** SQL for a table without rows that has these columns of the file, in this order, and those of ours. */
  emptyRows(columns: readonly FileColumn[]): string {
    const cells = columns.map((column) => (this.isTyped ? columnId(column) : 'NULL::VARCHAR'));
    const from = this.isTyped ? ` FROM (${parquetRows(this.#found.path, this.columns)})` : '';
    const list = cells.map((cell, i) => `${cell} AS ${columnId({ index: i })}`);
    return `(SELECT ${[...list, ...OUR_COLUMNS].join(', ')}${from} LIMIT 0)`;
  }

  /**
   * Adds the rows, in their order, to the table `input`.
   *
   * @param columns of the file, in the order of the table's.
   * @throws {DataFault} if the file cannot be read to its end.
   */
  async load(database: Database, columns: readonly FileColumn[]): Promise<void> {
    const { file } = this.#options;
    if (this.isTyped) await this.#loadParquet(database, columns);
    else await this.#loadCsv(database, columns);
    if ((await stateOf(file)) !== this.#found.state)
      throw new DataFault(
        `${file} was changed while it was read: wait until it is complete, and start again`,
      );
  }

  async #loadParquet(database: Database, columns: readonly FileColumn[]): Promise<void> {
    const rows = parquetRows(this.#found.path, this.columns);
    const list = [...columns.map(columnId), 'NULL', 'NULL'].join(', ');
    await database.run(`INSERT INTO input SELECT ${list} FROM (${rows})`).catch((cause) => {
      throw unreadableParquet(this.#options.file, this.#found.path, cause);
    });
  }

  async #loadCsv(database: Database, columns: readonly FileColumn[]): Promise<void> {
    const types = [...columns.map(() => VARCHAR), VARCHAR, BIGINT];
    await database.run('BEGIN');
    const options = csvOptions(this.#options, this.#found);
    for await (const rows of groupsOf(readCsvRows(options), columns)) {
      const cells = columns.map(({ index }) => rows.map((row) => row.cells[index] ?? null));
      const problems = rows.map(({ problem }) => problem);
      const lines = rows.map(({ line }) => BigInt(line));
      await database.append('input', types, [...cells, problems, lines]);
    }
    await database.run('COMMIT');
  }
}

/** Groups of rows that are so small that all their cells fit into memory: a blank line of a wide file has many of them. */
async function* groupsOf<Row>(
  pieces: AsyncIterable<readonly Row[]>,
  { length }: readonly FileColumn[],
): AsyncGenerator<readonly Row[]> {
  const most = Math.max(1, Math.floor(MOST_CELLS / length));
  for await (const rows of pieces)
    for (let from = 0; from < rows.length; from += most) yield rows.slice(from, from + most);
}

async function digestOf(file: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash, { signal });
  return hash.digest('hex');
}

function csvOptions(
  { file, delimiter, signal }: InputOptions,
  { format, most }: Pick<FoundFile, 'format' | 'most'>,
): CsvOptions {
  return { file, delimiter, signal, isGzip: format === FileFormat.GzipCsv, mostUnpacked: most };
}

async function csvContent(options: CsvOptions): Promise<Content> {
  const names = await readCsvNames(options);
  const columns = names.map((name, index) => ({ index, name, type: 'VARCHAR' }));
  if (options.mostUnpacked !== undefined) checkColumnCount(options.file, columns);
  return { columns, notices: [] };
}

async function parquetContent(
  { file, signal }: InputOptions,
  path: string,
  most: number | undefined,
): Promise<Content> {
  if (most !== undefined) checkFooter(file, await footerBytesOf(file));
  await using database = await Database.open(signal, undefined, { memory_limit: '1GiB', temp_directory: '' });
  try {
    const columns = await readParquetColumns(database, path);
    if (most !== undefined) {
      checkColumnCount(file, columns);
      if ((await unpackedBytes(database, path)) > most) throw unpacksTooFar(file, most);
    }
    const rows = await database.rows(`SELECT 1 FROM (${parquetRows(path, columns)}) LIMIT 1`);
    if (rows.length === 0) throw new DataFault(`${file} has no rows`);
    const damaged = await damagedPage(file, signal);
    if (damaged !== undefined)
      throw new DataFault(`${file} is damaged: the page at its byte ${damaged} is not as it was written`);
    const notices = (await roundedColumns(database, path)).map(
      (name) => `${shownName(name)}: times of 96 bits, whose fractions below a microsecond are cut off`,
    );
    return { columns, notices };
  } catch (error) {
    throw unreadableParquet(file, path, error);
  }
}

function unreadableParquet(file: string, path: string, cause: unknown): unknown {
  if (!(cause instanceof DatabaseError)) return cause;
  const reason = cause.message.replaceAll(path, file);
  return new DataFault(
    `${file} cannot be read as Parquet, because it is damaged, encrypted or of a rare kind: ${reason}`,
    {
      cause,
    },
  );
}

/**
 * Identifies a file and its content: a change of the inode, the size or the modification time means another content.
 */
async function stateOf(file: string): Promise<string> {
  const { dev, ino, size, mtimeNs } = await stat(file, { bigint: true });
  return [dev, ino, size, mtimeNs].join(' ');
}

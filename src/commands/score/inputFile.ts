/** The file that is scored: what it is, and how it becomes a table. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { VARCHAR } from '@duckdb/node-api';
import { type CsvOptions, readCsvNames, readCsvRows } from './csvFile.ts';
import { Database, DatabaseError, DiskFull } from './database.ts';
import { FileFormat, formatOfFile } from './fileFormat.ts';
import { parquetRows, readParquetColumns } from './parquetFile.ts';
import { damagedPage } from './parquetPages.ts';
import type { PlainNames } from './plainNames.ts';
import { columnId, type FileColumn } from './sql.ts';
import { ScoreError } from './tidings.ts';

export interface InputOptions {
  /** As a person calls it. */
  readonly file: string;
  /** Between the cells of a CSV. */
  readonly delimiter: string;
  readonly names: PlainNames;
  readonly signal: AbortSignal;
}

/** Our own column in its table: why a row cannot be scored, whatever its cells are. */
export const PROBLEM = 'problem';

export class InputFile {
  readonly columns: readonly FileColumn[];
  /** Hex SHA-256 of its content. */
  readonly digest: string;
  readonly #format: FileFormat;
  readonly #options: InputOptions;
  /** A plain name, see `plainNames.ts`. */
  readonly #path: string;
  readonly #state: string;

  private constructor(
    options: InputOptions,
    found: {
      format: FileFormat;
      path: string;
      state: string;
      digest: string;
      columns: readonly FileColumn[];
    },
  ) {
    this.#options = options;
    this.#format = found.format;
    this.#path = found.path;
    this.#state = found.state;
    this.digest = found.digest;
    this.columns = found.columns;
  }

  /** @throws {ScoreError} if it cannot be read, or has no rows. */
  static async open(options: InputOptions): Promise<InputFile> {
    const { file, names, signal } = options;
    const format = await formatOfFile(file);
    const state = await stateOf(file);
    const hash = createHash('sha256');
    await pipeline(createReadStream(file), hash, { signal });
    const path = await names.of(file);
    const columns =
      format === FileFormat.Parquet
        ? await parquetColumns(file, path, signal)
        : (await readCsvNames(csvOptions(options, format))).map((name, index) => ({
            index,
            name,
            type: 'VARCHAR',
          }));
    return new InputFile(options, { format, path, state, digest: hash.digest('hex'), columns });
  }

  /** Makes the table `input` of it, its rows in their order. @throws {ScoreError} if it cannot be read to its end. */
  async load(database: Database): Promise<void> {
    const { file } = this.#options;
    if (this.#format === FileFormat.Parquet) await this.#loadParquet(database);
    else await this.#loadCsv(database);
    if ((await stateOf(file)) !== this.#state)
      throw new ScoreError(`${file} was changed while it was read: wait until it is whole, and start again`);
  }

  async #loadParquet(database: Database): Promise<void> {
    const rows = parquetRows(this.#path, this.columns);
    await database
      .run(`CREATE TABLE input AS SELECT *, NULL::VARCHAR AS ${PROBLEM} FROM (${rows})`)
      .catch((cause) => {
        throw unreadableParquet(this.#options.file, this.#path, cause);
      });
  }

  async #loadCsv(database: Database): Promise<void> {
    const ids = [...this.columns.map(columnId), PROBLEM];
    const types = ids.map(() => VARCHAR);
    await database.run('BEGIN');
    await database.run(`CREATE TABLE input (${ids.map((id) => `${id} VARCHAR`).join(', ')})`);
    for await (const rows of readCsvRows(csvOptions(this.#options, this.#format))) {
      const cells = this.columns.map(({ index }) => rows.map((row) => row.cells[index] ?? null));
      await database.append('input', types, [...cells, rows.map(({ problem }) => problem)]);
    }
    await database.run('COMMIT');
  }
}

function csvOptions({ file, delimiter, signal }: InputOptions, format: FileFormat): CsvOptions {
  return { file, delimiter, signal, isGzip: format === FileFormat.GzipCsv };
}

async function parquetColumns(
  file: string,
  path: string,
  signal: AbortSignal,
): Promise<readonly FileColumn[]> {
  await using database = await Database.open(signal);
  try {
    const columns = await readParquetColumns(database, path);
    const damaged = await damagedPage(file, signal);
    if (damaged !== undefined)
      throw new ScoreError(`${file} is damaged: the page at its byte ${damaged} is not as it was written`);
    const rows = await database.rows(`SELECT 1 FROM (${parquetRows(path, columns)}) LIMIT 1`);
    if (rows.length === 0) throw new ScoreError(`${file} has no rows`);
    return columns;
  } catch (error) {
    throw unreadableParquet(file, path, error);
  }
}

function unreadableParquet(file: string, path: string, cause: unknown): unknown {
  if (!(cause instanceof DatabaseError) || cause instanceof DiskFull) return cause;
  const reason = cause.message.replaceAll(path, file);
  return new ScoreError(
    `${file} cannot be read as Parquet, since it is damaged, encrypted or of a rare kind: ${reason}`,
    {
      cause,
    },
  );
}

/** Another one, or another time of change, is another content. */
async function stateOf(file: string): Promise<string> {
  const { dev, ino, size, mtimeNs } = await stat(file, { bigint: true });
  return [dev, ino, size, mtimeNs].join(' ');
}

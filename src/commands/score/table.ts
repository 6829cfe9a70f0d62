/**
 * The file that is scored, and what has been predicted for it: a DuckDB database in a folder beside the output, until
 * that is whole. A part that is saved stays saved, whenever the process ends.
 */
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import {
  BIGINT,
  BOOLEAN,
  DOUBLE,
  type DuckDBConnection,
  DuckDBDataChunk,
  DuckDBInstance,
  type DuckDBType,
  LIST,
  listValue,
  VARCHAR,
} from '@duckdb/node-api';
import type { Value } from '../../task.ts';
import { type FileColumn, type MappedInput, quoted } from './mapping.ts';
import { type FieldView, ScoreError } from './tidings.ts';

/** What was predicted for the rows of a part, in their order. */
export interface ScoredPart {
  readonly columns: Readonly<Record<string, readonly (Value | null)[]>>;
  readonly errors: readonly (string | null)[];
}

/** The column with the reason why a row has no prediction. */
const ERROR_COLUMN = 'error';
const CHUNK_ROWS = 2_048;

export class ScoreTable implements AsyncDisposable {
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;
  readonly #folder: string;
  readonly #out: string;
  /** Statements of a transaction are not mixed with those of another. */
  #lastTurn: Promise<unknown> = Promise.resolve();

  private constructor(instance: DuckDBInstance, connection: DuckDBConnection, folder: string, out: string) {
    this.#instance = instance;
    this.#connection = connection;
    this.#folder = folder;
    this.#out = out;
  }

  /**
   * Reads a file, or finds what an earlier run has left of its work.
   *
   * @param plan all that decides what is predicted, but for the file itself.
   * @throws {ScoreError} if the file cannot be read, or the earlier run had another plan.
   */
  static async open({ input, out, plan }: { input: string; out: string; plan: object }): Promise<ScoreTable> {
    const folder = `${out}.partial`;
    formatOf(out);
    const source = await stat(input).catch(() => {
      throw new ScoreError(`${input} must be a file that can be read`);
    });
    const planned = JSON.stringify({ ...plan, input, size: source.size, modifiedAt: source.mtimeMs });
    await mkdir(folder, { recursive: true });
    const instance = await DuckDBInstance.create(join(folder, 'score.duckdb'));
    const connection = await instance.connect();
    const table = new ScoreTable(instance, connection, folder, out);
    try {
      await table.#begin(input, planned);
      return table;
    } catch (error) {
      await table[Symbol.asyncDispose]();
      throw error;
    }
  }

  async columns(): Promise<readonly FileColumn[]> {
    const rows = await this.#rows(
      "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = 'input' ORDER BY column_index",
    );
    return rows.map(([name, type]) => ({ name: String(name), type: String(type) }));
  }

  async rowCount(): Promise<number> {
    return Number((await this.#rows('SELECT count(*) FROM input'))[0]?.[0]);
  }

  /** Makes room for the predictions, unless an earlier run did. @throws {ScoreError} if the file has such columns. */
  async prepare(outputs: readonly FieldView[]): Promise<void> {
    const names = new Set((await this.columns()).map(({ name }) => name.toLowerCase()));
    const clash = [...outputs.map(({ name }) => name), ERROR_COLUMN].find((name) =>
      names.has(name.toLowerCase()),
    );
    if (clash !== undefined)
      throw new ScoreError(
        `the file has a column ${clash} already: rename it, since the predictions need the name`,
      );
    const columns = outputs.map((output) => `${quoted(output.name)} ${typeOf(output)}`);
    await this.#connection.run(
      `CREATE TABLE IF NOT EXISTS prediction (row BIGINT, ${columns.join(', ')}, ${ERROR_COLUMN} VARCHAR)`,
    );
    await this.#connection.run('CREATE TABLE IF NOT EXISTS part (number BIGINT)');
  }

  /** The parts that were saved. */
  async savedParts(): Promise<ReadonlySet<number>> {
    return new Set((await this.#rows('SELECT number FROM part')).map(([number]) => Number(number)));
  }

  /** @returns a column for each input. */
  async read(
    inputs: readonly MappedInput[],
    from: number,
    to: number,
  ): Promise<readonly (readonly unknown[])[]> {
    const list = inputs.map(({ sql }) => sql).join(', ');
    const reader = await this.#connection.runAndReadAll(
      `SELECT ${list} FROM input WHERE rowid >= ${from} AND rowid < ${to} ORDER BY rowid`,
    );
    return reader.getColumnsJS();
  }

  /** Saves a part whole or not at all. */
  save(part: number, firstRow: number, outputs: readonly FieldView[], scored: ScoredPart): Promise<void> {
    return this.#inTurn(async () => {
      const { errors } = scored;
      const types = [BIGINT, ...outputs.map(duckTypeOf), VARCHAR];
      await this.#connection.run('BEGIN');
      const appender = await this.#connection.createAppender('prediction');
      for (let from = 0; from < errors.length; from += CHUNK_ROWS) {
        const to = Math.min(errors.length, from + CHUNK_ROWS);
        const chunk = DuckDBDataChunk.create(types, to - from);
        chunk.setColumns([
          Array.from({ length: to - from }, (_, i) => BigInt(firstRow + from + i)),
          ...outputs.map(({ name }) => (scored.columns[name] ?? []).slice(from, to).map(duckValue)),
          errors.slice(from, to),
        ]);
        appender.appendDataChunk(chunk);
      }
      appender.closeSync();
      await this.#connection.run(`INSERT INTO part VALUES (${part})`);
      await this.#connection.run('COMMIT');
    });
  }

  /** Rows without a prediction. */
  async failedRows(): Promise<number> {
    return Number(
      (await this.#rows(`SELECT count(*) FROM prediction WHERE ${ERROR_COLUMN} IS NOT NULL`))[0]?.[0],
    );
  }

  /** Writes the output, the rows in the order of the file, and removes what was kept beside it. */
  async finish(outputs: readonly FieldView[]): Promise<void> {
    const unfinished = join(this.#folder, `out${extname(this.#out)}`);
    const names = [...outputs.map(({ name }) => name), ERROR_COLUMN].map(
      (name) => `prediction.${quoted(name)}`,
    );
    // One thread writes the same file each time.
    await this.#connection.run('SET threads TO 1');
    await this.#connection.run(
      `COPY (SELECT input.*, ${names.join(', ')} FROM input JOIN prediction ON prediction.row = input.rowid
       ORDER BY input.rowid) TO ${literal(unfinished)} (${formatOf(this.#out)})`,
    );
    await rename(unfinished, this.#out);
    await this[Symbol.asyncDispose]();
    await rm(this.#folder, { recursive: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#lastTurn;
    this.#connection.closeSync();
    this.#instance.closeSync();
  }

  async #begin(input: string, plan: string): Promise<void> {
    await this.#connection.run('CREATE TABLE IF NOT EXISTS plan (text VARCHAR)');
    const [before] = await this.#rows('SELECT text FROM plan');
    if (before === undefined) {
      await this.#connection
        .run(`CREATE OR REPLACE TABLE input AS SELECT * FROM ${readerOf(input)}`)
        .catch((cause) => {
          throw new ScoreError(`${input} cannot be read: ${cause.message.split('\n')[0]}`, { cause });
        });
      await this.#connection.run(`INSERT INTO plan VALUES (${literal(plan)})`);
    } else if (before[0] !== plan) {
      throw new ScoreError(
        `${this.#folder} holds part of another score: the file or the options have changed. Delete it to begin anew.`,
      );
    }
  }

  async #rows(sql: string): Promise<readonly (readonly unknown[])[]> {
    return (await this.#connection.runAndReadAll(sql)).getRowsJS();
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#lastTurn.then(work);
    this.#lastTurn = turn.catch(() => {});
    return turn;
  }
}

function readerOf(file: string): string {
  return extname(file) === '.parquet' ? `read_parquet(${literal(file)})` : `read_csv(${literal(file)})`;
}

function formatOf(file: string): string {
  const format = { '.parquet': 'FORMAT parquet', '.csv': 'FORMAT csv, HEADER' }[extname(file)];
  if (format === undefined) throw new ScoreError(`the output must end in .parquet or .csv, got ${file}`);
  return format;
}

function typeOf({ type, size }: FieldView): string {
  if (type === 'string') return 'VARCHAR';
  if (type === 'boolean') return 'BOOLEAN';
  return size === null ? 'DOUBLE' : 'DOUBLE[]';
}

function duckTypeOf({ type, size }: FieldView): DuckDBType {
  if (type === 'string') return VARCHAR;
  if (type === 'boolean') return BOOLEAN;
  return size === null ? DOUBLE : LIST(DOUBLE);
}

function duckValue(value: Value | null) {
  return typeof value === 'object' && value !== null ? listValue([...value]) : value;
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

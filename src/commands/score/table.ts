/**
 * The file that is scored, and what has been predicted for it: a DuckDB database in a folder beside the output, until
 * that is whole. A part that is saved stays saved, whenever the process ends.
 */
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import {
  BIGINT,
  BOOLEAN,
  DOUBLE,
  DuckDBDataChunk,
  type DuckDBType,
  LIST,
  listValue,
  VARCHAR,
} from '@duckdb/node-api';
import { messageOf } from '../../errors.ts';
import type { Value } from '../../task.ts';
import { Database } from './database.ts';
import { readerOf, unreadable } from './inputFile.ts';
import type { MappedInput } from './mapping.ts';
import type { Plan } from './plan.ts';
import { type FileColumn, literal, quoted } from './sql.ts';
import { type FieldView, ScoreError } from './tidings.ts';

/** What was predicted for the rows of a part, in their order. */
export interface ScoredPart {
  readonly columns: Readonly<Record<string, readonly (Value | null)[]>>;
  readonly errors: readonly (string | null)[];
}

/** The column with the reason why a row has no prediction. */
const ERROR_COLUMN = 'error';
const CHUNK_ROWS = 2_048;
const DATABASE_FILE = 'score.duckdb';

/** Rows that are scored and saved together. */
export interface Part {
  readonly from: number;
  /** Is not among them. */
  readonly to: number;
}

interface OutputOptions {
  readonly input: string;
  readonly out: string;
  /** Whether an output that is there may be replaced. */
  readonly overwrite: boolean;
}

interface BeginOptions {
  readonly input: string;
  readonly out: string;
  readonly plan: Plan;
  readonly outputs: readonly FieldView[];
  readonly signal: AbortSignal;
}

export class ScoreTable implements AsyncDisposable {
  readonly plan: Plan;
  readonly #database: Database;
  readonly #out: string;
  /** Whether anything in the folder is still of use. */
  #isKept: boolean;
  #isOpen = true;
  /** Statements of a transaction are not mixed with those of another. */
  #lastTurn: Promise<unknown> = Promise.resolve();

  private constructor(database: Database, out: string, plan: Plan, isKept: boolean) {
    this.#database = database;
    this.#out = out;
    this.plan = plan;
    this.#isKept = isKept;
  }

  /**
   * Finds what an earlier run has left of its work. If no row of it was scored, it is nothing.
   *
   * @throws {ScoreError} if it cannot be read, or another score is at work on it.
   */
  static async find(out: string, signal: AbortSignal): Promise<ScoreTable | undefined> {
    const folder = partialOf(out);
    if (!existsSync(join(folder, DATABASE_FILE))) return undefined;
    const database = await openDatabase(out, signal);
    const [kept] = await database
      .rows('SELECT text FROM plan WHERE (SELECT count(first_row) FROM part) > 0')
      .catch(async (cause) => {
        await database[Symbol.asyncDispose]();
        throw unreadablePart(out, cause);
      });
    if (kept !== undefined) return new ScoreTable(database, out, JSON.parse(String(kept[0])), true);
    await database[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
    return undefined;
  }

  /** Reads a file, and makes room for its predictions. @throws {ScoreError} if it cannot be read, or no room be made. */
  static async begin({ input, out, plan, outputs, signal }: BeginOptions): Promise<ScoreTable> {
    const folder = partialOf(out);
    await mkdir(folder, { recursive: true }).catch((cause) => {
      throw new ScoreError(`the folder ${folder} cannot be made: ${messageOf(cause)}`, { cause });
    });
    const database = await openDatabase(out, signal);
    const table = new ScoreTable(database, out, plan, false);
    const columns = outputs.map((output) => `${quoted(output.name)} ${typeOf(output)}`);
    try {
      await database.run(`INSERT INTO plan VALUES (${literal(JSON.stringify(plan))})`);
      await database.run(
        `CREATE TABLE prediction (row BIGINT, ${columns.join(', ')}, ${ERROR_COLUMN} VARCHAR)`,
      );
      await database.run(`CREATE TABLE input AS SELECT * FROM ${readerOf(input)}`).catch((cause) => {
        throw unreadable(input, cause);
      });
      return table;
    } catch (error) {
      await table[Symbol.asyncDispose]();
      throw error;
    }
  }

  async rowCount(): Promise<number> {
    return Number((await this.#database.rows('SELECT count(*) FROM input'))[0]?.[0]);
  }

  /** The parts that were saved, in the order of their rows. */
  async savedParts(): Promise<readonly Part[]> {
    const rows = await this.#database.rows('SELECT first_row, row_count FROM part ORDER BY first_row');
    return rows.map(([first, count]) => ({ from: Number(first), to: Number(first) + Number(count) }));
  }

  /** @returns for each input its readings, a column each. */
  async read(
    inputs: readonly MappedInput[],
    { from, to }: Part,
  ): Promise<readonly (readonly (readonly unknown[])[])[]> {
    const list = inputs.flatMap(({ readings }) => readings).join(', ');
    const columns = await this.#database.columns(
      `SELECT ${list} FROM input WHERE rowid >= ${from} AND rowid < ${to} ORDER BY rowid`,
    );
    const next = columns.values();
    return inputs.map(({ readings }) => [...next.take(readings.length)]);
  }

  /** Saves a part whole or not at all. */
  save({ from: firstRow, to: end }: Part, outputs: readonly FieldView[], scored: ScoredPart): Promise<void> {
    return this.#inTurn(async () => {
      const { errors } = scored;
      const types = [BIGINT, ...outputs.map(duckTypeOf), VARCHAR];
      await this.#database.run('BEGIN');
      const appender = await this.#database.createAppender('prediction');
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
      await this.#database.run(`INSERT INTO part VALUES (${firstRow}, ${end - firstRow})`);
      await this.#database.run('COMMIT');
      this.#isKept = true;
    });
  }

  /** Rows without a prediction. */
  async failedRows(): Promise<number> {
    const rows = await this.#database.rows(
      `SELECT count(*) FROM prediction WHERE ${ERROR_COLUMN} IS NOT NULL`,
    );
    return Number(rows[0]?.[0]);
  }

  /** Writes the output, the rows in the order of the file, and removes what was kept beside it. */
  async finish(outputs: readonly FieldView[]): Promise<void> {
    const unfinished = join(partialOf(this.#out), `out${extname(this.#out)}`);
    const names = [...outputs.map(({ name }) => name), ERROR_COLUMN].map(
      (name) => `prediction.${quoted(name)}`,
    );
    // One thread writes the same file each time.
    await this.#database.run('SET threads TO 1');
    await this.#database.run(
      `COPY (SELECT input.*, ${names.join(', ')} FROM input JOIN prediction ON prediction.row = input.rowid
       ORDER BY input.rowid) TO ${literal(unfinished)} (${formatOf(this.#out)})`,
    );
    await rename(unfinished, this.#out);
    this.#isKept = false;
  }

  /** Removes the folder, unless another run can go on with what is in it. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await this.#lastTurn;
    await this.#database[Symbol.asyncDispose]();
    if (!this.#isKept) await rm(partialOf(this.#out), { recursive: true });
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#lastTurn.then(work);
    this.#lastTurn = turn.catch(() => {});
    return turn;
  }
}

/** Where the work on an output is kept until that is whole. */
export function partialOf(out: string): string {
  return `${out}.partial`;
}

/**
 * Looks whether an output can be written.
 *
 * @throws {ScoreError} if it is the input, or there already, or of no known format.
 */
export async function checkOutput({ input, out, overwrite }: OutputOptions): Promise<void> {
  formatOf(out);
  const [source, present] = await Promise.all([input, out].map((file) => stat(file).catch(() => undefined)));
  if (present === undefined) return;
  // However it is spelt, and by whatever link.
  if (source?.ino === present.ino && source.dev === present.dev)
    throw new ScoreError(`the output must be another file than the input, got ${input} and ${out}`);
  if (!present.isFile()) throw new ScoreError(`the output must be a file, got ${out}, which is none`);
  if (!overwrite) throw new ScoreError(`${out} exists already: name another output, or say --overwrite`);
}

/** @throws {ScoreError} if the file has a column that is called as a new one. */
export function checkNewColumns(columns: readonly FileColumn[], outputs: readonly FieldView[]): void {
  const names = new Set(columns.map(({ name }) => name.toLowerCase()));
  const clash = [...outputs.map(({ name }) => name), ERROR_COLUMN].find((name) =>
    names.has(name.toLowerCase()),
  );
  if (clash !== undefined)
    throw new ScoreError(
      `the file has a column ${clash} already: rename it, since the predictions need the name`,
    );
}

async function openDatabase(out: string, signal: AbortSignal): Promise<Database> {
  const database = await Database.open(signal, join(partialOf(out), DATABASE_FILE)).catch((cause) => {
    throw /lock/.test(messageOf(cause))
      ? new ScoreError(`another score is writing ${out}: wait for it, or name another output`, { cause })
      : unreadablePart(out, cause);
  });
  await database.run('CREATE TABLE IF NOT EXISTS plan (text VARCHAR)');
  await database.run('CREATE TABLE IF NOT EXISTS part (first_row BIGINT, row_count BIGINT)');
  return database;
}

function unreadablePart(out: string, cause: unknown): ScoreError {
  const error = unreadable(partialOf(out), cause);
  return new ScoreError(`${error.message}. Delete it to begin anew.`, { cause });
}

function formatOf(file: string): string {
  const format = { '.parquet': 'FORMAT parquet', '.csv': 'FORMAT csv, HEADER' }[extname(file).toLowerCase()];
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

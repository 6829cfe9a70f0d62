/**
 * Keeps the rows of the file and their predictions in a DuckDB database, in a folder beside the output, until the
 * output is complete. A saved part stays saved, whenever the process ends.
 */
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, rmdir } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { BIGINT, VARCHAR } from '@duckdb/node-api';
import { messageOf } from '../../contract/errors.ts';
import { Database, DiskFull } from '../../data/database.ts';
import type { InputFile } from '../../data/inputFile.ts';
import {
  countRows,
  hasCell,
  type InputPart,
  loadInputs,
  type Part,
  readRows,
} from '../../data/inputTable.ts';
import type { MappedInput } from '../../data/mapping.ts';
import type { PlainNames } from '../../data/plainNames.ts';
import { literal } from '../../data/sql.ts';
import { SerialQueue } from '../../process/serialQueue.ts';
import { type Failures, findFailures } from './failures.ts';
import { checkCells, ERROR_COLUMN, outputId, writeOutput } from './output.ts';
import { duckTypeOf, duckValue } from './outputValues.ts';
import type { Plan } from './plan.ts';
import { type FieldView, type ScoredValue, ScoreError } from './tidings.ts';

/** The predictions for the rows of a part, in their order. */
export interface ScoredPart {
  readonly columns: Readonly<Record<string, readonly (ScoredValue | null)[]>>;
  readonly errors: readonly (string | null)[];
}

const DATABASE_FILE = 'score.duckdb';
/** All files that a score ever makes in the folder. */
const FILES = [DATABASE_FILE, `${DATABASE_FILE}.wal`, `${DATABASE_FILE}.tmp`, 'out.parquet', 'out.csv'];

interface TableOptions {
  readonly out: string;
  readonly names: PlainNames;
  readonly signal: AbortSignal;
}

export class ScoreTable implements AsyncDisposable {
  readonly #database: Database;
  readonly #out: string;
  /** A plain name of the folder, see `plainNames.ts`. */
  readonly #folder: string;
  #plan: Plan | undefined;
  /** Whether another run can go on with the content of the folder. */
  #isKept: boolean;
  #isOpen = true;
  /** Runs transactions one after another, so that their statements do not mix. */
  readonly #transactions = new SerialQueue();

  private constructor(database: Database, out: string, folder: string, plan: Plan | undefined) {
    this.#database = database;
    this.#out = out;
    this.#folder = folder;
    this.#plan = plan;
    this.#isKept = plan !== undefined;
  }

  /**
   * Opens the work of an earlier run. Work without a scored row is removed.
   *
   * @returns undefined if there is no work to go on with.
   * @throws {ScoreError} if the work cannot be read, or another score is writing it.
   */
  static async find({ out, names, signal }: TableOptions): Promise<ScoreTable | undefined> {
    const folder = partialOf(out);
    if (!existsSync(join(folder, DATABASE_FILE))) return undefined;
    const plainName = await names.of(folder);
    const database = await openDatabase(out, plainName, signal);
    const [kept] = await database
      .rows('SELECT text FROM plan WHERE (SELECT count(first_row) FROM part) > 0')
      .catch(async (cause) => {
        await database[Symbol.asyncDispose]();
        throw unreadableFolder(out, cause);
      });
    if (kept !== undefined) return new ScoreTable(database, out, plainName, JSON.parse(String(kept[0])));
    await database[Symbol.asyncDispose]();
    await removeFolder(folder);
    return undefined;
  }

  /**
   * Makes the folder and loads the file.
   *
   * @throws {ScoreError} if the folder cannot be made, or the file not be read.
   */
  static async begin({
    input,
    out,
    names,
    signal,
  }: TableOptions & { readonly input: InputFile }): Promise<ScoreTable> {
    const folder = partialOf(out);
    await mkdir(folder).catch((cause: NodeJS.ErrnoException) => {
      if (cause.code === 'EEXIST') return;
      throw new ScoreError(`the folder ${folder} cannot be made: ${messageOf(cause)}`, { cause });
    });
    const plainName = await names.of(folder);
    const database = await openDatabase(out, plainName, signal).catch(async (error) => {
      if (error instanceof DiskFull) await removeFolder(folder);
      throw error;
    });
    const table = new ScoreTable(database, out, plainName, undefined);
    try {
      await loadInputs(table.#database, [input], [out]);
      await checkCells(table.#database, input.columns, out);
      return table;
    } catch (error) {
      await table[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Undefined until the plan is fixed. */
  get plan(): Plan | undefined {
    return this.#plan;
  }

  /** Saves the plan and makes the table of predictions. All predictions follow this plan, also after a stop. */
  async fixPlan(plan: Plan, outputs: readonly FieldView[]): Promise<void> {
    this.#plan = plan;
    const columns = outputs.map((output, index) => `${outputId(index)} ${duckTypeOf(output)}, `);
    await this.#database.run(
      `CREATE TABLE prediction (row BIGINT, ${columns.join('')}${ERROR_COLUMN} VARCHAR)`,
    );
    await this.#database.run(`INSERT INTO plan VALUES (${literal(JSON.stringify(plan))})`);
  }

  rowCount(): Promise<number> {
    return countRows(this.#database);
  }

  /** The parts that were saved, in the order of their rows. */
  async savedParts(): Promise<readonly Part[]> {
    const rows = await this.#database.rows('SELECT first_row, row_count FROM part ORDER BY first_row');
    return rows.map(([first, count]) => ({ from: Number(first), to: Number(first) + Number(count) }));
  }

  read(inputs: readonly MappedInput[], part: Part): Promise<InputPart> {
    return readRows(this.#database, inputs, part);
  }

  /** Whether the pattern matches a whole cell of any of the columns, which must be texts. */
  hasCell(inputs: readonly MappedInput[], pattern: string): Promise<boolean> {
    return hasCell(this.#database, inputs, pattern);
  }

  /** Saves a part in one transaction. */
  save({ from: firstRow, to: end }: Part, outputs: readonly FieldView[], scored: ScoredPart): Promise<void> {
    return this.#transactions.run(async () => {
      const { errors } = scored;
      await this.#database.run('BEGIN');
      await this.#database.append(
        'prediction',
        [BIGINT, ...outputs.map(duckTypeOf), VARCHAR],
        [
          errors.map((_, i) => BigInt(firstRow + i)),
          ...outputs.map((output) =>
            (scored.columns[output.name] ?? []).map((value) => duckValue(output, value)),
          ),
          errors,
        ],
      );
      await this.#database.run(`INSERT INTO part VALUES (${firstRow}, ${end - firstRow})`);
      await this.#database.run('COMMIT');
      this.#isKept = true;
    });
  }

  /** Summarizes the rows without a prediction. */
  failures(): Promise<Failures> {
    return findFailures(this.#database);
  }

  /** Writes the output. The folder is then removed when the table is disposed. */
  async finish({ columns }: InputFile, outputs: readonly FieldView[], delimiter: string): Promise<void> {
    const name = `out${extname(this.#out).toLowerCase()}`;
    await writeOutput(join(this.#folder, name), { database: this.#database, columns, outputs, delimiter });
    await rename(join(partialOf(this.#out), name), this.#out);
    this.#isKept = false;
  }

  /** Closes the database. Removes the folder, unless another run can go on with its content. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await this.#transactions.ended();
    await this.#database[Symbol.asyncDispose]();
    if (!this.#isKept) await removeFolder(partialOf(this.#out));
  }
}

/** The folder that keeps the work on an output until the output is complete. */
export function partialOf(out: string): string {
  return `${out}.partial`;
}

/** Removes our files, and the folder if it is empty then. Files of others stay. */
async function removeFolder(folder: string): Promise<void> {
  for (const name of FILES) await rm(join(folder, name), { recursive: true, force: true });
  await rmdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOTEMPTY') throw error;
  });
}

async function openDatabase(out: string, folder: string, signal: AbortSignal): Promise<Database> {
  const place = {
    folder,
    file: DATABASE_FILE,
    shown: partialOf(out),
    whenFull: 'the rows scored so far are kept, and the same command goes on from there.',
  };
  const database = await Database.open(signal, place).catch((cause) => {
    throw /^Could not set lock on file /.test(messageOf(cause))
      ? new ScoreError(`another score is writing ${out}: wait for it, or name another output`, { cause })
      : unreadableFolder(out, cause);
  });
  await database.run('CREATE TABLE IF NOT EXISTS plan (text VARCHAR)');
  await database.run('CREATE TABLE IF NOT EXISTS part (first_row BIGINT, row_count BIGINT)');
  return database;
}

function unreadableFolder(out: string, cause: unknown): unknown {
  if (cause instanceof DiskFull) return cause;
  return new ScoreError(`${partialOf(out)} cannot be read: ${messageOf(cause)}. Delete it to start again.`, {
    cause,
  });
}

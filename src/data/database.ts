/** A DuckDB database in a file, or in memory. Its statements run one by one, and end when the signal is aborted. */
import { join } from 'node:path';
import {
  type DuckDBConnection,
  DuckDBDataChunk,
  DuckDBInstance,
  type DuckDBType,
  type DuckDBValue,
} from '@duckdb/node-api';
import { messageOf } from '../contract/errors.ts';
import { SerialQueue } from '../process/serialQueue.ts';
import { NoRoom, PlaceFault } from './dataFault.ts';
import { literal } from './sql.ts';

type Row = readonly unknown[];

const CHUNK_ROWS = 2_048;
/** DuckDB downloads no extensions, whatever paths and functions a statement has. */
const OPTIONS = { autoinstall_known_extensions: 'false', autoload_known_extensions: 'false' };

/** An error of DuckDB, in one line. If there is no room for the data, it is a `NoRoom` instead. */
export class DatabaseError extends PlaceFault {}

/** The disk is full. The file that was read is not the cause. */
export class DiskFull extends NoRoom {}

interface Place {
  /** The plain name of the database's folder, see `plainNames.ts`. */
  readonly folder: string;
  /** Undefined for a database in memory, which writes to the folder what does not fit. */
  readonly file: string | undefined;
  /** The folder as the user knows it. */
  readonly shown: string;
  /** What to know once the disk is full, for messages. */
  readonly whenFull: string;
}

export class Database implements AsyncDisposable {
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;
  readonly #signal: AbortSignal;
  readonly #place: Place | undefined;
  readonly #interrupt: () => void;
  /**
   * Runs statements one after another: an appender fails if another statement of its connection begins before it ends.
   */
  readonly #statements = new SerialQueue();
  #isOpen = true;

  private constructor(
    instance: DuckDBInstance,
    connection: DuckDBConnection,
    { signal, place }: { signal: AbortSignal; place: Place | undefined },
  ) {
    this.#instance = instance;
    this.#connection = connection;
    this.#signal = signal;
    this.#place = place;
    this.#interrupt = () => connection.interrupt();
    signal.addEventListener('abort', this.#interrupt);
  }

  /**
   * @param place without it the database is in memory.
   * @param settings of DuckDB, such as `memory_limit`.
   * @throws {DatabaseError}
   */
  static async open(
    signal: AbortSignal,
    place?: Place,
    settings: Readonly<Record<string, string>> = {},
  ): Promise<Database> {
    try {
      const path = place?.file && join(place.folder, place.file);
      const instance = await DuckDBInstance.create(path, OPTIONS);
      const connection = await instance.connect();
      // So that instants are written the same on every machine.
      await connection.run(`SET TimeZone = 'UTC'`);
      // As an option of `create`, max_temp_directory_size has no effect (DuckDB 1.5.5).
      for (const [name, value] of Object.entries(settings))
        await connection.run(`SET ${name} = ${literal(value)}`);
      return new Database(instance, connection, { signal, place });
    } catch (cause) {
      throw databaseError(cause, place);
    }
  }

  async run(sql: string): Promise<void> {
    await this.#begin(() => this.#connection.run(sql));
  }

  async rows(sql: string): Promise<readonly Row[]> {
    return (await this.#begin(() => this.#connection.runAndReadAll(sql))).getRowsJS();
  }

  /** Returns cells as DuckDB's own values, so that no digit is lost. */
  async columns(sql: string): Promise<readonly (readonly DuckDBValue[])[]> {
    return (await this.#begin(() => this.#connection.runAndReadAll(sql))).getColumns();
  }

  /** Adds rows to a table. @param columns of the same length, each of its type. */
  async append(
    table: string,
    types: readonly DuckDBType[],
    columns: readonly (readonly DuckDBValue[])[],
  ): Promise<void> {
    await this.#begin(async () => {
      const rowCount = columns[0]?.length ?? 0;
      const appender = await this.#connection.createAppender(table);
      for (let from = 0; from < rowCount; from += CHUNK_ROWS) {
        const to = Math.min(rowCount, from + CHUNK_ROWS);
        const chunk = DuckDBDataChunk.create(types, to - from);
        chunk.setColumns(columns.map((column) => column.slice(from, to)));
        appender.appendDataChunk(chunk);
      }
      appender.closeSync();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    // Closing the database during a statement crashes the process.
    await this.#statements.ended();
    this.#signal.removeEventListener('abort', this.#interrupt);
    this.#connection.closeSync();
    this.#instance.closeSync();
  }

  async #begin<T>(statement: () => Promise<T>): Promise<T> {
    if (!this.#isOpen) throw new Error('the database is closed');
    try {
      return await this.#statements.run(() => {
        this.#signal.throwIfAborted();
        return statement();
      });
    } catch (cause) {
      throw databaseError(cause, this.#place);
    }
  }
}

/**
 * Makes an error that a user can read. DuckDB's messages have their kind in front and SQL below. Both are left out,
 * because they do not help a user.
 *
 * @param cause an error of DuckDB, or of the file system.
 */
export function databaseError(cause: unknown, place?: Place): PlaceFault {
  const [full] = FULL.exec(messageOf(cause)) ?? [];
  if (full !== undefined)
    return new DiskFull(
      `the disk is full (${full}). Make room${place === undefined ? '' : `: ${place.whenFull}`}`,
      { cause },
    );
  const [line = ''] = messageOf(cause).split('\n');
  if (NO_MEMORY.test(line)) {
    // Such as (1.0 GiB/1.0 GiB used).
    const [used = ''] = / \([^()]*\)/.exec(line) ?? [];
    const place = /max_temp_directory_size/.test(messageOf(cause)) ? 'on the disk' : 'in memory';
    return new NoRoom(
      `the rows need more room ${place} than they may take${used}: give fewer rows or columns, or shorter cells`,
      { cause },
    );
  }
  const reason = line.replace(/^(?:[A-Z][\w-]* ){1,3}Error: */, '');
  return new DatabaseError(place === undefined ? reason : reason.replaceAll(place.folder, place.shown), {
    cause,
  });
}

const NO_MEMORY = /^Out of Memory Error|bad_alloc/;
const FULL = /No space left on device|Disk quota exceeded|File too large/i;

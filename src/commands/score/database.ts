/** A DuckDB database in a file, or in memory. Its statements end when the signal is aborted. */
import {
  type DuckDBConnection,
  DuckDBDataChunk,
  DuckDBInstance,
  type DuckDBType,
  type DuckDBValue,
} from '@duckdb/node-api';
import { messageOf } from '../../errors.ts';
import { ScoreError } from './tidings.ts';

type Row = readonly unknown[];

const CHUNK_ROWS = 2_048;
/** No path and no function makes it fetch anything. */
const OPTIONS = { autoinstall_known_extensions: 'false', autoload_known_extensions: 'false' };

/** Why DuckDB cannot do what it is told, in one line. */
export class DatabaseError extends ScoreError {}

/** It has no room on the disk: nothing is wrong with what was read. */
export class DiskFull extends DatabaseError {}

export class Database implements AsyncDisposable {
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;
  readonly #signal: AbortSignal;
  readonly #interrupt: () => void;
  readonly #running = new Set<Promise<unknown>>();
  #isOpen = true;

  private constructor(instance: DuckDBInstance, connection: DuckDBConnection, signal: AbortSignal) {
    this.#instance = instance;
    this.#connection = connection;
    this.#signal = signal;
    this.#interrupt = () => connection.interrupt();
    signal.addEventListener('abort', this.#interrupt);
  }

  /** @param file a plain name, see `plainNames.ts`; none: in memory. @throws {DatabaseError} */
  static async open(signal: AbortSignal, file?: string): Promise<Database> {
    try {
      const instance = await DuckDBInstance.create(file, OPTIONS);
      const connection = await instance.connect();
      // Instants are written the same on every machine.
      await connection.run(`SET TimeZone = 'UTC'`);
      return new Database(instance, connection, signal);
    } catch (cause) {
      throw explained(cause);
    }
  }

  async run(sql: string): Promise<void> {
    await this.#begin(() => this.#connection.run(sql));
  }

  async rows(sql: string): Promise<readonly Row[]> {
    return (await this.#begin(() => this.#connection.runAndReadAll(sql))).getRowsJS();
  }

  /** Cells as DuckDB has them: no digit is lost. */
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
    // To close it under a statement that runs crashes the process.
    await Promise.allSettled(this.#running);
    this.#signal.removeEventListener('abort', this.#interrupt);
    this.#connection.closeSync();
    this.#instance.closeSync();
  }

  async #begin<T>(statement: () => Promise<T>): Promise<T> {
    if (!this.#isOpen) throw new Error('the database is closed');
    const running = statement();
    this.#running.add(running);
    try {
      return await running;
    } catch (cause) {
      throw explained(cause);
    } finally {
      this.#running.delete(running);
    }
  }
}

/** Its kind is said in front, and SQL below: neither helps a person. */
function explained(cause: unknown): DatabaseError {
  const [line = ''] = messageOf(cause).split('\n');
  const reason = line.replace(
    /^(?:TransactionContext Error: Failed to commit: )?(?:[A-Z][\w-]* ){1,3}Error: */,
    '',
  );
  return /no space left on device|disk quota exceeded|file too large/i.test(messageOf(cause))
    ? new DiskFull(`the disk is full: ${reason}`, { cause })
    : new DatabaseError(reason, { cause });
}

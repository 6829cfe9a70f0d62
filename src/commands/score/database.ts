/** A DuckDB database in a file, or in memory. Its statements end when the signal is aborted. */
import { type DuckDBAppender, type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';

type Row = readonly unknown[];

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

  /** @param file none: in memory. */
  static async open(signal: AbortSignal, file?: string): Promise<Database> {
    const instance = await DuckDBInstance.create(file);
    return new Database(instance, await instance.connect(), signal);
  }

  async run(sql: string): Promise<void> {
    await this.#begin(() => this.#connection.run(sql));
  }

  async rows(sql: string): Promise<readonly Row[]> {
    return (await this.#begin(() => this.#connection.runAndReadAll(sql))).getRowsJS();
  }

  async columns(sql: string): Promise<readonly Row[]> {
    return (await this.#begin(() => this.#connection.runAndReadAll(sql))).getColumnsJS();
  }

  createAppender(table: string): Promise<DuckDBAppender> {
    return this.#begin(() => this.#connection.createAppender(table));
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
    } finally {
      this.#running.delete(running);
    }
  }
}

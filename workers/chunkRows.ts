/** Gathers the outcomes of a chunk's rows, run by run. */

import type { ChunkResult } from '../src/contract/messages/chunkResult.ts';
import { MESSAGE_VERSION } from '../src/contract/messages/decoder.ts';
import type { QueuedChunkJob } from '../src/contract/messages/job.ts';
import { type RowError, type TaskError, TaskErrorCode } from '../src/contract/task.ts';
import type { Value, Values } from '../src/contract/values.ts';
import type { Manifest } from '../src/models/manifest.ts';
import type { DecodedColumns } from './runtimes/onnx/encoder.ts';

/** The longest message of a row's error: a thousand must fit into one message of the broker. */
const MESSAGE_CHARACTERS = 200;

export class ChunkRows {
  readonly #firstRow: number;
  readonly #columns: ReadonlyMap<string, (Value | null)[]>;
  readonly #errors: RowError[] = [];
  #done = 0;

  /** @param firstRow index of the chunk's first row in the row batch. */
  constructor({ outputs }: Manifest, firstRow: number, rowCount: number) {
    this.#firstRow = firstRow;
    this.#columns = new Map(outputs.map(({ name }) => [name, new Array<Value | null>(rowCount).fill(null)]));
  }

  get rowsDone(): number {
    return this.#done;
  }

  get rowsFailed(): number {
    return this.#errors.length;
  }

  /** @param rows the indexes (in the chunk) of the rows that were run, in the order of the answers. */
  addRun(rows: readonly number[], { columns, problems }: DecodedColumns): void {
    for (const [name, values] of columns) {
      const column = this.#columns.get(name) ?? [];
      for (const [i, row] of rows.entries()) if (!problems.has(i)) column[row] = values[i] ?? null;
    }
    for (const [i, message] of problems)
      this.#fail(rows[i] ?? 0, { code: TaskErrorCode.InvalidOutput, message });
    this.#done += rows.length;
  }

  addPrediction(row: number, prediction: Values): void {
    for (const [name, value] of Object.entries(prediction)) {
      const column = this.#columns.get(name);
      if (column !== undefined) column[row] = value;
    }
    this.#done++;
  }

  addError(row: number, error: TaskError): void {
    this.#fail(row, error);
    this.#done++;
  }

  /** The result of the chunk. Called once every row is done. */
  result({ taskId, chunk }: QueuedChunkJob, startedAt: number, finishedAt: number): ChunkResult {
    return {
      v: MESSAGE_VERSION,
      taskId,
      chunk,
      startedAt,
      finishedAt,
      rowsFailed: this.rowsFailed,
      columns: Object.fromEntries(this.#columns),
      errors: this.#errors.toSorted((a, b) => a.row - b.row),
    };
  }

  #fail(row: number, { code, message }: TaskError): void {
    this.#errors.push({ row: this.#firstRow + row, code, message: message.slice(0, MESSAGE_CHARACTERS) });
  }
}

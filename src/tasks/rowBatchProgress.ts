/**
 * How far a row batch is, from the notices of workers about its chunks. Notices come by the hundred: watchers are shown
 * four a second at most. Notices may be lost, and a chunk whose worker dies starts again: the numbers shown never go
 * back.
 */

import type { ChunkProgress } from '../contract/messages/notices.ts';
import type { RowBatchShape } from '../contract/rowBatchShape.ts';
import { hasChunk, rowsOfChunk } from '../contract/rowBatchShape.ts';
import type { RowBatch } from '../contract/task.ts';

const SHOW_EVERY_MS = 250;

export class RowBatchProgress {
  readonly #chunks = new Map<number, ChunkProgress>();
  #rowsDone = 0;
  #rowsFailed = 0;
  #isNew = false;
  /** On the clock of `performance.now()`. */
  #shownAt = Number.NEGATIVE_INFINITY;

  /**
   * Takes a notice in.
   *
   * @param batch as it was shown last.
   * @param runMs since the first of its chunks was started, in milliseconds.
   */
  add(batch: RowBatch, notice: ChunkProgress, runMs: number): RowBatch {
    const before = this.#chunks.get(notice.chunk);
    this.#chunks.set(notice.chunk, notice);
    this.#rowsDone += notice.rowsDone - (before?.rowsDone ?? 0);
    this.#rowsFailed += notice.rowsFailed - (before?.rowsFailed ?? 0);
    this.#isNew = true;
    const rowsDone = Math.max(batch.rowsDone, this.#rowsDone);
    const rowsFailed = Math.max(batch.rowsFailed, this.#rowsFailed);
    const secondsLeft = rowsDone === 0 ? undefined : ((batch.rowCount - rowsDone) * runMs) / rowsDone / 1_000;
    return { ...batch, rowsDone, rowsFailed, secondsLeft };
  }

  /** Whether there is something new to show, and time for it; it then counts as shown. */
  takeNews(now: number): boolean {
    if (!this.#isNew || now - this.#shownAt < SHOW_EVERY_MS) return false;
    this.#isNew = false;
    this.#shownAt = now;
    return true;
  }
}

/** Whether a notice fits a row batch: any client of the broker could have sent it. */
export function isProgressOf(shape: RowBatchShape, { chunk, rowsDone, rowsFailed }: ChunkProgress): boolean {
  if (!hasChunk(shape, chunk)) return false;
  const { from, to } = rowsOfChunk(shape, chunk);
  return rowsDone <= to - from && rowsFailed <= rowsDone;
}

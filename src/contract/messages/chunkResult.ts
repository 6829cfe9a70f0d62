/** The result of a chunk of a row batch. */
import { COUNT, INSTANT, NAME } from '../bounds.ts';
import { type RowBatchShape, rowsOfChunk } from '../rowBatchShape.ts';
import { listOf, object, type Passing, recordOf } from '../schema.ts';
import { ROW_ERROR, withShortMessage } from '../task.ts';
import { CELL } from '../values.ts';
import { decoderOf, MalformedMessage, problem, requireThat, VERSION } from './decoder.ts';

export const CHUNK_RESULT = object('the result of a chunk', {
  v: VERSION,
  taskId: NAME,
  chunk: COUNT,
  startedAt: INSTANT,
  finishedAt: INSTANT,
  rowsFailed: COUNT,
  /** A list of values per output, by GraphQL name; null where a row failed. */
  columns: recordOf('columns by name', listOf('a list of values', CELL), { minProperties: 1 }),
  /** In order of their rows. */
  errors: listOf('a list of errors', ROW_ERROR),
});
/** The predictions and errors of a chunk's rows. */
export type ChunkResult = Passing<typeof CHUNK_RESULT>;

const readChunkResult = decoderOf(CHUNK_RESULT);

/**
 * Decodes the result of a chunk. Throws as every decoder does, see `decoderOf`.
 *
 * @param shape of the batch: rows that are missing would move those of later chunks to other places.
 */
export function decodeChunkResult(
  data: Uint8Array,
  taskId: string,
  shape: RowBatchShape,
  chunk: number,
): ChunkResult {
  const result = readChunkResult(data);
  const { columns, errors, rowsFailed } = result;
  requireThat(result.taskId === taskId, 'taskId', JSON.stringify(taskId), result.taskId);
  requireThat(result.chunk === chunk, 'chunk', String(chunk), result.chunk);
  const { from, to } = rowsOfChunk(shape, chunk);
  for (const [name, column] of Object.entries(columns)) {
    const path = `columns.${name.slice(0, 40)}`;
    requireThat(column.length === to - from, path, `a list of ${to - from} values`, column);
  }
  const stray = errors.find(({ row }) => row < from || row >= to);
  if (stray !== undefined)
    throw new MalformedMessage(problem('errors', `of rows from ${from} to ${to - 1}`, stray));
  requireThat(rowsFailed === errors.length, 'rowsFailed', `${errors.length}, one for each error`, rowsFailed);
  return { ...result, errors: errors.map(withShortMessage) };
}

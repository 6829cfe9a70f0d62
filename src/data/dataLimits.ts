/**
 * What the files of a dataset may hold. A small file can unpack to any size, so each limit is checked before memory, disk
 * or hours are spent. Files that a user scores on a machine of their own have no such limits.
 */
import { readableBytes } from '../process/readableBytes.ts';
import { DataFault } from './dataFault.ts';
import { type FileColumn, namesOf } from './sql.ts';

const MIB = 1024 * 1024;
/** The report of a wider table takes minutes. */
export const MOST_COLUMNS = 1_000;
/** Of one row, as of a CSV. */
export const MOST_ROW_BYTES = 64 * MIB;
/** The description at the end of a Parquet file. Readers hold it in memory, several times its size. */
const MOST_FOOTER_BYTES = 64 * MIB;
/** Tables are packed to a tenth or a twentieth of their bytes, seldom to a hundredth. */
const UNPACKED_FACTOR = 100;
/** Allowed to every file, however small it is. */
const UNPACKED_LEAST = 256 * MIB;
/** Reading more takes longer than a check may. */
const UNPACKED_MOST = 256 * 1024 * MIB;

/** @returns the most bytes that a file may unpack to. */
export function mostUnpacked(fileBytes: number): number {
  return Math.min(UNPACKED_MOST, Math.max(UNPACKED_LEAST, UNPACKED_FACTOR * fileBytes));
}

export function unpacksTooFar(file: string, most: number): DataFault {
  return new DataFault(
    `${file} must unpack to at most ${readableBytes(most)} (${UNPACKED_FACTOR} times its bytes, and at least ${readableBytes(UNPACKED_LEAST)}), and has more: unpack it, or give fewer rows`,
  );
}

/** @throws {DataFault} */
export function checkColumnCount(file: string, columns: readonly FileColumn[]): void {
  if (columns.length <= MOST_COLUMNS) return;
  throw new DataFault(
    `${file} must have at most ${MOST_COLUMNS} columns, got ${columns.length}: leave out those that the model does not need (the first are ${namesOf(columns.slice(0, 3))})`,
  );
}

/** @throws {DataFault} */
export function checkFooter(file: string, bytes: number): void {
  if (bytes <= MOST_FOOTER_BYTES) return;
  throw new DataFault(
    `${file} must have a footer of at most ${readableBytes(MOST_FOOTER_BYTES)}, got ${readableBytes(bytes)}: write it with fewer columns or larger row groups`,
  );
}

/** Reads a CSV file, which may be compressed by gzip. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { messageOf } from '../contract/errors.ts';
import { CsvReader, type CsvRow } from './csvRows.ts';
import { DataFault } from './dataFault.ts';
import { unpacksTooFar } from './dataLimits.ts';
import { checkBeginning, HEAD_BYTES } from './fileFormat.ts';
import { decodeUtf8 } from './utf8.ts';

export interface CsvOptions {
  readonly file: string;
  readonly isGzip: boolean;
  /** One character. */
  readonly delimiter: string;
  /** Of a gzip, the most bytes that it may unpack to; undefined: any number. */
  readonly mostUnpacked?: number | undefined;
  readonly signal: AbortSignal;
}

/** Reads the names of the columns. @throws {DataFault} if there are no names, or no row below them. */
export async function readCsvNames(options: CsvOptions): Promise<readonly string[]> {
  const reader = new CsvReader(options.file, options.delimiter);
  for await (const text of textsOf(options)) {
    const rows = reader.push(text);
    if (reader.columnNames !== undefined && rows.length > 0) return reader.columnNames;
  }
  const rows = reader.end();
  if (reader.columnNames === undefined) throw new DataFault(`${options.file} is empty`);
  if (rows.length === 0) throw new DataFault(`${options.file} has no rows`);
  return reader.columnNames;
}

/** Reads the rows, in groups of any size. @throws {DataFault} if the file is no CSV. */
export async function* readCsvRows(options: CsvOptions): AsyncGenerator<readonly CsvRow[]> {
  const reader = new CsvReader(options.file, options.delimiter);
  for await (const text of textsOf(options)) yield reader.push(text);
  yield reader.end();
}

async function* textsOf(options: CsvOptions): AsyncGenerator<string> {
  const { file, isGzip, signal } = options;
  const source = createReadStream(file, { highWaterMark: 256 * 1024, signal });
  if (!isGzip) {
    yield* decodeUtf8(source, options);
    return;
  }
  const gunzip = createGunzip({ chunkSize: 256 * 1024 });
  // An error of either stream is thrown by `unpacked`.
  pipeline(source, gunzip, () => {});
  yield* decodeUtf8(unpacked(gunzip, options), options);
  const { size } = await stat(file);
  // Node ignores zero bytes after a gzip, and all that follows them, without an error.
  if (gunzip.bytesWritten < size)
    throw new DataFault(
      `${file} must be one gzip to its end, got ${size - gunzip.bytesWritten} other bytes there`,
    );
}

async function* unpacked(
  gunzip: AsyncIterable<Buffer>,
  { file, signal, mostUnpacked = Number.POSITIVE_INFINITY }: CsvOptions,
): AsyncGenerator<Buffer> {
  let isFirst = true;
  let bytes = 0;
  try {
    for await (const piece of gunzip) {
      if (isFirst) checkBeginning({ file, isGzip: true }, piece.toString('latin1', 0, HEAD_BYTES));
      isFirst = false;
      bytes += piece.length;
      if (bytes > mostUnpacked) throw unpacksTooFar(file, mostUnpacked);
      yield piece;
    }
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof DataFault) throw cause;
    throw new DataFault(`${file} is a gzip that is damaged or cut short: ${messageOf(cause)}`, { cause });
  }
}

/**
 * Finds damaged pages of a Parquet file. A file may have a checksum of each page, and a page compressed by gzip has a
 * checksum of its content. DuckDB checks neither, and returns wrong values for a damaged page.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { promisify } from 'node:util';
import { crc32, unzip, type ZlibOptions } from 'node:zlib';
import { readAt, readFooter } from './parquetFooter.ts';
import { ThriftReader } from './thrift.ts';

const unpack = promisify<Buffer, ZlibOptions, Buffer>(unzip);

/** The number of the codec in parquet.thrift. */
const GZIP = 2;
/** The most bytes that are read for the header of a page. Its statistics may be long. */
const HEADER_BYTES = 64 * 1024;

interface Chunk {
  codec: number;
  size: number;
  dataOffset: number;
  dictionaryOffset: number;
}

interface Page {
  size: number;
  unpackedSize: number;
  checksum: number | undefined;
  /** The bytes at the front that are not compressed. */
  levelBytes: number;
  isPacked: boolean;
}

/**
 * @returns the position of the first damaged page; undefined if none is found, or if the file is no Parquet. The reader
 *   of its rows refuses such a file.
 */
export async function damagedPage(file: string, signal: AbortSignal): Promise<number | undefined> {
  const opened = await open(file);
  try {
    for (const chunk of chunksOf((await readFooter(opened)).bytes)) {
      const damaged = await damagedPageOf(opened, chunk, signal);
      if (damaged !== undefined) return damaged;
    }
    return undefined;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  } finally {
    await opened.close();
  }
}

async function damagedPageOf(
  file: FileHandle,
  chunk: Chunk,
  signal: AbortSignal,
): Promise<number | undefined> {
  const { dataOffset, dictionaryOffset, codec, size } = chunk;
  const start = dictionaryOffset > 0 ? Math.min(dictionaryOffset, dataOffset) : dataOffset;
  // A damaged footer may tell of more bytes than there are.
  const end = Math.min(start + size, (await file.stat()).size);
  for (let at = start; at < end; ) {
    signal.throwIfAborted();
    const { page, headerBytes } = readHeader(await readAt(file, at, Math.min(HEADER_BYTES, end - at)));
    if (at + headerBytes + page.size > end) return at;
    const bytes = await readAt(file, at + headerBytes, page.size);
    if (!(await isIntact(page, bytes, codec))) return at;
    at += headerBytes + page.size;
  }
  return undefined;
}

async function isIntact(page: Page, bytes: Buffer, codec: number): Promise<boolean> {
  if (page.checksum !== undefined && crc32(bytes) !== page.checksum) return false;
  const packed = bytes.subarray(page.levelBytes);
  if (codec !== GZIP || !page.isPacked || packed.length === 0) return true;
  const length = page.unpackedSize - page.levelBytes;
  if (length < 0) return false;
  // A page without values is packed, too. The limit is at least 1.
  const content = await unpack(packed, { maxOutputLength: Math.max(1, length) }).catch(() => undefined);
  return content?.length === length;
}

function chunksOf(footer: Buffer): readonly Chunk[] {
  const chunks: Chunk[] = [];
  const reader = new ThriftReader(footer);
  const readChunk = () => {
    const chunk: Chunk = { codec: 0, size: 0, dataOffset: 0, dictionaryOffset: 0 };
    const set = (key: keyof Chunk) => () => {
      chunk[key] = reader.integer();
    };
    const metaData = { 4: set('codec'), 7: set('size'), 9: set('dataOffset'), 11: set('dictionaryOffset') };
    reader.struct({ 3: () => reader.struct(metaData) });
    chunks.push(chunk);
  };
  const readRowGroup = () => reader.struct({ 1: () => reader.list(readChunk) });
  reader.struct({ 4: () => reader.list(readRowGroup) });
  return chunks;
}

function readHeader(bytes: Buffer): { readonly page: Page; readonly headerBytes: number } {
  const page: Page = { size: 0, unpackedSize: 0, checksum: undefined, levelBytes: 0, isPacked: true };
  const reader = new ThriftReader(bytes);
  const set = (key: 'size' | 'unpackedSize') => () => {
    page[key] = reader.integer();
  };
  const addLevels = () => {
    page.levelBytes += reader.integer();
  };
  const setPacked = (isTrue: boolean) => {
    page.isPacked = isTrue;
  };
  reader.struct({
    2: set('unpackedSize'),
    3: set('size'),
    4: () => {
      page.checksum = reader.integer() >>> 0;
    },
    8: () => reader.struct({ 5: addLevels, 6: addLevels, 7: setPacked }),
  });
  return { page, headerBytes: reader.at };
}

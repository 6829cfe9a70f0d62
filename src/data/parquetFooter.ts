/** Reads and replaces the footer of a Parquet file. The footer describes the whole file, and stands at its end. */
import { type FileHandle, open } from 'node:fs/promises';

/** The bytes behind the footer: four for its length, and `PAR1`. */
const TAIL_BYTES = 8;

interface Footer {
  readonly bytes: Buffer;
  /** The position in the file. */
  readonly start: number;
}

/** @throws {RangeError} if the file has no footer. */
export async function readFooter(file: FileHandle): Promise<Footer> {
  const { size } = await file.stat();
  const tail = await readAt(file, size - TAIL_BYTES, TAIL_BYTES);
  const start = size - TAIL_BYTES - tail.readUInt32LE(0);
  return { bytes: await readAt(file, start, size - TAIL_BYTES - start), start };
}

/** @returns the bytes that a footer should have; 0 if the file is too short for one. */
export async function footerBytesOf(path: string): Promise<number> {
  await using file = await open(path);
  const { size } = await file.stat();
  return size < TAIL_BYTES ? 0 : (await readAt(file, size - TAIL_BYTES, 4)).readUInt32LE(0);
}

/** Replaces the footer by other bytes. */
export async function replaceFooter(file: FileHandle, { start }: Footer, bytes: Buffer): Promise<void> {
  const tail = Buffer.from('....PAR1');
  tail.writeUInt32LE(bytes.length, 0);
  await file.truncate(start);
  await file.write(Buffer.concat([bytes, tail]), 0, bytes.length + TAIL_BYTES, start);
  await file.sync();
}

export async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  if (position < 0 || length < 0) throw new RangeError(`there are no ${length} bytes at ${position}`);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
  if (bytesRead < length) throw new RangeError(`expected ${length} bytes at ${position}, got ${bytesRead}`);
  return buffer;
}

/**
 * Reads files from folders that others can write to, such as MODELS_DIR. A name there may lead to anything: a silent
 * pipe would block its reader for ever, and a device or a huge file would fill the memory.
 */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

const KIB = 1024;
const MIB = 1024 * KIB;
const READ_BYTES = 16 * MIB;

/** The largest `model.json` and `version.json`. The largest that Tidings has written has 60 KiB. */
export const RECORD_MAX_BYTES = MIB;
/** The largest `golden.json`: a thousand rows of the largest models. */
export const GOLDEN_MAX_BYTES = 64 * MIB;
/** The largest `model.onnx`. Protobuf, its format, allows no more. */
export const MODEL_MAX_BYTES = 2 ** 31 - 1;

/**
 * Reads a whole file.
 *
 * @throws {Error} if it is no regular file, or larger than `maxBytes`. Errors of the file system pass through.
 */
export async function readRegularFile(path: string, maxBytes: number): Promise<Buffer<ArrayBuffer>> {
  // Without O_NONBLOCK, opening a pipe would block one of the four threads that serve all files.
  await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const found = await file.stat();
  if (!found.isFile()) throw new Error(`it must be a regular file, got ${kindOf(found)}`);
  if (found.size > maxBytes)
    throw new Error(`it must be at most ${sizeText(maxBytes)}, got ${sizeText(found.size)}`);
  return await readWhole(file, found.size, maxBytes);
}

/** The file may shrink or grow meanwhile. Its present content is read, up to the limit. */
async function readWhole(
  file: FileHandle,
  expectedBytes: number,
  maxBytes: number,
): Promise<Buffer<ArrayBuffer>> {
  // One byte more, so that a file that has grown beyond the limit is noticed.
  let bytes = Buffer.allocUnsafeSlow(expectedBytes + 1);
  let filled = 0;
  for (;;) {
    const room = Math.min(bytes.length - filled, READ_BYTES);
    const { bytesRead } = await file.read(bytes, filled, room, null);
    if (bytesRead === 0) return bytes.subarray(0, filled);
    filled += bytesRead;
    if (filled > maxBytes) throw new Error(`it must be at most ${sizeText(maxBytes)}, and grew beyond`);
    if (filled === bytes.length) bytes = Buffer.concat([bytes], Math.min(2 * filled, maxBytes + 1));
  }
}

function kindOf(found: Awaited<ReturnType<FileHandle['stat']>>): string {
  if (found.isDirectory()) return 'a folder';
  if (found.isFIFO()) return 'a named pipe';
  if (found.isSocket()) return 'a socket';
  return 'a device';
}

function sizeText(bytes: number): string {
  if (bytes >= MIB) return `${Math.ceil(bytes / MIB)} MiB`;
  return bytes >= KIB ? `${Math.ceil(bytes / KIB)} KiB` : `${bytes} bytes`;
}

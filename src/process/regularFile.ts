/**
 * Files from folders that others write to, such as MODELS_DIR. A name there may lead to anything: a pipe that nobody
 * writes to would hold its reader for good, and a device or a file of any size would fill its memory.
 */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

const KIB = 1024;
const MIB = 1024 * KIB;
const READ_BYTES = 16 * MIB;

/** What `model.json` and `version.json` may be; the largest that Tidings has written is 60 KiB. */
export const RECORD_MAX_BYTES = MIB;
/** What `golden.json` may be: a thousand rows of the largest models. */
export const GOLDEN_MAX_BYTES = 64 * MIB;
/** What `model.onnx` may be: protobuf, its format, ends there. */
export const MODEL_MAX_BYTES = 2 ** 31 - 1;

/**
 * Reads the whole of a file, however much of it there is by then.
 *
 * @throws {Error} if it is no regular file, or larger than `maxBytes`. File system errors
 *   as they come.
 */
export async function readRegularFile(path: string, maxBytes: number): Promise<Buffer<ArrayBuffer>> {
  // Without O_NONBLOCK a pipe would be waited for, in one of the four threads that serve all files.
  await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const found = await file.stat();
  if (!found.isFile()) throw new Error(`it must be a regular file, got ${kindOf(found)}`);
  if (found.size > maxBytes)
    throw new Error(`it must be at most ${sizeText(maxBytes)}, got ${sizeText(found.size)}`);
  return await readWhole(file, found.size, maxBytes);
}

/** It may shrink or grow meanwhile: what is read is what is there, up to the limit. */
async function readWhole(
  file: FileHandle,
  expectedBytes: number,
  maxBytes: number,
): Promise<Buffer<ArrayBuffer>> {
  // One byte more: the read that finds the end takes none.
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

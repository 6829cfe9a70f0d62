/**
 * Reads files from folders that others can write to, such as MODELS_DIR. A name there may lead to anything: a silent
 * pipe would block its reader for ever, and a device or a huge file would fill the memory.
 */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

const KIB = 1024;
const MIB = 1024 * KIB;
const READ_BYTES = 16 * MIB;
/** Their digest takes 0.5 ms, in which nothing else is done. */
const DIGESTED_BYTES = MIB;

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
  await using file = await openFile(path);
  const found = await regular(file);
  if (found.size > maxBytes)
    throw new Error(`it must be at most ${sizeText(maxBytes)}, got ${sizeText(found.size)}`);
  return await readWhole(file, found.size, maxBytes);
}

/**
 * The digest of a file of any size, which is read in pieces.
 *
 * @throws {Error} if it is no regular file. Errors of the file system pass through.
 */
export async function digestRegularFile(
  path: string,
): Promise<{ readonly sha256: string; readonly bytes: number }> {
  await using file = await openFile(path);
  await regular(file);
  const hash = createHash('sha256');
  const piece = Buffer.allocUnsafeSlow(DIGESTED_BYTES);
  for (let bytes = 0; ; ) {
    const { bytesRead } = await file.read(piece, 0, piece.length, null);
    if (bytesRead === 0) return { sha256: hash.digest('hex'), bytes };
    hash.update(piece.subarray(0, bytesRead));
    bytes += bytesRead;
  }
}

/** Without O_NONBLOCK, opening a pipe would block one of the four threads that serve all files. */
function openFile(path: string): Promise<FileHandle> {
  return open(path, constants.O_RDONLY | constants.O_NONBLOCK);
}

async function regular(file: FileHandle) {
  const found = await file.stat();
  if (!found.isFile()) throw new Error(`it must be a regular file, got ${kindOf(found)}`);
  return found;
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

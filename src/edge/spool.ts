/**
 * Holds large bodies on the disk while they arrive: only then their digest is known, and a slow client holds up nothing else.
 * The files have no name, so nothing is left of a process that is killed.
 */
import { createHash, randomUUID } from 'node:crypto';
import { close, openSync, read, unlinkSync, write } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gatewayBusy, RETRY_LATER_MS, RequestErrorCode, refusedForNow } from '../contract/errors.ts';
import { ANONYMOUS, type Owner } from '../contract/owner.ts';

export interface SpoolOptions {
  /** Undefined: the folder of the system for temporary files. */
  readonly dir: string | undefined;
  /** The bytes that all files together may have. An owner may have half of that. */
  readonly limit: number;
}

const [writeTo, readFrom, closeFile] = [promisify(write), promisify(read), promisify(close)];
const PRIVATE_FOLDER = 0o700;
const PRIVATE_FILE = 0o600;

export class Spool {
  readonly #dir: string;
  readonly #limit: number;
  readonly #taken = new Map<Owner, number>();
  #takenByAll = 0;

  constructor({ dir = tmpdir(), limit }: SpoolOptions) {
    this.#dir = dir;
    this.#limit = limit;
  }

  /** An empty file for bytes of the owner. */
  async open(owner: Owner): Promise<SpooledFile> {
    await mkdir(this.#dir, { recursive: true, mode: PRIVATE_FOLDER });
    return new SpooledFile(openNameless(this.#dir), (bytes) => this.#take(owner, bytes));
  }

  /** @param bytes negative when they are given back. @throws {RequestError} `GATEWAY_BUSY`. */
  #take(owner: Owner, bytes: number): void {
    const taken = (this.#taken.get(owner) ?? 0) + bytes;
    const limit = owner === ANONYMOUS ? this.#limit : this.#limit / 2;
    if (bytes > 0 && (taken > limit || this.#takenByAll + bytes > this.#limit))
      throw gatewayBusy(
        `This gateway receives ${this.#takenByAll} bytes already, and may receive ${this.#limit} at a time, half of them of one owner.`,
        this.#limit,
      );
    this.#takenByAll += bytes;
    if (taken > 0) this.#taken.set(owner, taken);
    else this.#taken.delete(owner);
  }
}

/** Both calls are synchronous, so that a kill hardly ever comes between them. */
function openNameless(dir: string): number {
  const path = join(dir, `tidings-blob-${randomUUID()}`);
  const file = openSync(path, 'wx+', PRIVATE_FILE);
  unlinkSync(path);
  return file;
}

export class SpooledFile implements AsyncDisposable {
  readonly #file: number;
  readonly #take: (bytes: number) => void;
  readonly #hash = createHash('sha256');
  #bytes = 0;

  /** @param file a file descriptor. */
  constructor(file: number, take: (bytes: number) => void) {
    this.#file = file;
    this.#take = take;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** @throws {RequestError} `GATEWAY_BUSY`; `BLOB_STORE_FULL` if the disk is full. */
  async append(bytes: Uint8Array): Promise<void> {
    this.#take(bytes.length);
    this.#bytes += bytes.length;
    this.#hash.update(bytes);
    try {
      for (let at = 0; at < bytes.length; ) at += (await writeTo(this.#file, bytes, at)).bytesWritten;
    } catch (error) {
      throw isFull(error) ? diskFull(error) : error;
    }
  }

  /** Hex SHA-256 of all bytes. Called once, after the last of them. */
  digest(): string {
    return this.#hash.digest('hex');
  }

  /** @param to not included. */
  async read(from: number, to: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(to - from);
    for (let at = 0; at < bytes.length; ) {
      const { bytesRead } = await readFrom(this.#file, bytes, at, bytes.length - at, from + at);
      if (bytesRead === 0) throw new Error('a spooled file ends before its last byte');
      at += bytesRead;
    }
    return bytes;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#take(-this.#bytes);
    this.#bytes = 0;
    await closeFile(this.#file);
  }
}

function isFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
}

function diskFull(cause: unknown): Error {
  const message =
    'The disk on which this gateway receives large bodies (BLOB_SPOOL_DIR) is full. Try again later.';
  return refusedForNow(RequestErrorCode.BlobStoreFull, message, { retryAfterMs: RETRY_LATER_MS, cause });
}

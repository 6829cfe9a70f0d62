/**
 * Frames, in which a worker and the process of a version that is code speak to each other: the lengths of a header and
 * a body, a header in JSON, and a body of bytes. docs/runtimes.md explains them for people who write such a process.
 */
import type { Writable } from 'node:stream';
import { messageOf } from '../../../src/contract/errors.ts';
import { isObject } from '../../../src/process/jsonFile.ts';

export interface Frame {
  readonly header: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
}

/** What came is no frame, or a larger one than allowed. What follows cannot be read either. */
export class FrameFault extends Error {}

export interface FrameReaderOptions {
  /** The largest body, for the next frame. */
  readonly maxBodyBytes: () => number;
  readonly onFrame: (frame: Frame) => void;
}

const LENGTH_BYTES = 4;
const PREFIX_BYTES = 2 * LENGTH_BYTES;
/** A header names columns: the longest that a manifest allows is a tenth of this. */
const HEADER_MAX_BYTES = 1024 * 1024;

/** @param parts of the body, in order. */
export function writeFrame(to: Writable, header: object, parts: readonly Uint8Array[] = []): void {
  const text = Buffer.from(JSON.stringify(header));
  const head = Buffer.allocUnsafe(PREFIX_BYTES + text.length);
  head.writeUInt32LE(text.length, 0);
  head.writeUInt32LE(
    parts.reduce((sum, { length }) => sum + length, 0),
    LENGTH_BYTES,
  );
  text.copy(head, PREFIX_BYTES);
  to.cork();
  to.write(head);
  for (const part of parts) if (part.length > 0) to.write(part);
  to.uncork();
}

/** Puts frames together from pieces of any length. No memory is taken for a frame that is too large. */
export class FrameReader {
  readonly #options: FrameReaderOptions;
  readonly #lengths = Buffer.alloc(PREFIX_BYTES);
  /** Header and body of the present frame; undefined while its lengths are read. */
  #content: Buffer | undefined;
  /** How much there is of the lengths, or of the content. */
  #filled = 0;

  constructor(options: FrameReaderOptions) {
    this.#options = options;
  }

  /** @throws {FrameFault} */
  push(chunk: Buffer): void {
    for (let at = 0; at < chunk.length; ) {
      const target = this.#content ?? this.#lengths;
      const copied = chunk.copy(target, this.#filled, at);
      at += copied;
      this.#filled += copied;
      if (this.#filled < target.length) return;
      this.#filled = 0;
      if (this.#content === undefined) this.#content = this.#begin();
      else this.#finish(this.#content);
    }
  }

  #begin(): Buffer {
    const [headerBytes, bodyBytes] = this.#lengthsRead;
    if (headerBytes < 2 || headerBytes > HEADER_MAX_BYTES)
      throw new FrameFault(`a header must have 2 to ${HEADER_MAX_BYTES} bytes, got ${headerBytes}`);
    const most = this.#options.maxBodyBytes();
    if (bodyBytes > most) throw new FrameFault(`a body may have ${most} bytes here, got ${bodyBytes}`);
    return Buffer.allocUnsafeSlow(headerBytes + bodyBytes);
  }

  #finish(content: Buffer): void {
    const [headerBytes] = this.#lengthsRead;
    this.#content = undefined;
    this.#options.onFrame({
      header: headerIn(content.subarray(0, headerBytes)),
      body: content.subarray(headerBytes),
    });
  }

  get #lengthsRead(): readonly [headerBytes: number, bodyBytes: number] {
    return [this.#lengths.readUInt32LE(0), this.#lengths.readUInt32LE(LENGTH_BYTES)];
  }
}

function headerIn(bytes: Buffer): Frame['header'] {
  let header: unknown;
  try {
    header = JSON.parse(bytes.toString());
  } catch (error) {
    throw new FrameFault(`a header must be JSON (${messageOf(error)})`);
  }
  if (isObject(header)) return header;
  throw new FrameFault('a header must be a JSON object');
}

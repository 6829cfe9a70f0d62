/**
 * Counts the bytes of an incomplete message on a WebSocket: `ws` keeps them, up to the largest message, as long as the
 * client likes. It follows the frames of RFC 6455, section 5.2.
 */
import { CHUNK_BYTES } from './byteBudget.ts';

const FIN = 0x80;
const CONTROL = 0x08;
const MASKED = 0x80;
const LONGEST_HEADER = 14;

export class FrameMeter {
  readonly #header = Buffer.alloc(LONGEST_HEADER);
  #headerBytes = 0;
  /** The missing bytes of the present frame's payload. */
  #missing = 0;
  #held = 0;

  /** @returns the bytes held after the chunk; 0 between messages. */
  hear(chunk: Buffer): number {
    let at = 0;
    while (at < chunk.length) {
      if (this.#missing > 0) {
        const came = Math.min(this.#missing, chunk.length - at);
        at += came;
        this.#missing -= came;
        if (!this.#isControl()) this.#held += came;
      } else {
        this.#header[this.#headerBytes++] = chunk[at++] ?? 0;
        if (this.#headerBytes < this.#headerLength()) continue;
        this.#missing = this.#payloadLength();
      }
      if (this.#missing === 0) this.#endFrame();
    }
    if (this.#held > 0) this.#held += CHUNK_BYTES;
    return this.#held;
  }

  #endFrame(): void {
    const [first = 0] = this.#header;
    this.#headerBytes = 0;
    if (this.#isControl()) return;
    // `ws` keeps a Buffer for each fragment, however many of them came in one chunk.
    this.#held = (first & FIN) === 0 ? this.#held + CHUNK_BYTES : 0;
  }

  /** A ping, pong or close is short, has one frame, and may come between the frames of a message. */
  #isControl(): boolean {
    return ((this.#header[0] ?? 0) & CONTROL) !== 0;
  }

  /** The length of the header, as far as it is known. */
  #headerLength(): number {
    if (this.#headerBytes < 2) return 2;
    const second = this.#header[1] ?? 0;
    return 2 + this.#lengthBytes() + ((second & MASKED) === 0 ? 0 : 4);
  }

  #lengthBytes(): number {
    const short = (this.#header[1] ?? 0) & ~MASKED;
    return short === 127 ? 8 : short === 126 ? 2 : 0;
  }

  #payloadLength(): number {
    switch (this.#lengthBytes()) {
      case 8:
        return Number(this.#header.readBigUInt64BE(2));
      case 2:
        return this.#header.readUInt16BE(2);
      default:
        return (this.#header[1] ?? 0) & ~MASKED;
    }
  }
}

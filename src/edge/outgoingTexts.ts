/**
 * Sends the text messages of one WebSocket. All messages of one turn of the event loop leave in one write, as the frames
 * of RFC 6455, section 5.2. `ws` would write the head and the text of each frame on its own: a sixth of the edge's time
 * for a task.
 */
import type { Duplex } from 'node:stream';

const TEXT_FRAME = 0x81;
const SHORT_BYTES = 125;
const LENGTH_IN_2_BYTES = 126;
const LENGTH_IN_8_BYTES = 127;

export class OutgoingTexts {
  readonly #connection: Duplex;
  /** The frames of this turn. Each character is a byte: Node writes such a text without a copy of it. */
  #frames = '';
  #left: (() => void)[] = [];

  constructor(connection: Duplex) {
    this.#connection = connection;
  }

  /** The bytes that have not been passed to the kernel. */
  get waitingBytes(): number {
    return this.#frames.length + this.#connection.writableLength;
  }

  add(text: string): void {
    if (this.#frames === '') setImmediate(() => this.flush());
    this.#frames += frameOf(text);
  }

  /** @returns once all that was added has left, or the connection has closed. */
  left(): Promise<void> {
    return new Promise((resolve) => this.#left.push(resolve));
  }

  /** Writes at once. A close frame must follow the texts. */
  flush(): void {
    const frames = this.#frames;
    const left = this.#left;
    if (frames === '') return;
    this.#frames = '';
    this.#left = [];
    const tell = () => {
      for (const resolve of left) resolve();
    };
    if (this.#connection.writable) this.#connection.write(frames, 'latin1', tell);
    else tell();
  }
}

function frameOf(text: string): string {
  const bytes = Buffer.byteLength(text);
  const payload = bytes === text.length ? text : Buffer.from(text).toString('latin1');
  return headOf(bytes) + payload;
}

function headOf(bytes: number): string {
  if (bytes <= SHORT_BYTES) return String.fromCharCode(TEXT_FRAME, bytes);
  if (bytes <= 0xffff) return String.fromCharCode(TEXT_FRAME, LENGTH_IN_2_BYTES, bytes >> 8, bytes & 0xff);
  const length = Buffer.alloc(8);
  length.writeBigUInt64BE(BigInt(bytes));
  return String.fromCharCode(TEXT_FRAME, LENGTH_IN_8_BYTES, ...length);
}

/**
 * What the process of a version prints, as lines of the worker's log. A version that prints without end is slowed down,
 * and most of what it prints is left out: it fills neither the log nor the memory.
 *
 *  writing      lines go into the log.
 *  leaving out  this second has had its lines. What comes is read and forgotten.
 *  paused       this second has had its bytes. Nothing is read: the process waits when it prints more.
 */
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import type { Logger } from '../../../src/process/log.ts';

const SECOND_MS = 1_000;
const LINES_A_SECOND = 50;
/** Reading 64 MiB takes the worker some 30 ms. */
const BYTES_A_SECOND = 64 * 1024 * 1024;
const LINE_MAX_CHARACTERS = 1_000;

export class ChildLines {
  readonly #stream: Readable;
  readonly #log: Logger;
  readonly #decoder = new StringDecoder();
  /** The line that is not over yet. */
  #line = '';
  #lastLine = '';
  #linesLeft = LINES_A_SECOND;
  #bytesLeft = BYTES_A_SECOND;
  #bytesLeftOut = 0;
  /** While there is something to count. */
  #second: NodeJS.Timeout | undefined;

  constructor(stream: Readable, log: Logger) {
    this.#stream = stream;
    this.#log = log;
    stream.on('data', (chunk: Buffer) => this.#take(chunk));
    stream.on('end', () => this.#write(this.#line));
    stream.on('error', () => {});
  }

  /** The last line that is not empty, of those that were written. */
  get lastLine(): string {
    return this.#lastLine;
  }

  #take(chunk: Buffer): void {
    this.#second ??= setTimeout(() => this.#nextSecond(), SECOND_MS).unref();
    this.#bytesLeft -= chunk.length;
    if (this.#bytesLeft <= 0) this.#stream.pause();
    if (this.#linesLeft === 0) {
      this.#line = '';
      this.#bytesLeftOut += chunk.length;
      return;
    }
    const lines = `${this.#line}${this.#decoder.write(chunk)}`.split('\n', LINES_A_SECOND + 1);
    // The end of a chunk with more lines than that is left out, and so is the end of a line that is too long.
    this.#line = (lines.pop() ?? '').slice(0, LINE_MAX_CHARACTERS);
    for (const line of lines) this.#write(line);
  }

  #write(line: string): void {
    if (line.trim() === '' || this.#linesLeft === 0) return;
    this.#linesLeft--;
    this.#lastLine = line.slice(0, LINE_MAX_CHARACTERS);
    this.#log.info({ line: this.#lastLine }, 'a version printed');
  }

  #nextSecond(): void {
    this.#second = undefined;
    if (this.#bytesLeftOut > 0)
      this.#log.warn({ bytes: this.#bytesLeftOut }, 'much of what a version printed is left out');
    this.#bytesLeftOut = 0;
    this.#linesLeft = LINES_A_SECOND;
    this.#bytesLeft = BYTES_A_SECOND;
    if (this.#stream.isPaused()) this.#stream.resume();
  }
}

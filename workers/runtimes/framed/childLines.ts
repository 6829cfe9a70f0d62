/**
 * What a process prints, as lines. A process that prints without end is slowed down, and most of what it prints is left
 * out: it fills neither the log nor the memory.
 *
 *  writing      lines are told.
 *  leaving out  this second has had its lines. What comes is read, counted and forgotten.
 *  paused       this second has had its bytes. Nothing is read: the process waits when it prints more.
 */
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

export interface ChildLinesOptions {
  readonly stream: Readable;
  readonly linesASecond: number;
  /** Not called with lines of white space. */
  readonly onLine: (line: string) => void;
  /** Called with the number of lines that were left out, once a second at most. */
  readonly onLeftOut: (lines: number) => void;
}

const SECOND_MS = 1_000;
/** Reading 64 MiB takes some 30 ms. */
const BYTES_A_SECOND = 64 * 1024 * 1024;
const LINE_MAX_CHARACTERS = 1_000;
const LINE_FEED = 10;

export class ChildLines {
  readonly #options: ChildLinesOptions;
  readonly #decoder = new StringDecoder();
  /** The line that is not over yet. */
  #line = '';
  #lastLine = '';
  #linesLeft: number;
  #bytesLeft = BYTES_A_SECOND;
  #leftOut = 0;
  /** While there is something to count. */
  #second: NodeJS.Timeout | undefined;

  constructor(options: ChildLinesOptions) {
    this.#options = options;
    this.#linesLeft = options.linesASecond;
    options.stream.on('data', (chunk: Buffer) => this.#take(chunk));
    options.stream.on('end', () => {
      this.#write(this.#line);
      this.#tellLeftOut();
    });
    options.stream.on('error', () => {});
  }

  /** The last line that is not empty, of those that were told. */
  get lastLine(): string {
    return this.#lastLine;
  }

  #take(chunk: Buffer): void {
    this.#second ??= setTimeout(() => this.#nextSecond(), SECOND_MS).unref();
    this.#bytesLeft -= chunk.length;
    if (this.#bytesLeft <= 0) this.#options.stream.pause();
    if (this.#linesLeft === 0) {
      this.#line = '';
      this.#leftOut += linesIn(chunk);
      return;
    }
    const lines = `${this.#line}${this.#decoder.write(chunk)}`.split('\n');
    // The end of a line that is too long is left out.
    this.#line = (lines.pop() ?? '').slice(0, LINE_MAX_CHARACTERS);
    for (const line of lines) this.#write(line);
  }

  #write(line: string): void {
    if (line.trim() === '') return;
    if (this.#linesLeft === 0) {
      this.#leftOut++;
      return;
    }
    this.#linesLeft--;
    this.#lastLine = line.slice(0, LINE_MAX_CHARACTERS);
    this.#options.onLine(this.#lastLine);
  }

  #nextSecond(): void {
    this.#second = undefined;
    this.#tellLeftOut();
    this.#linesLeft = this.#options.linesASecond;
    this.#bytesLeft = BYTES_A_SECOND;
    if (this.#options.stream.isPaused()) this.#options.stream.resume();
  }

  #tellLeftOut(): void {
    if (this.#leftOut > 0) this.#options.onLeftOut(this.#leftOut);
    this.#leftOut = 0;
  }
}

function linesIn(chunk: Buffer): number {
  let count = 0;
  for (let i = 0; i < chunk.length; i++) if (chunk[i] === LINE_FEED) count++;
  return count;
}

/** Shows the progress of a command: on a terminal in one line that changes, elsewhere (as in a log) in a line every 10 s. */
import { readableBytes } from '../process/readableBytes.ts';

const BAR_WIDTH = 30;
const DRAW_EVERY_MS = 100;
const LINE_EVERY_MS = 10_000;

export interface Terminal {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

interface ProgressOptions {
  readonly name: string;
  readonly total: number;
  readonly unit: 'rows' | 'bytes';
  readonly terminal: Terminal;
}

export class Progress {
  readonly #options: ProgressOptions;
  /** Undefined on a terminal. A timer writes lines also while no part is saved. */
  readonly #lines: NodeJS.Timeout | undefined;
  readonly #startedAt = performance.now();
  #done = 0;
  #doneBefore = 0;
  #drawnAt = Number.NEGATIVE_INFINITY;

  constructor(options: ProgressOptions) {
    this.#options = options;
    if (!options.terminal.isTTY) this.#lines = setInterval(() => this.#writeLine(), LINE_EVERY_MS);
  }

  add(count: number): void {
    this.#done += count;
    if (performance.now() - this.#drawnAt >= DRAW_EVERY_MS) this.#draw();
  }

  /** Counts rows of an earlier run, but not for the speed. @param next the first row to score, counted from 0. */
  savedBefore(rows: number, next: number): void {
    this.#done += rows;
    this.#doneBefore += rows;
    const { total, terminal } = this.#options;
    const place = next < total ? `going on from row ${next + 1}` : 'nothing is left to score';
    terminal.write(`${place}: ${rows} of ${total} rows were scored before\n`);
  }

  end(): void {
    clearInterval(this.#lines);
    this.#draw();
    const { terminal } = this.#options;
    if (terminal.isTTY) terminal.write('\n');
  }

  /** The speed and the time, to be read after a comma. */
  summary(): string {
    return `${this.#measured(Math.round(this.#perSecond()))}/s (${this.#seconds().toFixed(1)} s)`;
  }

  #draw(): void {
    this.#drawnAt = performance.now();
    const { name, total, terminal } = this.#options;
    if (!terminal.isTTY) return;
    const share = total === 0 ? 1 : this.#done / total;
    const filled = Math.round(share * BAR_WIDTH);
    const bar = '█'.repeat(filled) + '░'.repeat(BAR_WIDTH - filled);
    terminal.write(
      `\r${name} ${bar} ${Math.floor(share * 100)} %  ${this.#ofAll()}  ${this.#timeLeft()}\u001b[K`,
    );
  }

  #writeLine(): void {
    const { name, terminal } = this.#options;
    const rate = this.#measured(Math.round(this.#perSecond()));
    terminal.write(`${name}: ${this.#ofAll()}, ${rate}/s${this.#timeLeft().replace(/^./, ', $&')}\n`);
  }

  /** Empty until the speed is known. */
  #timeLeft(): string {
    const seconds = Math.ceil((this.#options.total - this.#done) / this.#perSecond());
    if (!Number.isFinite(seconds)) return '';
    if (seconds < 60) return `${seconds} s left`;
    const minutes = Math.ceil(seconds / 60);
    return minutes < 60 ? `${minutes} min left` : `${Math.floor(minutes / 60)} h ${minutes % 60} min left`;
  }

  #ofAll(): string {
    const { total, unit } = this.#options;
    return `${unit === 'rows' ? this.#done : readableBytes(this.#done)} of ${this.#measured(total)}`;
  }

  #measured(count: number): string {
    return this.#options.unit === 'rows' ? `${count} rows` : readableBytes(count);
  }

  #perSecond(): number {
    return (this.#done - this.#doneBefore) / this.#seconds();
  }

  #seconds(): number {
    return (performance.now() - this.#startedAt) / 1_000;
  }
}

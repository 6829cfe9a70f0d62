/** How far a score is: on one line of a terminal that changes; elsewhere, as in a log, in a line from time to time. */
const BAR_WIDTH = 30;
const DRAW_EVERY_MS = 100;
const TELL_EVERY_MS = 10_000;

interface ProgressOptions {
  readonly name: string;
  readonly rowCount: number;
  readonly terminal: { readonly isTTY?: boolean; write(text: string): unknown };
}

export class ScoreProgress {
  readonly #options: ProgressOptions;
  /** Not on a terminal. A line comes also while no part is saved. */
  readonly #lines: NodeJS.Timeout | undefined;
  readonly #startedAt = performance.now();
  #done = 0;
  #doneBefore = 0;
  #drawnAt = Number.NEGATIVE_INFINITY;

  constructor(options: ProgressOptions) {
    this.#options = options;
    if (!options.terminal.isTTY) this.#lines = setInterval(() => this.#tell(), TELL_EVERY_MS);
  }

  saved(rows: number): void {
    this.#done += rows;
    if (performance.now() - this.#drawnAt >= DRAW_EVERY_MS) this.#draw();
  }

  /** Rows that an earlier run has saved take no time. @param next the first that it has not, counted from 0. */
  savedBefore(rows: number, next: number): void {
    this.#done += rows;
    this.#doneBefore += rows;
    const { rowCount, terminal } = this.#options;
    const place = next < rowCount ? `going on from row ${next + 1}` : 'nothing is left to score';
    terminal.write(`${place}: ${rows} of ${rowCount} rows were scored before\n`);
  }

  end(): void {
    clearInterval(this.#lines);
    this.#draw();
    const { terminal } = this.#options;
    if (terminal.isTTY) terminal.write('\n');
  }

  /** To be read behind a comma. */
  summary(): string {
    return `${Math.round(this.#rowsPerSecond())} rows/s (${this.#seconds().toFixed(1)} s)`;
  }

  #draw(): void {
    this.#drawnAt = performance.now();
    const { name, rowCount, terminal } = this.#options;
    if (!terminal.isTTY) return;
    const share = rowCount === 0 ? 1 : this.#done / rowCount;
    const filled = Math.round(share * BAR_WIDTH);
    const bar = '█'.repeat(filled) + '░'.repeat(BAR_WIDTH - filled);
    terminal.write(
      `\r${name} ${bar} ${Math.floor(share * 100)} %  ${this.#done} of ${rowCount} rows  ${this.#timeLeft()}\u001b[K`,
    );
  }

  #tell(): void {
    const { name, rowCount, terminal } = this.#options;
    const rate = Math.round(this.#rowsPerSecond());
    terminal.write(
      `${name}: ${this.#done} of ${rowCount} rows, ${rate} rows/s${this.#timeLeft().replace(/^./, ', $&')}\n`,
    );
  }

  /** Empty until it can be told. */
  #timeLeft(): string {
    const seconds = Math.ceil((this.#options.rowCount - this.#done) / this.#rowsPerSecond());
    if (!Number.isFinite(seconds)) return '';
    if (seconds < 60) return `${seconds} s left`;
    const minutes = Math.ceil(seconds / 60);
    return minutes < 60 ? `${minutes} min left` : `${Math.floor(minutes / 60)} h ${minutes % 60} min left`;
  }

  #rowsPerSecond(): number {
    return (this.#done - this.#doneBefore) / this.#seconds();
  }

  #seconds(): number {
    return (performance.now() - this.#startedAt) / 1_000;
  }
}

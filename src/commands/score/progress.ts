/** How far a score is, on one line of a terminal; elsewhere, as in a log, it says nothing until the end. */
const BAR_WIDTH = 30;
const DRAW_EVERY_MS = 100;

export class ScoreProgress {
  readonly #name: string;
  readonly #rowCount: number;
  readonly #startedAt = performance.now();
  #done = 0;
  #doneBefore = 0;
  #drawnAt = Number.NEGATIVE_INFINITY;

  constructor(name: string, rowCount: number) {
    this.#name = name;
    this.#rowCount = rowCount;
  }

  saved(rows: number): void {
    this.#done += rows;
    if (performance.now() - this.#drawnAt >= DRAW_EVERY_MS) this.#draw();
  }

  /** Rows that an earlier run has saved take no time. */
  savedBefore(rows: number): void {
    this.#done += rows;
    this.#doneBefore += rows;
  }

  end(): void {
    this.#draw();
    if (process.stderr.isTTY) process.stderr.write('\n');
  }

  /** To be read behind a comma. */
  summary(): string {
    return `${Math.round(this.#rowsPerSecond())} rows/s (${this.#seconds().toFixed(1)} s)`;
  }

  #draw(): void {
    this.#drawnAt = performance.now();
    if (!process.stderr.isTTY) return;
    const share = this.#rowCount === 0 ? 1 : this.#done / this.#rowCount;
    const filled = Math.round(share * BAR_WIDTH);
    const left = (this.#rowCount - this.#done) / this.#rowsPerSecond();
    const bar = '█'.repeat(filled) + '░'.repeat(BAR_WIDTH - filled);
    const time = Number.isFinite(left) ? `${left.toFixed(1)} s left` : '';
    process.stderr.write(
      `\r${this.#name} ${bar} ${Math.floor(share * 100)} %  ${this.#done} of ${this.#rowCount} rows  ${time}\u001b[K`,
    );
  }

  #rowsPerSecond(): number {
    return (this.#done - this.#doneBefore) / this.#seconds();
  }

  #seconds(): number {
    return (performance.now() - this.#startedAt) / 1_000;
  }
}

/** Waits for lines of a process that logs JSON, by their messages. */
import { PATIENCE_MS, within } from './eventually.ts';

export interface LogLine {
  readonly msg: string;
  readonly pid: number;
  readonly address?: string;
  readonly url?: string;
}

const LINES_SHOWN = 20;

export class LogLines {
  readonly #lines: LogLine[] = [];
  #position = 0;
  #isOver = false;
  #changed = Promise.withResolvers<void>();

  add(text: string): void {
    this.#lines.push(JSON.parse(text));
    this.#wake();
  }

  /** Must be called when the process has ended and no line follows. */
  end(): void {
    this.#isOver = true;
    this.#wake();
  }

  /**
   * The first line with this message.
   *
   * @throws with the last lines if the process ends first, or the line takes too long.
   */
  find({ msg }: { readonly msg: string }, from = 0): Promise<LogLine> {
    const failure = () =>
      `no line ${JSON.stringify(msg)} came; the last ones are:\n${this.#lines
        .slice(-LINES_SHOWN)
        .map((line) => JSON.stringify(line))
        .join('\n')}`;
    return within(PATIENCE_MS, this.#find(msg, from, failure), failure);
  }

  /** The last line with this message, or the first one that comes. After it, `next` only finds new lines. */
  async newest(wanted: { readonly msg: string }): Promise<LogLine> {
    const line = this.#lines.findLast(({ msg }) => msg === wanted.msg) ?? (await this.find(wanted));
    this.#position = this.#lines.length;
    return line;
  }

  /** The first line with this message after the line that was found last. */
  next(wanted: { readonly msg: string }): Promise<LogLine> {
    return this.find(wanted, this.#position);
  }

  async #find(msg: string, from: number, failure: () => string): Promise<LogLine> {
    for (let i = from; ; i++) {
      while (i >= this.#lines.length) {
        if (this.#isOver) throw new Error(failure());
        await this.#changed.promise;
      }
      const line = this.#lines[i];
      if (line?.msg === msg) {
        this.#position = i + 1;
        return line;
      }
    }
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}

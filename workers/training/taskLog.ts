/**
 * The log of a task, as a step writes it: the lines of a second are one message, or a few if they are long. While the
 * broker does not answer, lines wait; beyond a limit they are left out, and the log says how many.
 */
import type { Broker } from '../../src/broker/broker.ts';
import { MESSAGE_VERSION } from '../../src/contract/messages/decoder.ts';
import type { LogLine, StepJob } from '../../src/contract/messages/work.ts';

export interface TaskLogOptions {
  readonly broker: Pick<Broker, 'workLog' | 'now'>;
  readonly job: Pick<StepJob, 'taskId' | 'step'>;
}

const GATHER_MS = 1_000;
const MOST_LINES = 2_000;
/** As JSON a line has at most 6,100 bytes (of control characters), so a message stays below the limit of a broker, 1 MiB. */
const MESSAGE_LINES = 150;
const LINE_MAX_CHARACTERS = 1_000;

export class TaskLog implements AsyncDisposable {
  readonly #options: TaskLogOptions;
  #lines: LogLine[] = [];
  #leftOut = 0;
  #isClosed = false;
  #timer: NodeJS.Timeout | undefined;
  #storing: Promise<void> = Promise.resolve();

  constructor(options: TaskLogOptions) {
    this.#options = options;
  }

  write(text: string): void {
    if (this.#lines.length >= MOST_LINES) {
      this.#leftOut++;
      return;
    }
    this.#lines.push({ at: this.#options.broker.now(), text: text.slice(0, LINE_MAX_CHARACTERS) });
    this.#timer ??= setTimeout(() => this.#store(), GATHER_MS);
  }

  /** Stores what was written so far, if the broker answers. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#store();
    await this.#storing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    await this.flush();
  }

  #store(): void {
    this.#timer = undefined;
    this.#storing = this.#storing.then(() => this.#storeLines());
  }

  async #storeLines(): Promise<void> {
    const { broker, job } = this.#options;
    while (this.#lines.length > 0) {
      const lines = this.#lines.slice(0, MESSAGE_LINES);
      const message = { v: MESSAGE_VERSION, step: job.step, lines };
      const outcome = await broker.workLog.append(job.taskId, message);
      if (outcome.type === 'unanswered') {
        // It may have been stored: a log rather has lines twice than not at all.
        if (!this.#isClosed) this.#timer ??= setTimeout(() => this.#store(), GATHER_MS);
        return;
      }
      this.#lines = this.#lines.slice(lines.length);
      if (this.#leftOut > 0 && this.#lines.length === 0) {
        const text = `… ${this.#leftOut} lines are left out, since the broker did not answer`;
        this.#leftOut = 0;
        this.#lines.push({ at: broker.now(), text });
      }
    }
  }
}

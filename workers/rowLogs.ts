/** What happens to the rows of a bundle in this worker. It is kept with their ends (`TASK_HISTORY`). */
import { shortText } from '../src/contract/task.ts';
import { MAX_TASK_LOG, type TaskLogEntry, TaskLogEvent } from '../src/contract/taskLog.ts';

export interface RowLogsOptions {
  readonly workerId: string;
  /** Milliseconds since the epoch, broker time. */
  readonly now: () => number;
  /** How often the bundle was delivered, this time included. */
  readonly deliveryCount: number;
}

export class RowLogs {
  readonly #options: RowLogsOptions;
  readonly #delivered: TaskLogEntry;
  /** By row: what happened to it alone. Most rows have nothing. */
  readonly #own = new Map<number, TaskLogEntry[]>();

  constructor(options: RowLogsOptions) {
    this.#options = options;
    this.#delivered = this.#entry(TaskLogEvent.Delivered, deliveryDetail(options.deliveryCount));
  }

  note(row: number, event: TaskLogEvent, detail: string): void {
    const entries = this.#own.get(row) ?? [];
    entries.push(this.#entry(event, detail));
    this.#own.set(row, entries);
  }

  /** Whether something happened to one of the rows alone. */
  differ(rows: readonly number[]): boolean {
    return this.#own.size > 0 && rows.some((row) => this.#own.has(row));
  }

  /** @param row of several rows that do not differ, any one. */
  of(row: number): readonly TaskLogEntry[] {
    const own = this.#own.get(row);
    return own === undefined ? [this.#delivered] : [this.#delivered, ...own.slice(1 - MAX_TASK_LOG)];
  }

  #entry(event: TaskLogEvent, detail: string): TaskLogEntry {
    const { now, workerId } = this.#options;
    return { at: now(), event, process: workerId, detail: shortText(detail) };
  }
}

function deliveryDetail(count: number): string {
  if (count === 1) return 'delivery 1';
  return `delivery ${count}: of ${count === 2 ? 'the one' : `the ${count - 1}`} before no end came`;
}

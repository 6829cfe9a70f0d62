/** The logs of trainings: pages of them, and their lines as they come. */
import type { Broker, Listening } from '../broker/broker.ts';
import { badValue, gatewayBusy, quoted, RequestError, shuttingDown } from '../contract/errors.ts';
import type { Readable } from '../contract/principal.ts';
import type { StepName } from '../contract/work.ts';
import { ReadWatch } from '../tasks/readWatch.ts';
import type { WorkReader } from './workReader.ts';

export interface TrainingLogsOptions {
  readonly broker: Pick<Broker, 'work' | 'workLog' | 'onConnectionChange'>;
  readonly reader: WorkReader;
}

/** A line of a log. */
export interface TrainingLine {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly step: StepName;
  readonly text: string;
}

export interface LogPage {
  /** Oldest first. */
  readonly lines: readonly TrainingLine[];
  /** Where the next page begins; undefined if nothing was read. */
  readonly endCursor: string | undefined;
  readonly hasNextPage: boolean;
}

/** The place behind a line: a message, and how many of its lines were read. */
interface Place {
  readonly sequence: number;
  readonly lines: number;
}

export const MAX_LOG_LINES = 1_000;
/** The most lines that one event has. */
const LINES_PER_EVENT = 200;
const CURSOR = /^[0-9]{1,15}-[0-9]{1,9}$/;
const BEGIN: Place = { sequence: 0, lines: 0 };
const MAX_WATCHES = 100;
/** Lines whose notice was lost are read after this time. */
const WAKE_INTERVAL_MS = 5_000;

export class TrainingLogs implements Disposable {
  readonly #options: TrainingLogsOptions;
  readonly #watches = new Set<ReadWatch<LogPage>>();
  readonly #listening: Listening;

  constructor(options: TrainingLogsOptions) {
    this.#options = options;
    this.#listening = options.broker.onConnectionChange((connected) => {
      if (connected) for (const watch of this.#watches) watch.wake();
    });
  }

  /**
   * A page of the log of a task that was found for its client.
   *
   * @throws {RequestError} `BAD_USER_INPUT`, `BROKER_UNAVAILABLE`.
   */
  async page(id: string, first: number, after: string | null | undefined): Promise<LogPage> {
    if (first < 1 || first > MAX_LOG_LINES)
      throw badValue('first', `from 1 to ${MAX_LOG_LINES}`, String(first));
    return this.#read(id, first, placeOf(after));
  }

  /**
   * The lines after a cursor, then those that come, until the training has ended.
   *
   * @throws {RequestError} as `page`, `TASK_NOT_FOUND`, `GATEWAY_BUSY`.
   */
  async watch(id: string, readable: Readable, after: string | null | undefined): Promise<ReadWatch<LogPage>> {
    const { broker, reader } = this.#options;
    let cursor = after;
    placeOf(cursor);
    await reader.find(id, readable);
    if (this.#watches.size >= MAX_WATCHES)
      throw gatewayBusy(`This gateway has ${MAX_WATCHES} subscriptions to logs open already.`, MAX_WATCHES);
    const listening = new DisposableStack();
    // The watch may have ended while it was opened.
    const own = (opened: Listening) => {
      if (listening.disposed) opened[Symbol.dispose]();
      else listening.use(opened);
    };
    const watch = new ReadWatch<LogPage>({
      read: async () => {
        try {
          // Before the lines: after the end of a task no more of them come.
          const hasEnded = (await broker.work.readEnd(reader.address(id))) !== undefined;
          const page = await this.#read(id, LINES_PER_EVENT, placeOf(cursor));
          if (page.lines.length === 0) {
            if (hasEnded) watch.end();
            return undefined;
          }
          cursor = page.endCursor;
          watch.wake();
          return page;
        } catch (error) {
          // While the broker is away there is nothing to show; the reconnect wakes it.
          if (error instanceof RequestError) return undefined;
          await watch.return();
          throw error;
        }
      },
      onClose: () => {
        listening[Symbol.dispose]();
        this.#watches.delete(watch);
      },
    });
    // Before the broker is asked: a watch that is being opened counts, and ends with the gateway.
    this.#watches.add(watch);
    const timer = setInterval(() => watch.wake(), WAKE_INTERVAL_MS).unref();
    listening.defer(() => clearInterval(timer));
    try {
      own(await broker.workLog.listen(id, () => watch.wake()));
      own(await broker.work.listenEnd(reader.address(id), () => watch.wake()));
      return watch;
    } catch (error) {
      await watch.return();
      throw error;
    }
  }

  /** Ends every watch with `SHUTTING_DOWN`. */
  [Symbol.dispose](): void {
    this.#listening[Symbol.dispose]();
    for (const watch of [...this.#watches]) watch.fail(shuttingDown());
  }

  async #read(id: string, count: number, after: Place): Promise<LogPage> {
    const { workLog } = this.#options.broker;
    const lines: TrainingLine[] = [];
    let end = after;
    for (let sequence = Math.max(1, after.sequence); ; ) {
      const message = await workLog.next(id, sequence);
      if (message === undefined) break;
      if (lines.length === count) return { lines, endCursor: cursorOf(end), hasNextPage: true };
      const { step, lines: all } = message.lines;
      const from = message.sequence === end.sequence ? end.lines : 0;
      const some = all.slice(from, from + count - lines.length);
      lines.push(...some.map(({ at, text }) => ({ at, step, text })));
      end = { sequence: message.sequence, lines: from + some.length };
      if (end.lines === all.length) sequence = message.sequence + 1;
    }
    return { lines, endCursor: end === BEGIN ? undefined : cursorOf(end), hasNextPage: false };
  }
}

function cursorOf({ sequence, lines }: Place): string {
  return `${sequence}-${lines}`;
}

/** @throws {RequestError} `BAD_USER_INPUT`. */
function placeOf(cursor: string | null | undefined): Place {
  if (cursor == null) return BEGIN;
  if (!CURSOR.test(cursor)) throw badValue('after', 'a cursor of an earlier page', quoted(cursor));
  const [sequence = 0, lines = 0] = cursor.split('-').map(Number);
  return { sequence, lines };
}

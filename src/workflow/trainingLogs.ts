/** The logs of trainings: pages of them, and their lines as they come. */
import type { Broker, Listening } from '../broker/broker.ts';
import { badValue, gatewayBusy, quoted, RequestError, shuttingDown } from '../contract/errors.ts';
import type { Owner } from '../contract/owner.ts';
import type { ReadingClient } from '../contract/principal.ts';
import type { StepName } from '../contract/work.ts';
import { isBeyondShare } from '../tasks/ownerShare.ts';
import { ReadWatch } from '../tasks/readWatch.ts';
import type { TaskWatches } from '../tasks/taskWatches.ts';
import { Turns } from '../tasks/turns.ts';
import type { WorkReader } from './workReader.ts';

export interface TrainingLogsOptions {
  readonly broker: Pick<Broker, 'work' | 'workLog' | 'onConnectionChange'>;
  readonly reader: WorkReader;
  /** The places of all watches of this gateway. */
  readonly places: Pick<TaskWatches, 'reserve'>;
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

export interface LogPageWish {
  /** The client's. */
  readonly owner: Owner;
  /** The most lines. */
  readonly first: number;
  /** The lines begin after this cursor. */
  readonly after: string | null | undefined;
}

interface AskedLines {
  readonly owner: Owner;
  readonly count: number;
  readonly after: Place;
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
/** The most watches at once: each reads the broker every few seconds. */
const MAX_WATCHES = 100;
/** Lines whose notice was lost are read after this time. */
const WAKE_INTERVAL_MS = 5_000;

export class TrainingLogs implements Disposable {
  readonly #options: TrainingLogsOptions;
  readonly #watches = new Map<ReadWatch<LogPage>, Owner>();
  readonly #listening: Listening;
  /** A page has up to a MiB of messages in hand. */
  readonly #turns = new Turns({ what: 'pages of logs', atOnce: 8, waiting: 500 });

  constructor(options: TrainingLogsOptions) {
    this.#options = options;
    this.#listening = options.broker.onConnectionChange((connected) => {
      if (connected) for (const watch of this.#watches.keys()) watch.wake();
    });
  }

  /**
   * A page of the log of a task that was found for its client.
   *
   * @throws {RequestError} `BAD_USER_INPUT`, `GATEWAY_BUSY`, `BROKER_UNAVAILABLE`.
   */
  async page(id: string, { owner, first, after }: LogPageWish): Promise<LogPage> {
    if (first < 1 || first > MAX_LOG_LINES)
      throw badValue('first', `from 1 to ${MAX_LOG_LINES}`, String(first));
    return this.#read(id, { owner, count: first, after: placeOf(after) });
  }

  /**
   * The lines after a cursor, then those that come, until the training has ended.
   *
   * @throws {RequestError} as `page`, `TASK_NOT_FOUND`, `OWNER_QUOTA`.
   */
  async watch(
    id: string,
    client: ReadingClient,
    after: string | null | undefined,
  ): Promise<ReadWatch<LogPage>> {
    const { broker, reader } = this.#options;
    const { owner } = client;
    let cursor = after;
    placeOf(cursor);
    await reader.find(id, client.readable);
    const place = this.#takePlace(client);
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
          const page = await this.#read(id, { owner, count: LINES_PER_EVENT, after: placeOf(cursor) });
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
        place[Symbol.dispose]();
      },
    });
    // Before the broker is asked: a watch that is being opened counts, and ends with the gateway.
    this.#watches.set(watch, owner);
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
    for (const watch of [...this.#watches.keys()]) watch.fail(shuttingDown());
  }

  /** @throws {RequestError} `GATEWAY_BUSY`, `OWNER_QUOTA`. */
  #takePlace(client: ReadingClient): Disposable {
    const { owner } = client;
    const ofOwner = [...this.#watches.values()].filter((other) => other === owner).length;
    const free = MAX_WATCHES - this.#watches.size;
    if (free < 1 || isBeyondShare(owner, ofOwner + 1, free))
      throw gatewayBusy(
        `This gateway has ${MAX_WATCHES} subscriptions to logs open, or the share of their owner, already.`,
        MAX_WATCHES,
      );
    return this.#options.places.reserve(client);
  }

  #read(id: string, asked: AskedLines): Promise<LogPage> {
    return this.#turns.take(asked.owner, 1, () => this.#readNow(id, asked));
  }

  async #readNow(id: string, { count, after }: AskedLines): Promise<LogPage> {
    const { workLog } = this.#options.broker;
    const lines: TrainingLine[] = [];
    let end = after;
    for await (const { sequence, lines: message } of workLog.from(id, Math.max(1, after.sequence))) {
      const from = sequence === end.sequence ? end.lines : 0;
      const rest = message.lines.slice(from);
      const some = rest.slice(0, count - lines.length);
      lines.push(...some.map(({ at, text }) => ({ at, step: message.step, text })));
      if (some.length > 0) end = { sequence, lines: from + some.length };
      if (some.length < rest.length) return { lines, endCursor: cursorOf(end), hasNextPage: true };
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

/**
 * Whether the store of results has room for the end of one more task. Its last tenth is kept for tasks that are
 * accepted already: a result that is refused costs nobody a task, but it has to wait until an old one expires.
 *
 * What counts is what the store held when the broker's clock was last read, and every end since then or still to come
 * that this gateway knows of. The tenth has to cover the rest: what other gateways accepted and have not brought to
 * its end. Where it is too small for that, workers hold what they have run, and try again until there is room.
 */
import type { Broker } from './broker/broker.ts';
import type { Config } from './config.ts';
import { RequestError, RequestErrorCode } from './errors.ts';
import type { OpenTasks } from './openTasks.ts';

export interface ResultRoomOptions {
  readonly broker: Pick<Broker, 'resultsHeld'>;
  readonly open: Pick<OpenTasks, 'size' | 'endedCount'>;
  readonly limits: Pick<Config, 'resultMaxCount' | 'resultMaxBytes'>;
}

/** Share of the store that new tasks may count on. */
const USABLE = 0.9;
/** Assumed while the store holds none. */
const RESULT_BYTES = 512;
const RETRY_AFTER_MS = 5_000;

export class ResultRoom {
  readonly #broker: ResultRoomOptions['broker'];
  readonly #open: ResultRoomOptions['open'];
  readonly #maxCount: number;
  readonly #maxBytes: number;
  #held: Broker['resultsHeld'] = { messages: 0, bytes: 0 };
  #endedBefore = 0;

  constructor({ broker, open, limits }: ResultRoomOptions) {
    this.#broker = broker;
    this.#open = open;
    this.#maxCount = Math.floor(USABLE * limits.resultMaxCount);
    this.#maxBytes = Math.floor(USABLE * limits.resultMaxBytes);
  }

  /** Whether a task that is accepted now could find the store full at its end. */
  get isFull(): boolean {
    if (this.#held !== this.#broker.resultsHeld) {
      this.#held = this.#broker.resultsHeld;
      this.#endedBefore = this.#open.endedCount;
    }
    const { messages, bytes } = this.#held;
    const further = this.#open.endedCount - this.#endedBefore + this.#open.size;
    const meanBytes = messages === 0 ? RESULT_BYTES : bytes / messages;
    return messages + further >= this.#maxCount || bytes + further * meanBytes >= this.#maxBytes;
  }

  /** @throws {RequestError} `RESULT_STORE_FULL`. */
  admit(): void {
    if (this.isFull) throw resultStoreFull();
  }
}

export function resultStoreFull(): RequestError {
  return new RequestError(
    RequestErrorCode.ResultStoreFull,
    'The store of results is nearly full: new tasks are accepted when old results have expired. Try again later.',
    { details: { retryAfterMs: RETRY_AFTER_MS } },
  );
}

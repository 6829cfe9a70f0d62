/**
 * Whether the store of results has room for the end of one more task. Its last tenth is kept for tasks that are
 * accepted already: a result that is refused is not lost, but it has to wait until an old one expires.
 *
 * Counted are the messages that the store held when it was last looked at, and every end since then or still to come
 * that this gateway knows of. Ends that share a message count as one once the store was looked at. The tenth has to cover
 * the unfinished tasks of other gateways. Where it is too small for that, workers hold their results, and try again
 * until there is room.
 */
import type { Broker } from '../broker/broker.ts';
import {
  messageOf,
  RETRY_LATER_MS,
  type RequestError,
  RequestErrorCode,
  refusedForNow,
} from '../contract/errors.ts';
import type { Config } from '../process/config.ts';
import type { Logger } from '../process/log.ts';
import type { OpenTasks } from './openTasks.ts';

export interface ResultAdmissionOptions {
  readonly broker: Pick<Broker, 'readEndsHeld' | 'onConnectionChange'>;
  readonly open: Pick<OpenTasks, 'size' | 'endedCount' | 'messagesPerEnd'>;
  readonly limits: Pick<Config, 'resultMaxCount' | 'resultMaxBytes'>;
  readonly log: Logger;
}

/** Share of the store that new tasks may count on. */
const USABLE = 0.9;
/** The assumed size of a message while the store holds none. */
const MESSAGE_BYTES = 512;
const LOOK_INTERVAL_MS = 10_000;

export class ResultAdmission implements Disposable {
  readonly #broker: ResultAdmissionOptions['broker'];
  readonly #open: ResultAdmissionOptions['open'];
  readonly #log: Logger;
  readonly #maxCount: number;
  readonly #looking = new DisposableStack();
  #held: { readonly messages: number; readonly bytes: number; readonly maxBytes: number };
  /** Ends received when the store was last read. Their results are among those that it held. */
  #endedBefore = 0;

  private constructor({ broker, open, limits, log }: ResultAdmissionOptions) {
    this.#broker = broker;
    this.#open = open;
    this.#log = log;
    this.#maxCount = Math.floor(USABLE * limits.resultMaxCount);
    this.#held = { messages: 0, bytes: 0, maxBytes: limits.resultMaxBytes };
    const timer = setInterval(() => this.look(), LOOK_INTERVAL_MS).unref();
    this.#looking.defer(() => clearInterval(timer));
    this.#looking.use(broker.onConnectionChange((connected) => connected && this.look()));
  }

  /** Resolves once the store has been looked at. */
  static async open(options: ResultAdmissionOptions): Promise<ResultAdmission> {
    const admission = new ResultAdmission(options);
    await admission.look();
    return admission;
  }

  /** Whether a task that is accepted now could find the store full at its end. */
  get isFull(): boolean {
    const { messages, bytes, maxBytes } = this.#held;
    const further = this.#open.endedCount - this.#endedBefore + this.#open.size;
    const messageBytes = messages === 0 ? MESSAGE_BYTES : bytes / messages;
    const furtherBytes = further * this.#open.messagesPerEnd * messageBytes;
    return messages + further >= this.#maxCount || bytes + furtherBytes >= USABLE * maxBytes;
  }

  /** @throws {RequestError} `RESULT_STORE_FULL`. */
  admit(): void {
    if (this.isFull) throw resultStoreFull();
  }

  /** Counts again. If the store cannot be read, the last count stands. */
  async look(): Promise<void> {
    // Taken before the question: an end that comes before the answer is counted twice rather than not at all.
    const endedBefore = this.#open.endedCount;
    try {
      this.#held = await this.#broker.readEndsHeld();
      this.#endedBefore = endedBefore;
    } catch (error) {
      this.#log.debug({ reason: messageOf(error) }, 'the store of results could not be looked at');
    }
  }

  [Symbol.dispose](): void {
    this.#looking[Symbol.dispose]();
  }
}

export function resultStoreFull(): RequestError {
  return refusedForNow(
    RequestErrorCode.ResultStoreFull,
    'The store of results is nearly full: new tasks are accepted when old results have expired. Try again later.',
    { retryAfterMs: RETRY_LATER_MS },
  );
}

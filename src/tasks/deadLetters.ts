/**
 * Dead letters for operators: pages of them, notices of new ones, and their removal. `DeadLetterRedrives` makes new
 * tasks of them.
 */
import type { Broker, StoredDeadLetter } from '../broker/broker.ts';
import {
  badValue,
  gatewayBusy,
  quoted,
  RequestError,
  RequestErrorCode,
  shuttingDown,
} from '../contract/errors.ts';
import type { DeadLetter } from '../contract/messages/deadLetter.ts';
import { decodeJob, type QueuedJob } from '../contract/messages/job.ts';
import { parseTaskId, type TaskAddress } from '../contract/taskId.ts';
import { ReadWatch } from './readWatch.ts';

export const MAX_PAGE = 100;

type DeadLettersBroker = Pick<Broker, 'deadLetters' | 'onConnectionChange'>;

export interface DeadLetterPage {
  readonly letters: readonly StoredDeadLetter[];
  /** The cursor after which the page begins; undefined if it is the first page. */
  readonly after: string | undefined;
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
}

const MODEL_NAME = /^[a-z][a-z0-9-]{0,62}$/;
const CURSOR = /^[0-9]{1,15}$/;
const MAX_WATCHES = 100;
/** A letter whose notice was lost is read after this time. */
const WAKE_INTERVAL_MS = 5_000;

export class DeadLetters implements Disposable {
  readonly #broker: DeadLettersBroker;
  readonly #watches = new Set<ReadWatch<StoredDeadLetter>>();
  readonly #listening = new DisposableStack();

  constructor({ broker }: { readonly broker: DeadLettersBroker }) {
    this.#broker = broker;
    this.#listening.use(broker.onConnectionChange((connected) => connected && this.#wakeAll()));
  }

  /**
   * A page of letters, oldest first.
   *
   * @param model undefined: those of all models.
   * @param first 1 to `MAX_PAGE`.
   * @param after a cursor (`cursorOf`).
   * @throws {RequestError} `BAD_USER_INPUT`, `BROKER_UNAVAILABLE`.
   */
  async page(model: string | undefined, first: number, after: string | undefined): Promise<DeadLetterPage> {
    if (model !== undefined) checkModel(model);
    if (first < 1 || first > MAX_PAGE) throw badValue('first', `from 1 to ${MAX_PAGE}`, String(first));
    if (after !== undefined && !CURSOR.test(after))
      throw badValue('after', 'a cursor of an earlier page', quoted(after));
    const begin = Number(after ?? 0) + 1;
    const [letters, oldest] = await Promise.all([
      readLetters(this.#broker, model, begin, first + 1),
      after === undefined ? undefined : this.#broker.deadLetters.next(model, 1),
    ]);
    return {
      letters: letters.slice(0, first),
      after,
      hasNextPage: letters.length > first,
      hasPreviousPage: oldest !== undefined && oldest.sequence < begin,
    };
  }

  /**
   * Each letter that is stored from now on, as long as it is there.
   *
   * @param model undefined: those of all models.
   * @throws {RequestError} `BAD_USER_INPUT`, `BROKER_UNAVAILABLE`, `GATEWAY_BUSY`.
   */
  async watch(model: string | undefined): Promise<ReadWatch<StoredDeadLetter>> {
    if (model !== undefined) checkModel(model);
    if (this.#watches.size >= MAX_WATCHES)
      throw gatewayBusy(
        `This gateway has ${MAX_WATCHES} subscriptions to dead letters open already.`,
        MAX_WATCHES,
      );
    const { deadLetters } = this.#broker;
    let lastSequence = 0;
    let listening: Disposable | undefined;
    const timer = setInterval(() => watch.wake(), WAKE_INTERVAL_MS).unref();
    const watch = new ReadWatch<StoredDeadLetter>({
      read: async () => {
        // While the broker is away there is nothing to show; the reconnect wakes it.
        const found = await deadLetters.next(model, lastSequence + 1).catch(() => undefined);
        if (found === undefined) return undefined;
        lastSequence = found.sequence;
        // There may be another one behind it.
        watch.wake();
        return found;
      },
      onClose: () => {
        listening?.[Symbol.dispose]();
        clearInterval(timer);
        this.#watches.delete(watch);
      },
    });
    // Before the broker is asked: a watch that is being opened counts, and ends with the gateway.
    this.#watches.add(watch);
    try {
      listening = await deadLetters.listen(model, () => watch.wake());
      lastSequence = await deadLetters.lastSequence();
      if (!this.#watches.has(watch)) listening[Symbol.dispose]();
      return watch;
    } catch (error) {
      await watch.return();
      throw error;
    }
  }

  /**
   * Removes a dead letter for good.
   *
   * @returns the letter that was removed.
   * @throws {RequestError} `DEAD_LETTER_NOT_FOUND`, `BROKER_UNAVAILABLE`.
   */
  async discard(id: string): Promise<DeadLetter> {
    const address = letterAddress(id);
    const letter = await this.#broker.deadLetters.read(address);
    // If two discard it at the same time, one of them finds it gone.
    if (letter === undefined || !(await this.#broker.deadLetters.remove(address))) throw letterNotFound(id);
    return letter;
  }

  /** Ends every watch with `SHUTTING_DOWN`. */
  [Symbol.dispose](): void {
    this.#listening[Symbol.dispose]();
    for (const watch of [...this.#watches]) watch.fail(shuttingDown());
  }

  #wakeAll(): void {
    for (const watch of this.#watches) watch.wake();
  }
}

/** The letters of a model, or of all if it is undefined, from a sequence on, oldest first, `count` at most. */
export async function readLetters(
  { deadLetters }: Pick<Broker, 'deadLetters'>,
  model: string | undefined,
  fromSequence: number,
  count: number,
): Promise<readonly StoredDeadLetter[]> {
  const letters: StoredDeadLetter[] = [];
  for (let sequence = fromSequence; letters.length < count; ) {
    const found = await deadLetters.next(model, sequence);
    if (found === undefined) break;
    letters.push(found);
    sequence = found.sequence + 1;
  }
  return letters;
}

export function cursorOf({ sequence }: StoredDeadLetter): string {
  return String(sequence);
}

/** @throws {MalformedMessage} if the job is none; {NewerMessage} if it is newer than this gateway. */
export function jobIn({ job, subject }: DeadLetter): QueuedJob {
  return decodeJob(Buffer.from(job, 'base64'), subject);
}

export function letterAddress(id: string): TaskAddress {
  const address = parseTaskId(id);
  if (address === undefined) throw letterNotFound(id);
  return address;
}

/** Any name that a model could have: a model that is not served any more may have left letters. */
export function checkModel(model: string): void {
  if (!MODEL_NAME.test(model)) throw badValue('model', 'the name of a model', quoted(model));
}

export function letterNotFound(id: string): RequestError {
  return new RequestError(
    RequestErrorCode.DeadLetterNotFound,
    `There is no dead letter of a task ${JSON.stringify(id.slice(0, 128))}: an id must be one of "deadLetters", without spaces and quotes around it.`,
  );
}

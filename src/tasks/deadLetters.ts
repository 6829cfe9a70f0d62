/**
 * Dead letters for operators: see them, hear of new ones, redrive them as new tasks, discard them.
 *
 * A letter is removed only after the job of its redrive is stored. Whoever dies in between leaves it in its place, and
 * the next redrive finds the task that was made of it (`TaskService.redrive`).
 */
import type { Broker, StoredDeadLetter } from '../broker/broker.ts';
import { messageOf, RequestError, RequestErrorCode } from '../contract/errors.ts';
import type { DeadLetter } from '../contract/messages/deadLetter.ts';
import { decodeJob, type QueuedJob } from '../contract/messages/job.ts';
import { parseTaskId, type Task, type TaskAddress } from '../contract/task.ts';
import type { Model } from '../models/models.ts';
import { DeadLetterWatch } from './deadLetterWatch.ts';
import type { TaskService } from './tasks.ts';

export const MAX_PAGE = 100;

export interface DeadLetterPage {
  readonly letters: readonly StoredDeadLetter[];
  readonly hasNextPage: boolean;
}

/** What became of the letters that were there when all of a model's were to be redriven. */
export interface RedriveCount {
  readonly redriven: number;
  /** Letters that stay, since their jobs cannot be run. */
  readonly kept: number;
  /** Why not all of them were seen. */
  readonly stoppedBy: RequestErrorCode | undefined;
}

type Redriving = Pick<TaskService, 'redrive' | 'redriven'>;

const MODEL_NAME = /^[a-z][a-z0-9-]{0,62}$/;
const CURSOR = /^[0-9]{1,15}$/;
/** Letters redriven at a time. */
const CONCURRENCY = 32;
const MAX_WATCHES = 100;
/** What was not heard is read that soon. */
const WAKE_INTERVAL_MS = 5_000;

export class DeadLetters implements Disposable {
  readonly #broker: Broker;
  readonly #tasks: Redriving;
  readonly #models: ReadonlyMap<string, Model>;
  readonly #watches = new Set<DeadLetterWatch>();
  readonly #listening = new DisposableStack();

  constructor({
    broker,
    tasks,
    models,
  }: {
    broker: Broker;
    tasks: Redriving;
    models: readonly Model[];
  }) {
    this.#broker = broker;
    this.#tasks = tasks;
    this.#models = new Map(models.map((model) => [model.manifest.name, model]));
    this.#listening.use(broker.onConnectionChange((connected) => connected && this.#wakeAll()));
    const timer = setInterval(() => this.#wakeAll(), WAKE_INTERVAL_MS).unref();
    this.#listening.defer(() => clearInterval(timer));
  }

  /**
   * A page of a model's letters, oldest first.
   *
   * @param first 1 to `MAX_PAGE`.
   * @param after a cursor (`cursorOf`).
   * @throws {RequestError} `BAD_USER_INPUT`, `BROKER_UNAVAILABLE`.
   */
  async page(model: string, first: number, after: string | undefined): Promise<DeadLetterPage> {
    checkModel(model);
    if (first < 1 || first > MAX_PAGE) throw badArgument('first', `from 1 to ${MAX_PAGE}`, String(first));
    if (after !== undefined && !CURSOR.test(after))
      throw badArgument('after', 'a cursor of an earlier page', JSON.stringify(after.slice(0, 40)));
    const letters = await this.#read(model, Number(after ?? 0) + 1, first + 1);
    return { letters: letters.slice(0, first), hasNextPage: letters.length > first };
  }

  /**
   * Each letter of a model that is stored from now on, as long as it is there.
   *
   * @throws {RequestError} `BAD_USER_INPUT`, `BROKER_UNAVAILABLE`, `GATEWAY_BUSY`.
   */
  async watch(model: string): Promise<DeadLetterWatch> {
    checkModel(model);
    if (this.#watches.size >= MAX_WATCHES) throw busy();
    let watch: DeadLetterWatch | undefined;
    const heard = await this.#broker.deadLetters.listen(model, () => watch?.wake());
    try {
      const opened = new DeadLetterWatch({
        afterSequence: await this.#broker.deadLetters.lastSequence(),
        // While the broker is away there is nothing to show; the reconnect wakes it.
        readNext: (sequence) => this.#broker.deadLetters.next(model, sequence + 1).catch(() => undefined),
        onClose: () => {
          heard[Symbol.dispose]();
          this.#watches.delete(opened);
        },
      });
      watch = opened;
      this.#watches.add(opened);
      return opened;
    } catch (error) {
      heard[Symbol.dispose]();
      throw error;
    }
  }

  /**
   * Makes a new task of a dead letter, and removes the letter.
   *
   * @returns the new task; if the letter was redriven before, the task of that time, for as long as it is remembered.
   * @throws {RequestError} `DEAD_LETTER_NOT_FOUND`, `CANNOT_REDRIVE`, and as `TaskService.submit`.
   */
  async redrive(id: string, trace: string | undefined): Promise<Task> {
    const address = addressOf(id);
    const letter = await this.#broker.deadLetters.read(address);
    if (letter !== undefined) return this.#redriveLetter(letter, address, trace);
    const task = await this.#tasks.redriven(address);
    if (task === undefined) throw notFound(id);
    return task;
  }

  /**
   * Redrives the letters of a model that are there now, oldest first, until one is refused for a reason that concerns
   * them all, such as a full queue.
   *
   * @throws {RequestError} `BAD_USER_INPUT`, `BROKER_UNAVAILABLE`.
   */
  async redriveAll(model: string, trace: string | undefined): Promise<RedriveCount> {
    checkModel(model);
    // A job that dies again meanwhile is not redriven again.
    const last = await this.#broker.deadLetters.lastSequence();
    const count = { redriven: 0, kept: 0 };
    for (let sequence = 1; ; ) {
      const read = await this.#read(model, sequence, CONCURRENCY);
      const batch = read.filter((stored) => stored.sequence <= last);
      const refusals = await Promise.all(batch.map(({ letter }) => this.#refusalOf(letter, trace)));
      count.redriven += refusals.filter((code) => code === undefined).length;
      count.kept += refusals.filter((code) => code === RequestErrorCode.CannotRedrive).length;
      const stoppedBy = refusals.find((code) => code && code !== RequestErrorCode.CannotRedrive);
      const newest = batch.at(-1);
      if (stoppedBy !== undefined || newest === undefined) return { ...count, stoppedBy };
      sequence = newest.sequence + 1;
    }
  }

  /**
   * Removes a dead letter for good.
   *
   * @returns what was removed.
   * @throws {RequestError} `DEAD_LETTER_NOT_FOUND`, `BROKER_UNAVAILABLE`.
   */
  async discard(id: string): Promise<DeadLetter> {
    const address = addressOf(id);
    const letter = await this.#broker.deadLetters.read(address);
    // Of two who discard it at the same time, one has.
    if (letter === undefined || !(await this.#broker.deadLetters.remove(address))) throw notFound(id);
    return letter;
  }

  /** Ends every watch with `SHUTTING_DOWN`. */
  [Symbol.dispose](): void {
    this.#listening[Symbol.dispose]();
    const stopping = new RequestError(
      RequestErrorCode.ShuttingDown,
      'This gateway is shutting down: subscribe again.',
    );
    for (const watch of [...this.#watches]) watch.fail(stopping);
  }

  #wakeAll(): void {
    for (const watch of this.#watches) watch.wake();
  }

  async #read(model: string, fromSequence: number, count: number): Promise<readonly StoredDeadLetter[]> {
    const letters: StoredDeadLetter[] = [];
    for (let sequence = fromSequence; letters.length < count; ) {
      const found = await this.#broker.deadLetters.next(model, sequence);
      if (found === undefined) break;
      letters.push(found);
      sequence = found.sequence + 1;
    }
    return letters;
  }

  async #redriveLetter(letter: DeadLetter, address: TaskAddress, trace: string | undefined): Promise<Task> {
    const model = this.#models.get(letter.model);
    if (model === undefined) throw cannotRedrive(letter, `the model ${letter.model} is not served`);
    const task = await this.#tasks.redrive(this.#readJob(letter), model, trace).catch((error: unknown) => {
      // The input is not this request's.
      if (!(error instanceof RequestError) || error.code !== RequestErrorCode.BadUserInput) throw error;
      throw cannotRedrive(letter, error.message);
    });
    await this.#broker.deadLetters.remove(address);
    return task;
  }

  #readJob(letter: DeadLetter): QueuedJob {
    try {
      return jobIn(letter);
    } catch (error) {
      throw cannotRedrive(letter, `its job could not be read (${messageOf(error)})`);
    }
  }

  /** Redrives a letter. @returns the code of the refusal, if it was refused. */
  async #refusalOf(letter: DeadLetter, trace: string | undefined): Promise<RequestErrorCode | undefined> {
    try {
      await this.#redriveLetter(letter, addressOf(letter.taskId), trace);
      return undefined;
    } catch (error) {
      if (error instanceof RequestError) return error.code;
      throw error;
    }
  }
}

export function cursorOf({ sequence }: StoredDeadLetter): string {
  return String(sequence);
}

/** @throws {MalformedMessage} if the job is none; {NewerMessage} if it is newer than this gateway. */
export function jobIn({ job, subject }: DeadLetter): QueuedJob {
  return decodeJob(Buffer.from(job, 'base64'), subject);
}

function addressOf(id: string): TaskAddress {
  const address = parseTaskId(id);
  if (address === undefined) throw notFound(id);
  return address;
}

/** A model that is not served any more may have left letters. */
function checkModel(model: string): void {
  if (!MODEL_NAME.test(model))
    throw badArgument('model', 'the name of a model', JSON.stringify(model.slice(0, 40)));
}

function badArgument(field: string, expected: string, got: string): RequestError {
  return new RequestError(RequestErrorCode.BadUserInput, `${field} must be ${expected}, got ${got}`, {
    details: { field, expected, value: got },
  });
}

function notFound(id: string): RequestError {
  return new RequestError(
    RequestErrorCode.DeadLetterNotFound,
    `There is no dead letter of a task ${JSON.stringify(id.slice(0, 128))}: an id must be one of "deadLetters", without spaces and quotes around it.`,
  );
}

function cannotRedrive({ taskId }: DeadLetter, why: string): RequestError {
  return new RequestError(
    RequestErrorCode.CannotRedrive,
    `The dead letter of task ${taskId} cannot be redriven: ${why}. It stays until it is discarded.`,
  );
}

function busy(): RequestError {
  return new RequestError(
    RequestErrorCode.GatewayBusy,
    `This gateway has ${MAX_WATCHES} subscriptions to dead letters open already. Try again in a moment.`,
    { details: { retryAfterMs: 1_000, limit: MAX_WATCHES } },
  );
}

/**
 * Makes new tasks of dead letters, for operators.
 *
 * A letter is removed only after the job of its redrive is stored. If a gateway dies in between, the letter stays in
 * its place, and the next redrive finds the task that was made of it (`Redrives.redrive`).
 */
import type { Broker } from '../broker/broker.ts';
import { messageOf, RequestError, RequestErrorCode } from '../contract/errors.ts';
import type { DeadLetter } from '../contract/messages/deadLetter.ts';
import type { QueuedJob } from '../contract/messages/job.ts';
import type { Task } from '../contract/task.ts';
import type { TaskAddress } from '../contract/taskId.ts';
import type { Model } from '../models/models.ts';
import { checkModel, jobIn, letterAddress, letterNotFound, readLetters } from './deadLetters.ts';
import type { Redrives } from './redrives.ts';

export interface DeadLetterRedrivesOptions {
  readonly broker: Pick<Broker, 'deadLetters'>;
  readonly redrives: Pick<Redrives, 'redrive' | 'redriven'>;
  readonly models: readonly Model[];
}

/** How many letters were redriven, of those that were there. */
export interface RedriveCount {
  readonly redriven: number;
  /** Letters that stay, since their jobs cannot be run. */
  readonly kept: number;
  /** Why not all of them were seen. */
  readonly stoppedBy: RequestErrorCode | undefined;
}

/** Letters redriven at a time. */
const CONCURRENCY = 32;

/** The input does not fit the manifest any more, or its blobs have expired: it is no use to try again. */
export const OF_THE_LETTER: ReadonlySet<RequestErrorCode> = new Set([
  RequestErrorCode.BadUserInput,
  RequestErrorCode.BlobNotFound,
]);

export class DeadLetterRedrives {
  readonly #broker: DeadLetterRedrivesOptions['broker'];
  readonly #redrives: DeadLetterRedrivesOptions['redrives'];
  readonly #models: ReadonlyMap<string, Model>;

  constructor({ broker, redrives, models }: DeadLetterRedrivesOptions) {
    this.#broker = broker;
    this.#redrives = redrives;
    this.#models = new Map(models.map((model) => [model.manifest.name, model]));
  }

  /**
   * Makes a new task of a dead letter, and removes the letter.
   *
   * @returns the new task; if the letter was redriven before, the task of that time, for as long as it is remembered.
   * @throws {RequestError} `DEAD_LETTER_NOT_FOUND`, `CANNOT_REDRIVE`, and as `Submissions.submit`.
   */
  async redrive(id: string, trace: string | undefined): Promise<Task> {
    const address = letterAddress(id);
    const letter = await this.#broker.deadLetters.read(address);
    if (letter !== undefined) return this.#redriveLetter(letter, address, trace);
    const task = await this.#redrives.redriven(address);
    if (task === undefined) throw letterNotFound(id);
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
      const read = await readLetters(this.#broker, model, sequence, CONCURRENCY);
      const present = read.filter((stored) => stored.sequence <= last);
      const refusals = await Promise.all(present.map(({ letter }) => this.#refusalOf(letter, trace)));
      count.redriven += refusals.filter((code) => code === undefined).length;
      count.kept += refusals.filter((code) => code === RequestErrorCode.CannotRedrive).length;
      const stoppedBy = refusals.find((code) => code && code !== RequestErrorCode.CannotRedrive);
      const newest = present.at(-1);
      if (stoppedBy !== undefined || newest === undefined) return { ...count, stoppedBy };
      sequence = newest.sequence + 1;
    }
  }

  async #redriveLetter(letter: DeadLetter, address: TaskAddress, trace: string | undefined): Promise<Task> {
    const model = this.#models.get(letter.model);
    if (model === undefined) throw cannotRedrive(letter, `the model ${letter.model} is not served`);
    const task = await this.#redrives.redrive(readJob(letter), model, { trace }).catch((error: unknown) => {
      // The input is not this request's.
      if (!(error instanceof RequestError) || !OF_THE_LETTER.has(error.code)) throw error;
      throw cannotRedrive(letter, error.message);
    });
    await this.#broker.deadLetters.remove(address);
    return task;
  }

  /** Redrives a letter. @returns the code of the refusal, if it was refused. */
  async #refusalOf(letter: DeadLetter, trace: string | undefined): Promise<RequestErrorCode | undefined> {
    try {
      await this.#redriveLetter(letter, letterAddress(letter.taskId), trace);
      return undefined;
    } catch (error) {
      if (error instanceof RequestError) return error.code;
      throw error;
    }
  }
}

function readJob(letter: DeadLetter): QueuedJob {
  try {
    return jobIn(letter);
  } catch (error) {
    throw cannotRedrive(letter, `its job could not be read (${messageOf(error)})`);
  }
}

function cannotRedrive({ taskId }: DeadLetter, why: string): RequestError {
  return new RequestError(
    RequestErrorCode.CannotRedrive,
    `The dead letter of task ${taskId} cannot be redriven: ${why}. It stays until it is discarded.`,
  );
}

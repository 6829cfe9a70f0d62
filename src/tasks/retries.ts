/**
 * Runs tasks again that have ended without a prediction, as new tasks: from the dead letter of a task if there is one,
 * which has all of its job; else from its end, which keeps a small input. The new task is that of a redrive, so both come
 * to the same one, however often they are asked for.
 */
import type { Broker } from '../broker/broker.ts';
import { RequestError, RequestErrorCode } from '../contract/errors.ts';
import type { DeadLetter } from '../contract/messages/deadLetter.ts';
import { MESSAGE_VERSION } from '../contract/messages/decoder.ts';
import type { QueuedJob } from '../contract/messages/job.ts';
import type { ReadingClient } from '../contract/principal.ts';
import { type FinishedTask, isFinal, type Task, TaskState } from '../contract/task.ts';
import type { TaskAddress } from '../contract/taskId.ts';
import type { RequestTrace } from '../contract/trace.ts';
import type { Model } from '../models/models.ts';
import { OF_THE_LETTER } from './deadLetterRedrives.ts';
import { jobIn } from './deadLetters.ts';
import type { OwnerQuotas } from './ownerQuotas.ts';
import type { Redrives } from './redrives.ts';
import { deadlineOf } from './taskMapping.ts';
import type { TaskReader } from './taskReader.ts';

export interface RetriesOptions {
  readonly broker: { readonly deadLetters: Pick<Broker['deadLetters'], 'read' | 'remove'> };
  readonly models: readonly Model[];
  readonly quotas: Pick<OwnerQuotas, 'begin'>;
  readonly reader: Pick<TaskReader, 'address' | 'findNewest'>;
  readonly redrives: Pick<Redrives, 'redrive' | 'redriven'>;
}

export class Retries {
  readonly #options: RetriesOptions;

  constructor(options: RetriesOptions) {
    this.#options = options;
  }

  /**
   * @returns the new task once its job is stored; a retry or redrive that was made before gives its task.
   * @throws {RequestError} `CANNOT_RETRY`, and as `Tasks.find` and `Submissions.submit`.
   */
  async retry(id: string, client: ReadingClient, trace: RequestTrace | undefined): Promise<Task> {
    const { broker, models, quotas, reader, redrives } = this.#options;
    const address = reader.address(id);
    const task = await reader.findNewest(id, client.readable);
    const model = models.find(({ manifest }) => manifest.name === task.model);
    if (model === undefined) throw new Error(`a task was found whose model ${task.model} is not served`);
    requireRetriable(task);
    if (task.batch !== undefined)
      throw cannotRetry(
        id,
        'it is a row batch, whose rows are not kept after its end. Submit them anew: task { batch { rows } } has the predictions of those that were run',
      );
    const letter = await broker.deadLetters.read(address);
    const job = letter === undefined ? jobOf(task) : readableJob(letter);
    if (job === undefined) return this.#retriedBefore(address);
    using use = task.owner === client.owner ? quotas.begin(client) : undefined;
    const retried = await redrives.redrive(job, model, { trace, use }).catch((error: unknown) => {
      // The input is not this request's.
      if (!(error instanceof RequestError) || !OF_THE_LETTER.has(error.code)) throw error;
      throw cannotRetry(id, `${error.message.replace(/\.$/, '')}. Submit it anew`);
    });
    if (letter !== undefined) await broker.deadLetters.remove(address);
    return retried;
  }

  async #retriedBefore(address: TaskAddress): Promise<Task> {
    const retried = await this.#options.redrives.redriven(address);
    if (retried !== undefined) return retried;
    throw cannotRetry(
      address.id,
      'its input is not kept, since it takes more than about a kilobyte. Submit it anew',
    );
  }
}

/** The job of a task as its end tells it; undefined if its input is not kept. */
function jobOf(task: FinishedTask): QueuedJob | undefined {
  const { id, model, modelVersion, owner, submittedAt, input, labels, lane, history } = task;
  if (input === undefined) return undefined;
  return {
    v: MESSAGE_VERSION,
    taskId: id,
    model,
    version: modelVersion,
    owner,
    submittedAt,
    deadline: deadlineOf(task),
    input,
    labels,
    lane,
    history,
  };
}

function readableJob(letter: DeadLetter): QueuedJob | undefined {
  try {
    return jobIn(letter);
  } catch {
    return undefined;
  }
}

/** @throws {RequestError} `CANNOT_RETRY` unless the task is `FAILED`, `EXPIRED` or `CANCELED`. */
export function requireRetriable(task: Task): asserts task is FinishedTask {
  const { id, state, batch } = task;
  if (!isFinal(task))
    throw cannotRetry(id, `it has not ended (${state}). Cancel it first, or wait for its end`);
  if (batch !== undefined && batch.rowsFailed > 0 && state === TaskState.Succeeded)
    throw cannotRetry(
      id,
      `it has succeeded, but for ${batch.rowsFailed} of its rows. Submit these rows anew: task { batch { rows { errors } } } names them`,
    );
  if (state === TaskState.Succeeded) throw cannotRetry(id, 'it has succeeded. Submit its input anew');
}

/** @param why in words, with what to do instead. */
export function cannotRetry(id: string, why: string): RequestError {
  return new RequestError(RequestErrorCode.CannotRetry, `Task ${id} cannot be retried: ${why}.`);
}

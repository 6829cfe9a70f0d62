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
import type { Task } from '../contract/task.ts';
import { type FinishedTask, isFinal, TaskState } from '../contract/task.ts';
import type { TaskAddress } from '../contract/taskId.ts';
import { looksLikeWork } from '../contract/workId.ts';
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
  async retry(id: string, client: ReadingClient, trace: string | undefined): Promise<Task> {
    const { broker, models, quotas, reader, redrives } = this.#options;
    if (looksLikeWork(id))
      throw cannotRetry(id, 'it is a training or a check. Start it anew: trainModel, addDataset');
    const address = reader.address(id);
    const task = await reader.findNewest(id, client.readable);
    const model = models.find(({ manifest }) => manifest.name === task.model);
    if (model === undefined) throw new Error(`a task was found whose model ${task.model} is not served`);
    if (!isFinal(task))
      throw cannotRetry(id, `it has not ended (${task.state}). Cancel it first, or wait for its end`);
    if (task.state === TaskState.Succeeded) throw cannotRetry(id, 'it has succeeded. Submit its input anew');
    if (task.batch !== undefined)
      throw cannotRetry(id, 'it is a row batch, whose rows are not kept. Submit them anew');
    const letter = await broker.deadLetters.read(address);
    const job = letter === undefined ? jobOf(task) : readableJob(letter);
    if (job === undefined) return this.#retriedBefore(address);
    using use = task.owner === client.owner ? quotas.begin(client) : undefined;
    const retried = await redrives.redrive(job, model, { trace, use }).catch((error: unknown) => {
      // The input is not this request's.
      if (!(error instanceof RequestError) || !OF_THE_LETTER.has(error.code)) throw error;
      throw cannotRetry(id, `${error.message} Submit it anew`);
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

/** @param why in words, with what to do instead. */
function cannotRetry(id: string, why: string): RequestError {
  return new RequestError(RequestErrorCode.CannotRetry, `Task ${id} cannot be retried: ${why}.`);
}

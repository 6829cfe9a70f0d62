/** Runs trainings again that have ended without a version: as new trainings, with the datasets that they had. */
import { RequestError, RequestErrorCode } from '../contract/errors.ts';
import type { ReadingClient } from '../contract/principal.ts';
import type { Task } from '../contract/task.ts';
import type { RequestTrace } from '../contract/trace.ts';
import type { TrainingAsk } from '../contract/work.ts';
import type { Model } from '../models/models.ts';
import { cannotRetry, requireRetriable } from '../tasks/retries.ts';
import type { TrainingRequest } from './trainingAsk.ts';
import type { WorkReader } from './workReader.ts';
import type { WorkSubmissions } from './workSubmissions.ts';

export interface TrainingRetriesOptions {
  readonly models: readonly Model[];
  readonly reader: WorkReader;
  readonly submissions: Pick<WorkSubmissions, 'retryTraining'>;
}

export class TrainingRetries {
  readonly #options: TrainingRetriesOptions;

  constructor(options: TrainingRetriesOptions) {
    this.#options = options;
  }

  /**
   * @returns the new training once its job is stored; a retry that was made before gives its training.
   * @throws {RequestError} `CANNOT_RETRY`, and as `WorkTasks.find` and `WorkSubmissions.trainModel`.
   */
  async retry(
    id: string,
    { readable }: Pick<ReadingClient, 'readable'>,
    trace: RequestTrace | undefined,
  ): Promise<Task> {
    const { models, reader, submissions } = this.#options;
    const ended = await reader.find(id, readable);
    requireRetriable(ended);
    const { training } = ended.work;
    if (training === undefined)
      throw cannotRetry(
        id,
        'it is the check of a dataset, and the list of its files is not kept. Call addDataset with these files again',
      );
    const model = models.find(({ manifest }) => manifest.name === ended.model);
    if (model === undefined) throw new Error(`a training was found whose model ${ended.model} is not served`);
    const request = requestOf(training, model);
    return submissions.retryTraining({ ended, model, request, trace }).catch((error: unknown) => {
      // It was accepted once: its datasets or its model are others now.
      if (!(error instanceof RequestError) || error.code !== RequestErrorCode.BadUserInput) throw error;
      throw cannotRetry(id, `${error.message}. Call trainModel with what is there now`);
    });
  }
}

/** A model that is trained by a command takes no recipe. */
function requestOf(
  { datasets, split, recipe, params, seed }: TrainingAsk,
  { manifest }: Model,
): TrainingRequest {
  const isByCommand = manifest.training?.command !== undefined;
  return { datasets, split, recipe: isByCommand ? undefined : recipe, params, seed };
}

/** Takes work from operators: checks it, has it accepted once for each `requestId`, and waits for its end if asked. */
import type { Broker } from '../broker/broker.ts';
import { endWork, expiredWork } from '../broker/endWork.ts';
import { redriveHash, requestHash, workDigest } from '../contract/digests.ts';
import { MESSAGE_VERSION } from '../contract/messages/decoder.ts';
import type { WorkJob } from '../contract/messages/work.ts';
import type { QuotaHolder } from '../contract/quotas.ts';
import { isFinal, MAX_HISTORY, type Task } from '../contract/task.ts';
import type { RequestTrace } from '../contract/trace.ts';
import { type DatasetAsk, WORK_TIMEOUT_MS, WorkKind } from '../contract/work.ts';
import { newWorkAddress, type WorkAddress } from '../contract/workId.ts';
import { type WorkTask, workTask } from '../contract/workTask.ts';
import type { Model } from '../models/models.ts';
import { claimRequest } from '../tasks/requestRecords.ts';
import { requestIdConflict } from '../tasks/requests.ts';
import { firstTry, type Storing } from '../tasks/storing.ts';
import { nextWithin } from '../tasks/submissions.ts';
import { deadlineOf } from '../tasks/taskMapping.ts';
import { labelsOf } from '../tasks/taskOptions.ts';
import type { TaskWatches } from '../tasks/taskWatches.ts';
import { type KnownToTrain, type TrainingRequest, trainingAsk } from './trainingAsk.ts';
import type { UnfinishedWork } from './unfinishedWork.ts';
import { checkWorkOptions, type WorkOptions } from './workOptions.ts';
import type { WorkQueue } from './workQueue.ts';
import type { WorkReader } from './workReader.ts';
import type { WorkWatches } from './workWatches.ts';

export interface WorkSubmissionsOptions extends KnownToTrain {
  readonly broker: Pick<Broker, 'work' | 'now'>;
  readonly home: string;
  readonly unfinished: UnfinishedWork;
  readonly queue: WorkQueue;
  readonly reader: WorkReader;
  readonly watches: WorkWatches;
  readonly storing: Pick<Storing, 'untilAnswered'>;
  readonly places: Pick<TaskWatches, 'reserve'>;
}

/** What every submission of work has. */
interface Asked extends QuotaHolder {
  readonly model: Model;
  readonly options: WorkOptions;
  readonly trace?: RequestTrace | undefined;
  /** Aborted when the client has left. */
  readonly gone?: AbortSignal | undefined;
}

export interface TrainingSubmission extends Asked {
  readonly request: TrainingRequest;
}

export interface TrainingRetry {
  /** The training that is run again. */
  readonly ended: WorkTask;
  readonly model: Model;
  /** What it was asked for, with the versions of datasets that it had. */
  readonly request: TrainingRequest;
  readonly trace: RequestTrace | undefined;
}

export interface DatasetSubmission extends Asked {
  readonly dataset: DatasetAsk;
}

/** What is to be done, and what the client asked for: the same question has the same digest. */
interface Question {
  readonly kind: WorkKind;
  readonly digest: string;
  readonly defaultTimeoutMs: number;
  /** Looks up what the client named. Only for a question that was not accepted before. */
  readonly ask: () => Promise<Pick<WorkJob, 'training' | 'dataset' | 'history'>>;
}

const CHECK_TIMEOUT_MS = 60 * 60 * 1_000;

export class WorkSubmissions {
  readonly #options: WorkSubmissionsOptions;

  constructor(options: WorkSubmissionsOptions) {
    this.#options = options;
  }

  /**
   * Accepts a training: it is stored when this returns; with `waitMs` it has ended, or the time is over.
   *
   * @throws {RequestError} `BAD_USER_INPUT`, `QUEUE_FULL`, `OWNER_QUOTA`, `REQUEST_ID_CONFLICT`, `BROKER_UNAVAILABLE` (it
   *   may have been stored all the same), `GATEWAY_BUSY`, `RESULT_STORE_FULL`, `NEWER_GATEWAY_NEEDED`.
   */
  trainModel(submission: TrainingSubmission): Promise<Task> {
    const { model, request } = submission;
    const { datasets, split, recipe, params, seed } = request;
    return this.#submit(submission, {
      kind: WorkKind.Training,
      digest: workDigest({
        datasets: datasets.map(({ name, digest, last, use }) => [name, digest ?? null, last ?? null, use]),
        split: split ? [split.holdoutPercent, split.by] : null,
        recipe: recipe ?? null,
        params: Object.entries(params ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1)),
        seed: seed ?? 0,
      }),
      defaultTimeoutMs: model.manifest.training?.timeoutMs ?? CHECK_TIMEOUT_MS,
      ask: async () => ({ training: await trainingAsk(model, request, this.#options) }),
    });
  }

  /**
   * Accepts the retry of a training, once however often and wherever it is asked for.
   *
   * @throws {RequestError} as `trainModel`, without `REQUEST_ID_CONFLICT`.
   */
  retryTraining({ ended, model, request, trace }: TrainingRetry): Promise<Task> {
    const { id, owner, labels, submittedAt } = ended;
    const { least, most } = WORK_TIMEOUT_MS;
    const timeoutMs = Math.round(deadlineOf(ended) - submittedAt);
    const history = [...(ended.history ?? []), id].slice(-MAX_HISTORY);
    return this.#acceptOnce({ model, owner, options: { labels }, trace }, redriveHash(id), {
      kind: WorkKind.Training,
      digest: workDigest({ retry: id }),
      defaultTimeoutMs: Math.min(Math.max(timeoutMs, least), most),
      ask: async () => ({ training: await trainingAsk(model, request, this.#options), history }),
    });
  }

  /** Accepts the check of a dataset. @throws {RequestError} as `trainModel`. */
  addDataset(submission: DatasetSubmission): Promise<Task> {
    const { dataset } = submission;
    return this.#submit(submission, {
      kind: WorkKind.Dataset,
      digest: workDigest({ name: dataset.name, digest: dataset.digest }),
      defaultTimeoutMs: CHECK_TIMEOUT_MS,
      ask: async () => ({ dataset }),
    });
  }

  async #submit(asked: Asked, question: Question): Promise<Task> {
    const { options } = asked;
    checkWorkOptions(options);
    using place = options.waitMs ? this.#options.places.reserve(asked) : undefined;
    const { requestId } = options;
    const task =
      requestId == null
        ? await this.#accept(await this.#newJob(asked, question))
        : await this.#acceptOnce(
            asked,
            requestHash(asked.owner, asked.model.manifest.name, requestId),
            question,
          );
    return place === undefined ? task : await this.#endOf(task, place, asked);
  }

  async #newJob(
    { model, owner, options, trace }: Asked,
    { kind, defaultTimeoutMs, ask }: Question,
  ): Promise<{ readonly address: WorkAddress; readonly job: WorkJob }> {
    const { broker, home, unfinished } = this.#options;
    const what = await ask();
    await unfinished.admit(owner);
    const submittedAt = broker.now();
    const deadline = submittedAt + (options.timeoutMs ?? defaultTimeoutMs);
    const address = newWorkAddress({
      kind,
      model: model.manifest.name,
      home,
      deadlineSecond: Math.ceil(deadline / 1000),
      openedAt: Math.floor(submittedAt * 10),
    });
    const job = {
      v: MESSAGE_VERSION,
      taskId: address.id,
      model: address.model,
      owner,
      submittedAt,
      deadline,
      labels: labelsOf(options),
      requestId: options.requestId ?? undefined,
      trace: trace?.traceparent,
      ...what,
    };
    return { address, job };
  }

  /**
   * The first that writes the record of the request decides which work it stands for.
   *
   * @param hash names the record.
   */
  async #acceptOnce(asked: Asked, hash: string, question: Question): Promise<Task> {
    const { broker, storing } = this.#options;
    const { work } = broker;
    const { owner, options } = asked;
    const model = asked.model.manifest.name;
    const read = () => work.readRequest(hash, { model, owner });
    let first = await read();
    if (first === undefined) {
      const made = await this.#newJob(asked, question);
      const request = { v: MESSAGE_VERSION, inputDigest: question.digest, job: made.job };
      const { giveUpAt } = firstTry();
      first = await claimRequest({
        store: () => storing.untilAnswered(giveUpAt, () => work.storeRequest(hash, request)),
        read,
      });
      if (first === undefined) return this.#accept(made);
    }
    const { request, address } = first;
    if (request.inputDigest !== question.digest)
      throw requestIdConflict(options.requestId ?? hash, 'question');
    return this.#acceptAgain({ address, job: request.job });
  }

  async #accept({ address, job }: { readonly address: WorkAddress; readonly job: WorkJob }): Promise<Task> {
    await this.#options.queue.store(address, job, firstTry().giveUpAt);
    return workTask({ job, results: [] });
  }

  /** The first try may have ended anywhere: after its record, after its job, or with an end. */
  async #acceptAgain({
    address,
    job,
  }: {
    readonly address: WorkAddress;
    readonly job: WorkJob;
  }): Promise<Task> {
    const { broker, reader } = this.#options;
    const present = await reader.present(address);
    if (present !== undefined && 'end' in present) return present.end;
    if (broker.now() < job.deadline) {
      await this.#options.queue.store(address, job, firstTry().giveUpAt);
      return workTask({ job, ...(await broker.work.readSteps(address)) });
    }
    const { v: _, ...end } = await endWork(broker, address, job, expiredWork(job));
    return end;
  }

  /** It is accepted: a failure from now on is no error. */
  async #endOf(task: Task, place: Disposable, { options, owner, limitedKey, gone }: Asked): Promise<Task> {
    if (isFinal(task)) return task;
    const { watches, reader } = this.#options;
    try {
      place[Symbol.dispose]();
      const watch = await watches.watch(task.id, { owner, limitedKey, readable: owner, finalOnly: true });
      return (await nextWithin(watch, options.waitMs ?? 0, gone)) ?? (await reader.find(task.id, owner));
    } catch {
      return task;
    }
  }
}

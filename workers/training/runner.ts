/**
 * Runs the steps that a trainer takes. The order of writes is always the same: the try is counted → the result is stored
 * → the next step is queued, or the task ends → the job leaves its queue. So whatever dies in between, the next delivery
 * finds how far it came.
 *
 *  done before  the result, or the end of the task, is stored already: only what follows is left to do.
 *  running      the lease is renewed. The step ends early if its task ends, if the trainer stops, or if another trainer
 *               has begun a later try.
 *  failed       by its own fault: its task ends.
 *  lost         its process died, or something unforeseen happened: it is handed back for another try, if there is one.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Broker, TakenStep } from '../../src/broker/broker.ts';
import { endWork, expiredWork } from '../../src/broker/endWork.ts';
import type { Artifacts } from '../../src/contract/artifact.ts';
import { brokerUnavailable, messageOf, RequestError, RequestErrorCode } from '../../src/contract/errors.ts';
import { MESSAGE_VERSION, NewerMessage } from '../../src/contract/messages/decoder.ts';
import type { StepJob, StepResult } from '../../src/contract/messages/work.ts';
import { shortText, TaskErrorCode, TaskState } from '../../src/contract/task.ts';
import { taskFields } from '../../src/contract/trace.ts';
import type { StepName } from '../../src/contract/work.ts';
import type { WorkAddress } from '../../src/contract/workId.ts';
import type { WorkOutcome } from '../../src/contract/workTask.ts';
import type { Model } from '../../src/models/models.ts';
import { publicReason } from '../../src/models/publicReason.ts';
import type { Logger } from '../../src/process/log.ts';
import { EndWatch } from './endWatch.ts';
import type { Scratch } from './scratch.ts';
import { type DoneStep, type SettleOptions, settleStep } from './settleStep.ts';
import { type Step, StepFailed, type StepOutcome } from './step.ts';
import { contextOf } from './stepContext.ts';
import { readStep } from './stepDelivery.ts';
import type { StepEvents, StepOutcomeName } from './stepEvents.ts';
import { TaskLog } from './taskLog.ts';
import { Overtaken, TryProgress } from './tryProgress.ts';

export interface RunnerOptions extends Pick<SettleOptions, 'conclude'> {
  readonly broker: Broker;
  readonly artifacts: Artifacts;
  /** Its name. */
  readonly trainer: string;
  readonly modelNamed: (name: string) => Model | undefined;
  readonly steps: Readonly<Record<StepName, Step>>;
  readonly scratch: Scratch;
  readonly modelsDir: string;
  readonly events: Pick<StepEvents, 'emit'>;
  /** Aborted when the trainer stops. */
  readonly stopping: AbortSignal;
  readonly log: Logger;
}

/** What becomes of the job of a step. */
type Verdict = { readonly type: 'ack' | 'forget' } | { readonly type: 'handBack'; readonly delayMs: number };

const ACK: Verdict = { type: 'ack' };
/** A step whose process died, or that this trainer cannot run now, is offered again. */
const AGAIN: Verdict = { type: 'handBack', delayMs: 1_000 };
/** Another trainer works on the step, has begun it at the same time, or has the model. */
const LATER: Verdict = { type: 'handBack', delayMs: 3_000 };
const AT_ONCE: Verdict = { type: 'handBack', delayMs: 0 };
const RETRY_MS = 500;
/** As long as a step waits for room for its artifacts. */
const FULL_WITHIN_MS = 10 * 60_000;
/** Of the check of a dataset. Those of a training are in its manifest. */
const MOST_CHECKS = 3;

/** The task has ended: it was cancelled, or its time is over. */
class TaskEnded extends Error {}

export class StepRunner {
  readonly #options: RunnerOptions;
  /** The tasks of which this trainer has a step. */
  readonly #running = new Set<string>();

  constructor(options: RunnerOptions) {
    this.#options = options;
  }

  /** Brings a step to its verdict. It does not throw. */
  async run(delivery: TakenStep): Promise<void> {
    const verdict = await this.#verdictOn(delivery).catch((error: unknown) => {
      const fields = { subject: delivery.subject, reason: messageOf(error) };
      if (error instanceof RequestError || this.#options.stopping.aborted)
        this.#options.log.warn(fields, 'step handed back');
      else this.#options.log.error({ ...fields, err: error }, 'step handed back');
      return AGAIN;
    });
    if (verdict.type === 'handBack') delivery.handBack(verdict.delayMs);
    else if (verdict.type === 'ack') delivery.ack();
    else delivery.forget();
  }

  async #verdictOn(delivery: TakenStep): Promise<Verdict> {
    const read = readStep(delivery);
    // A gateway removes it.
    if (read === undefined) return LATER;
    const { address, job } = read;
    if (typeof job === 'string') return this.#endMalformed(address, job);
    // The broker was away for longer than the lease, and offers the step again.
    if (this.#running.has(address.id)) return LATER;
    this.#running.add(address.id);
    try {
      return await this.#work(address, job);
    } finally {
      this.#running.delete(address.id);
    }
  }

  async #work(address: WorkAddress, job: StepJob): Promise<Verdict> {
    const { broker, stopping, events } = this.#options;
    const log = this.#logOf(job);
    const ending = new AbortController();
    const onEnd = () => ending.abort(new TaskEnded());
    using _watch = await EndWatch.open({ broker, address, job, log, onEnd });
    if ((await broker.work.readEnd(address)) !== undefined) return await this.#remove(address);
    if (broker.now() >= job.deadline) return await this.#end(address, job, expiredWork(job));
    const done = await broker.work.readStepResult(job.taskId, job.step);
    if (done !== undefined)
      return await this.#ending(address, job, ending.signal, () =>
        this.#settle({ address, job, result: done }, ending.signal),
      );

    const model = this.#options.modelNamed(job.model);
    if (model === undefined) {
      log.warn({ model: job.model }, 'a step is of a model that this trainer does not have');
      return LATER;
    }
    const signal = AbortSignal.any([ending.signal, stopping]);
    const maxAttempts = job.training?.maxAttempts ?? MOST_CHECKS;
    const onOvertaken = () => ending.abort(new Overtaken('another trainer has begun a later try'));
    const trying = { broker, job, log, signal, trainer: this.#options.trainer, onOvertaken };
    let progress: TryProgress | undefined;
    try {
      progress = await TryProgress.begin(trying, maxAttempts);
    } catch (error) {
      if (ending.signal.aborted) return await this.#remove(address);
      if (error instanceof Overtaken) return LATER;
      throw error;
    }
    if (progress === undefined)
      return await this.#fail(
        address,
        job,
        `${maxAttempts} tries were begun, and the trainers of all of them were lost.`,
      );
    await using _progress = progress;
    await using taskLog = new TaskLog({ broker, job });
    const write = (line: string) => taskLog.write(line);
    log.info({ attempt: progress.attempts }, 'step begun');
    events.emit('begun', job);
    const startedAt = broker.now();
    const told = { job, attempt: progress.attempts, startedAt };
    let outcome: StepOutcome;
    try {
      await using context = await contextOf({ ...this.#options, job, model, progress, signal, write });
      outcome = await this.#options.steps[job.step](context);
    } catch (error) {
      const failed = { outcome: outcomeOf(error, signal), errorCode: codeOf(error) };
      events.emit('over', { ...told, ...failed, endedAt: broker.now() });
      return await this.#afterFailure(error, { address, job, progress, maxAttempts, signal, taskLog });
    }
    const finishedAt = broker.now();
    events.emit('over', { ...told, outcome: 'done', errorCode: undefined, endedAt: finishedAt });
    const given: StepResult = {
      ...{ v: MESSAGE_VERSION, taskId: job.taskId, step: job.step, trainer: this.#options.trainer },
      ...{ startedAt, finishedAt, attempts: progress.attempts },
      output: outcome.output,
      ...(outcome.note === undefined ? {} : { note: shortText(outcome.note) }),
    };
    // Before the end: readers of the log stop at the end of the task.
    await taskLog.flush();
    return await this.#ending(address, job, ending.signal, async () => {
      const result = await this.#store(job, given, ending.signal);
      log.info('step done');
      return this.#settle({ address, job, result }, ending.signal);
    });
  }

  /** Makes the writes after a step. If one of them is refused for good, the task fails. */
  async #ending(
    address: WorkAddress,
    job: StepJob,
    ended: AbortSignal,
    write: () => Promise<Verdict>,
  ): Promise<Verdict> {
    try {
      return await write();
    } catch (error) {
      if (ended.reason instanceof TaskEnded) return this.#remove(address);
      if (error instanceof StepFailed) return this.#failWith(address, job, error);
      if (isFull(error)) return this.#endFull(address, job, error);
      throw error;
    }
  }

  async #afterFailure(
    error: unknown,
    { address, job, progress, maxAttempts, signal, taskLog }: FailedTry,
  ): Promise<Verdict> {
    const { stopping } = this.#options;
    const log = this.#logOf(job);
    const fields = { attempt: progress.attempts };
    if (signal.reason instanceof TaskEnded) {
      log.info(fields, 'step ended early, with its task');
      return this.#remove(address);
    }
    if (signal.reason instanceof Overtaken) {
      log.warn(fields, 'step given up: another trainer has begun a later try');
      return { type: 'forget' };
    }
    if (stopping.aborted) {
      await progress.giveBack();
      return AT_ONCE;
    }
    if (error instanceof StepFailed) {
      log.warn({ ...fields, code: error.code, reason: error.message }, 'step failed');
      await taskLog.flush();
      return this.#failWith(address, job, error);
    }
    if (isFull(error)) {
      await taskLog.flush();
      return this.#endFull(address, job, error);
    }
    if (error instanceof RequestError && error.code === RequestErrorCode.BrokerUnavailable) {
      log.warn({ ...fields, reason: error.message }, 'step handed back');
      await progress.giveBack();
      return AGAIN;
    }
    log.error({ ...fields, err: error }, 'a try was lost');
    const lost = `Try ${progress.attempts} of ${maxAttempts} was lost: ${this.#shown(messageOf(error))}`;
    taskLog.write(lost);
    await taskLog.flush();
    return progress.attempts < maxAttempts ? AGAIN : this.#fail(address, job, lost);
  }

  /** Its lines name the task and the step. */
  #logOf({ taskId, trace, step }: StepJob): Logger {
    return this.#options.log.child({ ...taskFields(taskId, trace), step });
  }

  /** @returns the result that is stored: this one, or that of a trainer that was faster. */
  #store(job: StepJob, result: StepResult, ended: AbortSignal): Promise<StepResult> {
    const { work } = this.#options.broker;
    const store = async () => {
      const outcome = await work.storeStepResult(result);
      if (outcome.type === 'stored') return result;
      const first = await work.readStepResult(result.taskId, result.step);
      if (first !== undefined) return first;
      const { reason } = outcome;
      if (outcome.type === 'refused')
        throw new StepFailed(TaskErrorCode.TrainingFailed, `what the step gave cannot be stored: ${reason}`);
      if (outcome.type === 'full')
        throw new RequestError(
          RequestErrorCode.BlobStoreFull,
          `There is no room for what the step gave (${reason}).`,
        );
      throw brokerUnavailable(reason);
    };
    return this.#untilAnswered(job, store, ended);
  }

  async #settle(done: DoneStep, ended: AbortSignal): Promise<Verdict> {
    await this.#untilAnswered(done.job, () => settleStep(done, this.#options), ended);
    return ACK;
  }

  #failWith(address: WorkAddress, job: StepJob, { code, message }: StepFailed): Promise<Verdict> {
    return this.#end(address, job, {
      state: TaskState.Failed,
      error: { code, message: this.#shown(message) },
    });
  }

  #fail(address: WorkAddress, job: StepJob, message: string): Promise<Verdict> {
    const code = job.training === undefined ? TaskErrorCode.DataUnusable : TaskErrorCode.TrainingFailed;
    return this.#end(address, job, { state: TaskState.Failed, error: { code, message: shortText(message) } });
  }

  /** Clients see no paths of this machine. Its log has them. */
  #shown(message: string): string {
    return shortText(publicReason(message, this.#options.modelsDir));
  }

  #endFull(address: WorkAddress, job: StepJob, { message }: RequestError): Promise<Verdict> {
    return this.#end(address, job, {
      state: TaskState.Failed,
      error: { code: TaskErrorCode.StoreFull, message },
    });
  }

  async #end(address: WorkAddress, job: StepJob, outcome: WorkOutcome): Promise<Verdict> {
    await this.#untilAnswered(job, () => endWork(this.#options.broker, address, job, outcome));
    return ACK;
  }

  /** The whole job may be readable. Then the client is told; otherwise a gateway ends it when its time is over. */
  async #endMalformed(address: WorkAddress, problem: string): Promise<Verdict> {
    const { broker, log } = this.#options;
    log.error({ taskId: address.id, problem }, 'the job of a step cannot be read');
    const job = await broker.work.readJob(address);
    const error = {
      code: TaskErrorCode.MalformedJob,
      message: `The job of a step cannot be read: ${problem}`,
    };
    if (job !== undefined) await endWork(broker, address, job, { state: TaskState.Failed, error });
    return job === undefined ? LATER : ACK;
  }

  /** The process that ended the task may have died before it took the task off its queue. */
  async #remove(address: WorkAddress): Promise<Verdict> {
    await this.#options.broker.work.remove(address);
    return ACK;
  }

  /**
   * Tries again while the broker does not answer, and for ten minutes while it has no room, until the trainer stops. The
   * lease is renewed.
   *
   * @param ended aborted once the task has ended: then nothing is left to store.
   */
  async #untilAnswered<T>(job: StepJob, ask: () => Promise<T>, ended?: AbortSignal): Promise<T> {
    const { stopping } = this.#options;
    const giveUpAt = performance.now() + FULL_WITHIN_MS;
    for (let tries = 1; ; tries++) {
      try {
        return await ask();
      } catch (error) {
        const isOver = stopping.aborted || ended?.aborted || (isFull(error) && performance.now() > giveUpAt);
        if (!(error instanceof RequestError) || error instanceof NewerMessage || isOver) throw error;
        if (tries === 1) this.#logOf(job).warn({ reason: error.message }, 'not stored yet, trying again');
        await sleep(RETRY_MS, undefined, { signal: stopping });
      }
    }
  }
}

function outcomeOf(error: unknown, signal: AbortSignal): StepOutcomeName {
  if (signal.aborted) return 'stopped';
  return error instanceof StepFailed || isFull(error) ? 'failed' : 'lost';
}

function codeOf(error: unknown): string {
  if (error instanceof StepFailed || error instanceof RequestError) return error.code;
  return error instanceof Error ? error.name : 'Error';
}

function isFull(error: unknown): error is RequestError {
  return error instanceof RequestError && error.code === RequestErrorCode.BlobStoreFull;
}

interface FailedTry {
  readonly address: WorkAddress;
  readonly job: StepJob;
  readonly progress: TryProgress;
  readonly maxAttempts: number;
  readonly signal: AbortSignal;
  readonly taskLog: TaskLog;
}

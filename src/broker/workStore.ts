/**
 * The streams of work: its jobs, what its steps gave, its progress and its end. Its log is in `WorkLog`.
 *
 * All but progress is written once: the first message of a subject stays, and later ones are refused.
 */
import type { StoredMsg } from '@nats-io/jetstream';
import { messageOf } from '../contract/errors.ts';
import {
  encodeMessage,
  MalformedMessage,
  requireAsInSubject,
  requireThat,
} from '../contract/messages/decoder.ts';
import {
  decodeStepResult,
  decodeWorkEnd,
  decodeWorkJob,
  decodeWorkProgress,
  decodeWorkRequest,
  type StepJob,
  type StepResult,
  type WorkEnd,
  type WorkJob,
  type WorkProgress,
  type WorkRequest,
} from '../contract/messages/work.ts';
import { streams, subjects } from '../contract/subjects.ts';
import { MAX_HISTORY, withShortMessage } from '../contract/task.ts';
import { STEPS_OF, type StepName, WorkKind } from '../contract/work.ts';
import { parseWorkId, type WorkAddress } from '../contract/workId.ts';
import type { KnownWork } from '../contract/workTask.ts';
import type { LimitedLog } from '../process/limitedLog.ts';
import type { Listening, Notices } from './notices.ts';
import type { Publisher } from './publisher.ts';
import type { NotStored, PublishOutcome } from './publishOutcome.ts';
import type { StoredJob } from './storedJob.ts';
import type { StoredMessages } from './storedMessages.ts';

export interface WorkStoreOptions {
  readonly publisher: Publisher;
  readonly stored: StoredMessages;
  readonly notices: Notices;
  readonly log: LimitedLog;
}

export interface StoredProgress {
  readonly sequence: number;
  readonly progress: WorkProgress | undefined;
}

/** How often a write of an end begins anew because the message before it could not be read. */
const WRITE_TRIES = 3;

export class WorkStore {
  readonly #options: WorkStoreOptions;

  constructor(options: WorkStoreOptions) {
    this.#options = options;
  }

  // Writing. What is written once is `alreadyThere` the second time; a job only while it waits.

  storeJob(address: WorkAddress, job: WorkJob): Promise<PublishOutcome> {
    return this.#storeFirst(subjects.work(address), job);
  }

  /** @param hash see `requestHash`. */
  storeRequest(hash: string, request: WorkRequest): Promise<PublishOutcome> {
    return this.#storeFirst(subjects.workRequest(hash), request);
  }

  storeStepJob(address: WorkAddress, job: StepJob, trainerClass: string): Promise<PublishOutcome> {
    return this.#storeFirst(subjects.stepJob(address, job.step, trainerClass), job);
  }

  storeStepResult(result: StepResult): Promise<PublishOutcome> {
    return this.#storeFirst(subjects.step(result.taskId, result.step), result);
  }

  /** @param after the sequence of the progress that it replaces, see `lastProgress`; 0 if there was none. */
  storeProgress(progress: WorkProgress, after: number): Promise<PublishOutcome> {
    const { publisher } = this.#options;
    return publisher.publish(subjects.progress(progress.taskId), encodeMessage(progress), { after });
  }

  /** Tells progress to the gateways where the task is watched. It may be lost. */
  tellProgress(progress: WorkProgress): void {
    this.#options.notices.tell(subjects.working(progress.taskId), encodeMessage(progress));
  }

  /** @returns the end that stands now: this one, or the one that was first. */
  async storeEnd(address: WorkAddress, end: WorkEnd): Promise<WorkEnd | NotStored> {
    let after = 0;
    for (let tries = 1; ; tries++) {
      const payload = encodeMessage(end);
      const outcome = await this.#options.publisher.publish(subjects.run(address), payload, { after });
      if (outcome.type === 'stored') return end;
      if (outcome.type !== 'alreadyThere' && outcome.type !== 'changed') return outcome;
      const first = await this.#last(streams.runs, subjects.run(address), (data) => endIn(data, address));
      if (first?.content !== undefined || tries === WRITE_TRIES) return first?.content ?? outcome;
      // What cannot be read is not ours, and is no end. Ours takes its place.
      after = first?.sequence ?? 0;
    }
  }

  /**
   * Takes work off its queue, with its steps and what they gave. Only after its end is stored: the end tells of them. The
   * results go last, so that a reader that still finds the job has read them all.
   */
  async remove(address: WorkAddress): Promise<void> {
    const { stored } = this.#options;
    await stored.purge(streams.work, { filter: subjects.stepJobsOf(address) });
    await stored.purge(streams.work, { filter: subjects.work(address) });
    await stored.purge(streams.steps, { filter: subjects.stepsOf(address.id) });
  }

  /** Removes a message of the queue, whatever its subject is. */
  delete(sequence: number): Promise<void> {
    return this.#options.stored.delete(streams.work, sequence);
  }

  // Reading. Each throws a RequestError: `BROKER_UNAVAILABLE` if the broker does not answer, `NEWER_GATEWAY_NEEDED` for a
  // message of a newer process. A message that cannot be read counts as none.

  readJob(address: WorkAddress): Promise<WorkJob | undefined> {
    return this.#read(streams.work, subjects.work(address), (data) => jobOf(decodeWorkJob(data), address));
  }

  /** The record of a request, and the address of its work. */
  readRequest(
    hash: string,
    { model, owner }: Pick<WorkJob, 'model' | 'owner'>,
  ): Promise<{ readonly request: WorkRequest; readonly address: WorkAddress } | undefined> {
    return this.#read(streams.steps, subjects.workRequest(hash), (data) => {
      const request = decodeWorkRequest(data);
      const { job } = request;
      const address = parseWorkId(job.taskId);
      if (address?.model !== model) throw new MalformedMessage(`the record must be of work of ${model}`);
      requireThat(job.owner === owner, 'job.owner', JSON.stringify(owner), job.owner);
      jobOf(job, address);
      return { request, address };
    });
  }

  readStepResult(taskId: string, step: StepName): Promise<StepResult | undefined> {
    return this.#read(streams.steps, subjects.step(taskId, step), (data) => {
      const result = decodeStepResult(data);
      requireAsInSubject('taskId', result.taskId, taskId);
      requireAsInSubject('step', result.step, step);
      return result;
    });
  }

  /** The newest progress, and its sequence; without it, what is there cannot be read. */
  async lastProgress(taskId: string): Promise<StoredProgress | undefined> {
    const last = await this.#last(streams.progress, subjects.progress(taskId), (data) =>
      progressIn(data, taskId),
    );
    return last && { sequence: last.sequence, progress: last.content };
  }

  readEnd(address: WorkAddress): Promise<WorkEnd | undefined> {
    return this.#read(streams.runs, subjects.run(address), (data) => endIn(data, address));
  }

  /** What its steps gave, and the progress of the one that was started last. */
  async readSteps({ id, kind }: WorkAddress): Promise<Omit<KnownWork, 'job'>> {
    const [last, ...results] = await Promise.all([
      this.lastProgress(id),
      ...STEPS_OF[kind].map((step) => this.readStepResult(id, step)),
    ]);
    return { progress: last?.progress, results: results.flatMap((result) => result ?? []) };
  }

  /** Whether a trainer of a class asks for steps, or has one. */
  async hasTrainers(trainerClass: string): Promise<boolean> {
    const all = await this.#options.stored.ask((manager) =>
      Array.fromAsync(manager.consumers.list(streams.work)),
    );
    return all.some(
      ({ name, num_waiting, num_ack_pending }) =>
        name.endsWith(`_${trainerClass}`) && num_waiting + num_ack_pending > 0,
    );
  }

  /** The work that waits or runs, and the steps that do, by their subjects: see `parseWorkSubject`. */
  queuedSubjects(): Promise<readonly string[]> {
    return this.#subjects(streams.work, '>');
  }

  /** The ids of work that has ended, of a model or of all, in no order. */
  async endedIds(model: string | undefined): Promise<readonly string[]> {
    const found = await this.#subjects(streams.runs, subjects.runsOf(model));
    return found.map((subject) => subject.slice(subject.lastIndexOf('.') + 1));
  }

  /** @returns the first message of the queue from a sequence on, whatever it is. */
  async nextQueued(fromSequence: number): Promise<StoredJob | undefined> {
    // The filter for all subjects: one with the tokens of a job would not match a subject that contains a wildcard.
    const message = await this.#options.stored.next(streams.work, '>', fromSequence);
    if (message === undefined) return undefined;
    const { subject, data, seq, timestamp } = message;
    return { subject, data, sequence: seq, storedAt: Date.parse(timestamp) };
  }

  // Listening. Each resolves once the broker listens. What is heard may be lost: the stream has it.

  listenEnd(address: WorkAddress, listener: (end: WorkEnd) => void): Promise<Listening> {
    return this.#options.notices.listenNow(subjects.ran(address.id), ({ data }) =>
      listener(endIn(data, address)),
    );
  }

  listenProgress(taskId: string, listener: (progress: WorkProgress) => void): Promise<Listening> {
    return this.#options.notices.listenNow(subjects.working(taskId), ({ data }) =>
      listener(progressIn(data, taskId)),
    );
  }

  /** The expected sequence tells "it is there" from "the stream is full", also in a cluster. */
  #storeFirst(subject: string, message: object): Promise<PublishOutcome> {
    return this.#options.publisher.publish(subject, encodeMessage(message), { after: 0 });
  }

  async #read<T>(stream: string, subject: string, decode: (data: Uint8Array) => T): Promise<T | undefined> {
    return (await this.#last(stream, subject, decode))?.content;
  }

  async #last<T>(stream: string, subject: string, decode: (data: Uint8Array) => T) {
    return this.#options.stored.last(stream, subject, ({ data, seq }: StoredMsg) => ({
      sequence: seq,
      content: this.#readable(subject, () => decode(data)),
    }));
  }

  #readable<T>(subject: string, decode: () => T): T | undefined {
    try {
      return decode();
    } catch (error) {
      if (!(error instanceof MalformedMessage)) throw error;
      const fields = () => ({ subject, reason: messageOf(error) });
      this.#options.log.warn('work', fields, 'a message about work cannot be read');
      return undefined;
    }
  }

  async #subjects(stream: string, filter: string): Promise<readonly string[]> {
    const query = { subjects_filter: filter };
    const { state } = await this.#options.stored.ask((manager) => manager.streams.info(stream, query));
    return Object.keys(state.subjects ?? {});
  }
}

/** What the subject of a queued message says. */
export interface WorkSubject {
  readonly address: WorkAddress;
  /** Of the job of a step. */
  readonly step: string | undefined;
}

/** @returns undefined for a subject that no process of ours has made. */
export function parseWorkSubject(subject: string): WorkSubject | undefined {
  const [, , , id = '', step] = subject.split('.');
  const address = parseWorkId(id);
  if (address === undefined) return undefined;
  const whole = subjects.work(address);
  return subject === whole || subject.startsWith(`${whole}.`) ? { address, step } : undefined;
}

/** A job that belongs to an address. @throws {MalformedMessage} */
function jobOf(job: WorkJob, { id, model, kind, deadlineSecond }: WorkAddress): WorkJob {
  requireAsInSubject('taskId', job.taskId, id);
  requireAsInSubject('model', job.model, model);
  const isOfId = Math.ceil(job.deadline / 1000) === deadlineSecond;
  requireThat(isOfId, 'deadline', 'in the second that the task id names', job.deadline);
  const { dataset, training } = job;
  const hasKind = kind === WorkKind.Dataset ? dataset && !training : training && !dataset;
  requireThat(Boolean(hasKind), 'the message', `a job of the kind ${kind}`, 'another');
  return job;
}

function progressIn(data: Uint8Array, taskId: string): WorkProgress {
  const progress = decodeWorkProgress(data);
  requireAsInSubject('taskId', progress.taskId, taskId);
  return progress;
}

/** What is too long is cut off, not refused: the end is worth more than all of its text. */
function endIn(data: Uint8Array, address: WorkAddress): WorkEnd {
  const end = decodeWorkEnd(data);
  requireAsInSubject('id', end.id, address.id);
  requireAsInSubject('model', end.model, address.model);
  requireAsInSubject('work.kind', end.work.kind, address.kind);
  const { error, history } = end;
  return {
    ...end,
    ...(error && { error: withShortMessage(error) }),
    ...(history && { history: history.slice(-MAX_HISTORY) }),
  };
}

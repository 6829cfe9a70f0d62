/** Tasks with a `requestId`: it stands for one task, whichever gateways are asked, and however often. */
import type { Broker } from '../broker/broker.ts';
import { requestHash } from '../contract/digests.ts';
import { RequestError, RequestErrorCode } from '../contract/errors.ts';
import { MESSAGE_VERSION } from '../contract/messages/decoder.ts';
import type { ExpectedRequest } from '../contract/messages/requestRecord.ts';
import type { Task } from '../contract/task.ts';
import type { Acceptance } from './acceptance.ts';
import type { Admission } from './admission.ts';
import type { RequestRecords } from './requestRecords.ts';
import { resultStoreFull } from './resultAdmission.ts';
import { furtherTry, type Try } from './storing.ts';
import type { TaskReader } from './taskReader.ts';
import type { Question, TaskToAccept } from './taskToAccept.ts';

export interface RequestsOptions {
  readonly broker: Pick<Broker, 'now'>;
  readonly records: RequestRecords;
  readonly acceptance: Acceptance;
  readonly admission: Pick<Admission, 'results'>;
  readonly reader: Pick<TaskReader, 'known' | 'stored' | 'mayBeGone'>;
}

/** A `requestId` with its question. */
interface Request {
  readonly hash: string;
  readonly digest: string;
  readonly asked: ExpectedRequest;
}

export class Requests {
  readonly #options: RequestsOptions;

  constructor(options: RequestsOptions) {
    this.#options = options;
  }

  /**
   * Accepts a task, or finds the task of an earlier try: the first that writes the record decides.
   *
   * @param task that asks the question.
   * @throws {RequestError} as `Acceptance.accept`, `REQUEST_ID_CONFLICT`, `RESULT_EXPIRED`.
   */
  async accept(task: TaskToAccept, question: Question, requestId: string): Promise<Task> {
    const { records, acceptance, admission } = this.#options;
    const attempt = furtherTry();
    const { hash, digest, asked } = requestOf(question, requestId);
    const record = { v: MESSAGE_VERSION, job: task.job, inputDigest: digest };
    // A retry of a known request is answered all the same. A new record would stand for a task that is refused below.
    if (admission.results.isFull && (await records.read(hash, asked)) === undefined) throw resultStoreFull();
    for (;;) {
      const first = await records.claim(hash, record, asked, attempt.giveUpAt);
      if (first === undefined) return acceptance.accept(task, attempt);
      if (first.record.inputDigest !== digest) throw requestIdConflict(requestId);
      const earlier = question.sameTask(first.record.job, first.address);
      const accepted = await this.#acceptAgain(earlier, attempt);
      if (accepted !== undefined) return accepted;
      // The first try was refused, and its time is over: this one takes its place.
      await records.forget(hash, first);
    }
  }

  /** The task of an earlier try, if there was one with the same question, and a task came of it. */
  async acceptedBefore(question: Question, requestId: string): Promise<Task | undefined> {
    const { hash, digest, asked } = requestOf(question, requestId);
    const first = await this.#options.records.read(hash, asked);
    if (first === undefined || first.record.inputDigest !== digest) return undefined;
    return this.#acceptAgain(question.sameTask(first.record.job, first.address), furtherTry());
  }

  /**
   * The first try may have ended anywhere: between record and job, in the queue, or with a result.
   *
   * @returns undefined if its job was never stored, and the time for that is over.
   */
  async #acceptAgain(task: TaskToAccept, attempt: Try): Promise<Task | undefined> {
    const { broker, acceptance, reader } = this.#options;
    const { job, address } = task;
    const known = reader.known(address, job.owner);
    if (known !== undefined) return known;
    const present = (await reader.stored(address, job.owner))?.task;
    const isInTime = broker.now() < job.deadline;
    if (present !== undefined && !(isInTime && (await task.isIncomplete(present)))) return present;
    if (isInTime) return acceptance.accept(task, attempt);
    if (reader.mayBeGone(address)) throw requestExpired();
    return undefined;
  }
}

function requestOf(question: Question, requestId: string): Request {
  const { asked, rowCount } = question;
  const { owner } = asked;
  const model = asked.model.manifest.name;
  const digest = question.digest();
  return { hash: requestHash(owner, model, requestId), digest, asked: { model, owner, digest, rowCount } };
}

/** Says nothing of the first task: another caller may have thought of the same requestId, or guessed it. */
export function requestIdConflict(requestId: string, question = 'input and modelVersion'): RequestError {
  return new RequestError(
    RequestErrorCode.RequestIdConflict,
    `requestId ${JSON.stringify(requestId)} must be used with one ${question} only; it came with another before. Use a new requestId for a new question.`,
    { details: { field: 'requestId' } },
  );
}

function requestExpired(): RequestError {
  return new RequestError(
    RequestErrorCode.ResultExpired,
    'The task of this requestId has ended, and its result is gone. Use a new requestId to ask again.',
  );
}

/**
 * Stores what brings tasks to their end, however long it takes; the lease is renewed meanwhile. The order is always the
 * same: dead letter (if it is one) → ends → the job leaves its queue.
 */
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Broker, Delivery, NotStored } from '../src/broker/broker.ts';
import { messageOf, RequestError } from '../src/contract/errors.ts';
import { MESSAGE_VERSION, NewerMessage } from '../src/contract/messages/decoder.ts';
import { type EndsCommon, type EndsPart, partWithout } from '../src/contract/messages/ends.ts';
import type { Suspect } from '../src/contract/messages/suspectMark.ts';
import { parseJobSubject } from '../src/contract/subjects.ts';
import { shortText, type TaskError, TaskErrorCode } from '../src/contract/task.ts';
import { type BundleAddress, unnamedTaskId } from '../src/contract/taskId.ts';
import type { TaskFields } from '../src/contract/trace.ts';
import type { SettleOptions } from './assignment.ts';

const RETRY_MS = 500;
/**
 * The longest part of a job that is kept: base64 adds a third, and the letter must fit into a message of the broker (1
 * MiB).
 */
const DEAD_JOB_MAX_BYTES = 512 * 1024;

/**
 * Tries until the broker has stored or answered something.
 *
 * @returns undefined if the worker has to stop before.
 * @throws {NewerMessage} if only newer processes can read what is stored.
 */
export async function untilStored<T extends object>(
  attempt: () => Promise<T | NotStored>,
  fields: TaskFields,
  { broker, log, signal }: SettleOptions,
): Promise<T | undefined> {
  for (let attempts = 1; !signal.aborted; attempts++) {
    const answer = await attempt().catch(unanswered);
    if (!isNotStored(answer)) return answer;
    if (attempts === 1) log.warn({ ...fields, reason: answer.reason }, 'not stored yet, trying again');
    await waitToRetry(broker, signal);
  }
  return undefined;
}

function isNotStored(answer: object): answer is NotStored {
  return 'type' in answer && answer.type !== 'stored';
}

function unanswered(error: unknown): NotStored {
  if (!(error instanceof RequestError) || error instanceof NewerMessage) throw error;
  return { type: 'unanswered', reason: messageOf(error) };
}

/** The ends of some rows, and what identifies their tasks in the log, in the same order. */
export interface StorableEnds {
  readonly address: BundleAddress;
  readonly common: EndsCommon;
  readonly part: EndsPart;
  readonly fieldsOf: (i: number) => TaskFields;
}

/**
 * Stores the ends of rows. Only the worker whose end is the stored one logs and counts a task as finished.
 *
 * @returns true once each row has an end, this one or an earlier one; false if the worker has to stop before.
 */
export async function storeEnds(
  { address, common, part, fieldsOf }: StorableEnds,
  options: SettleOptions,
): Promise<boolean> {
  const { broker, log, events, onFinished } = options;
  const stored = await untilStored(() => broker.ends.store(address, common, part), fieldsOf(0), options);
  if (stored === undefined) return false;
  const ours = rowsStoredAs(part, stored.ends.parts);
  if (log.isLevelEnabled('debug'))
    for (const [i, row] of part.rows.entries())
      log.debug(
        { ...fieldsOf(i), state: part.state },
        ours.includes(row)
          ? 'task finished'
          : 'the task had its end already: the result of this run is dropped',
      );
  if (ours.length > 0) onFinished(ours.length);
  events.emit('stored', { model: address.model, part, fieldsOf });
  return true;
}

/** The rows whose stored end is the one that this worker sent. The broker's answer may have been lost. */
function rowsStoredAs(sent: EndsPart, stored: readonly EndsPart[]): readonly number[] {
  if (stored.includes(sent)) return sent.rows;
  return stored.flatMap((part) => {
    const others = new Set(sent.rows.filter((row) => !part.rows.includes(row)));
    const same = partWithout(sent, others);
    return same !== undefined && isDeepStrictEqual(part, JSON.parse(JSON.stringify(same))) ? part.rows : [];
  });
}

/** A job that died. */
export interface DeadJob extends TaskFields {
  readonly subject: string;
  /** The job of the task. */
  readonly data: Uint8Array;
  readonly error: TaskError;
  readonly attempts: number;
}

export async function storeDeadLetter(
  { taskId, trace, subject, data, error: { code, message }, attempts }: DeadJob,
  options: SettleOptions,
): Promise<void> {
  const { broker, manifest, version, events, workerId, log } = options;
  const fields = { taskId, ...(trace === undefined ? {} : { trace }) };
  const letter = {
    ...{ v: MESSAGE_VERSION, taskId, model: parseJobSubject(subject).model, code, attempts, subject },
    reason: shortText(message),
    worker: workerId,
    diedAt: broker.now(),
    job: Buffer.from(data.subarray(0, DEAD_JOB_MAX_BYTES)).toString('base64'),
  };
  const store = async () => {
    const outcome = await broker.deadLetters.store(letter);
    if (outcome.type === 'unanswered') return outcome;
    // The store is full, for example. The task must reach its end all the same.
    if (outcome.type !== 'stored' && outcome.type !== 'alreadyThere')
      log.error({ ...fields, reason: outcome.reason }, 'dead letter refused');
    return letter;
  };
  await untilStored(store, fields, options);
  events.emit('died', { model: manifest.name, version });
}

/** Keeps a message that is no job as a dead letter, and takes it off its queue. No task of it is known. */
export async function settleUnreadable(
  delivery: Delivery,
  reason: string,
  options: SettleOptions,
): Promise<void> {
  const { subject, data, deliveryCount: attempts } = delivery;
  const digest = createHash('sha256').update(subject).update(data).digest('hex');
  const taskId = unnamedTaskId(parseJobSubject(subject).model, digest);
  options.log.error({ taskId, subject, reason }, 'malformed job');
  const error = { code: TaskErrorCode.MalformedJob, message: reason };
  await storeDeadLetter({ taskId, subject, data, error, attempts }, options);
  delivery.terminate(reason);
}

/** Stores the mark of a suspect before it runs alone, so that another worker can continue its count. */
export async function storeSuspectMark(
  suspect: Suspect,
  fields: TaskFields,
  soloRuns: number,
  options: SettleOptions,
): Promise<void> {
  const { manifest, version, events } = options;
  events.emit('suspected', { model: manifest.name, version });
  const mark = { v: MESSAGE_VERSION, ...suspect, soloRuns };
  await untilStored(() => options.broker.storeSuspectMark(mark), fields, options);
}

/** A mark that the broker does not remove ages out. */
export async function forgetSuspects(
  suspects: readonly Suspect[],
  { broker, log }: SettleOptions,
): Promise<void> {
  try {
    await broker.forgetSuspects(suspects);
  } catch (error) {
    log.debug({ reason: messageOf(error) }, 'marks of suspects could not be removed');
  }
}

/** Resolves after a moment, with the broker connected; at once if the signal aborts or has aborted. */
export async function waitToRetry(broker: Pick<Broker, 'whenConnected'>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const { promise: aborted, resolve } = Promise.withResolvers<void>();
  const abort = () => resolve();
  signal.addEventListener('abort', abort, { once: true });
  try {
    await Promise.race([Promise.all([broker.whenConnected(), sleep(RETRY_MS)]), aborted]);
  } finally {
    // The signal lives as long as the worker.
    signal.removeEventListener('abort', abort);
  }
}

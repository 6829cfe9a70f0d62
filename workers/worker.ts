/**
 * The worker's loop for one model version: batch → encode → run → store the results → ack.
 *
 * A job leaves its queue only after its task's final state is stored; whatever dies before that, the broker delivers
 * the job again, and the write-once result settles who was first. Results are stored while the next batch runs.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Broker, Delivery, JobSource } from '../src/broker/broker.ts';
import { messageOf } from '../src/errors.ts';
import { expiredResult } from '../src/expiry.ts';
import type { Logger } from '../src/log.ts';
import { type Manifest, validateInput } from '../src/models.ts';
import {
  decodeJob,
  type Job,
  MESSAGE_VERSION,
  NewerMessage,
  parseJobSubject,
  type Result,
  resultOf,
} from '../src/protocol.ts';
import {
  parseTaskId,
  type TaskAddress,
  type TaskError,
  TaskErrorCode,
  TaskState,
  type TaskTimings,
  type Values,
} from '../src/task.ts';
import { collectBatches } from './batcher.ts';
import { decodeBatch, encodeBatch } from './encoder.ts';
import { RunFailed, type Session, SessionCrashed } from './session.ts';

export interface WorkerOptions {
  readonly source: JobSource;
  readonly session: Pick<Session, 'run'>;
  readonly broker: Broker;
  readonly manifest: Manifest;
  readonly workerId: string;
  readonly log: Logger;
  /** Aborted when the worker shall not wait for a store that refuses any more. */
  readonly signal: AbortSignal;
}

/** A readable job of this worker's model, in its hands. */
interface Assignment {
  readonly delivery: Delivery;
  readonly job: Job;
  readonly address: TaskAddress;
  /** Runs started, as far as is known: earlier deliveries count as one each. */
  attempts: number;
}

type Outcome =
  | { readonly prediction: Values; readonly run: RunRecord }
  | { readonly error: TaskError; readonly run: RunRecord }
  | 'expired';

/** When a run started (broker time) and how long it took. */
interface RunRecord {
  readonly startedAt: number;
  readonly computeMs: number;
  readonly batchSize: number;
}

/** Runs alone that a job may spend before it is given up because it kills its session. */
const MAX_SOLO_RUNS = 3;
const NEWER_MESSAGE_DELAY_MS = 1_000;
const STORE_RETRY_MS = 500;

/** Runs until the source ends, and then until all that was run is settled. */
export async function runWorker(options: WorkerOptions): Promise<void> {
  const settling = new Set<Promise<void>>();
  for await (const deliveries of collectBatches(options.source, options.manifest.batching)) {
    const formedAt = options.broker.now();
    const batch = deliveries.flatMap((delivery) => readDelivery(delivery, options, settling));
    if (batch.length === 0) continue;
    const outcomes = await runRows(batch, options);
    batch.forEach((assignment, i) => {
      track(settling, settle(assignment, outcomes[i] ?? 'expired', formedAt, options));
    });
  }
  await Promise.all(settling);
}

/** Settling is waited for at the end only; how much of it there is, credit bounds. */
function track(settling: Set<Promise<void>>, work: Promise<void>): void {
  const tracked: Promise<void> = work.finally(() => settling.delete(tracked));
  settling.add(tracked);
}

/** @returns the assignment, or nothing if the delivery is no job that can be run: that is then settled. */
function readDelivery(
  delivery: Delivery,
  options: WorkerOptions,
  settling: Set<Promise<void>>,
): Assignment[] {
  const address = parseTaskId(parseJobSubject(delivery.subject).taskId);
  try {
    const job = decodeJob(delivery.data, delivery.subject);
    if (address === undefined) throw new Error('the subject does not end with a task id');
    return [
      {
        delivery,
        address,
        job: { ...job, input: validateInput(options.manifest, job.input) },
        attempts: delivery.deliveryCount - 1,
      },
    ];
  } catch (error) {
    if (error instanceof NewerMessage) {
      delivery.handBack(NEWER_MESSAGE_DELAY_MS);
    } else {
      track(settling, settleMalformed(delivery, address, messageOf(error), options));
    }
    return [];
  }
}

/**
 * Runs rows together. If that fails, each runs alone, so that only the culprit fails.
 *
 * @returns one outcome a row, in order.
 */
async function runRows(batch: readonly Assignment[], options: WorkerOptions): Promise<readonly Outcome[]> {
  const { broker, manifest, session, log } = options;
  const now = broker.now();
  const due = batch.filter(({ job }) => job.deadline > now);
  if (due.length < batch.length) {
    const outcomes = due.length === 0 ? [] : await runRows(due, options);
    return batch.map((assignment) => outcomes[due.indexOf(assignment)] ?? 'expired');
  }
  for (const assignment of batch) assignment.attempts++;
  announce(batch, now, broker);
  const startedAt = performance.now();
  const record = (computeMs: number) => ({ startedAt: now, computeMs, batchSize: batch.length });
  try {
    const { outputs, computeMs } = await session.run(
      encodeBatch(
        manifest,
        batch.map(({ job }) => job.input),
      ),
    );
    return decodeBatch(manifest, outputs, batch.length).map((prediction) =>
      typeof prediction === 'string'
        ? { error: { code: TaskErrorCode.InvalidOutput, message: prediction }, run: record(computeMs) }
        : { prediction, run: record(computeMs) },
    );
  } catch (error) {
    if (!(error instanceof RunFailed || error instanceof SessionCrashed || error instanceof RangeError))
      throw error;
    log.warn({ taskIds: batch.map(({ job }) => job.taskId), reason: messageOf(error) }, 'run failed');
    const [only] = batch;
    if (batch.length > 1 || only === undefined) return runAlone(batch, options);
    return [{ error: verdict(error), run: record(performance.now() - startedAt) }];
  }
}

/** One row after the other; one that kills its session gets more than one chance, for it may have been innocent. */
async function runAlone(batch: readonly Assignment[], options: WorkerOptions): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const assignment of batch) {
    let outcome: Outcome | undefined;
    for (let run = 0; run < MAX_SOLO_RUNS; run++) {
      [outcome] = await runRows([assignment], options);
      if (!crashed(outcome)) break;
    }
    outcomes.push(outcome ?? 'expired');
  }
  return outcomes;
}

function crashed(outcome: Outcome | undefined): boolean {
  return (
    typeof outcome === 'object' && 'error' in outcome && outcome.error.code === TaskErrorCode.WorkerCrashed
  );
}

function verdict(error: RunFailed | SessionCrashed | RangeError): TaskError {
  if (error instanceof SessionCrashed) {
    return { code: TaskErrorCode.WorkerCrashed, message: 'The model crashed whenever it ran this input.' };
  }
  if (error instanceof RangeError) return { code: TaskErrorCode.InvalidOutput, message: error.message };
  // What ONNX Runtime says may name files and nodes: that is for the log.
  return { code: TaskErrorCode.InferenceFailed, message: 'The model could not be run on this input.' };
}

/** Tells the gateways which of their tasks run now. */
function announce(batch: readonly Assignment[], startedAt: number, broker: Broker): void {
  for (const [home, assignments] of Map.groupBy(batch, ({ address }) => address.home)) {
    broker.announceRunning(home, {
      startedAt,
      taskIds: assignments.map(({ job }) => job.taskId),
      attempts: assignments.map(({ attempts }) => attempts),
    });
  }
}

async function settle(
  { delivery, job, address, attempts }: Assignment,
  outcome: Outcome,
  formedAt: number,
  options: WorkerOptions,
): Promise<void> {
  const { broker, log } = options;
  const finishedAt = broker.now();
  const result =
    outcome === 'expired'
      ? expiredResult(job, finishedAt)
      : ranResult(job, outcome, { attempts, formedAt, finishedAt });
  if (result.error?.code === TaskErrorCode.WorkerCrashed) {
    await storeDeadLetter(delivery, result.error.message, attempts, options);
  }
  if (await storeResult(result, address, options)) delivery.ack();
  else delivery.handBack(STORE_RETRY_MS);
  log.debug({ taskId: job.taskId, trace: job.trace, state: result.state }, 'task finished');
}

function ranResult(
  job: Job,
  outcome: Exclude<Outcome, 'expired'>,
  { attempts, formedAt, finishedAt }: { attempts: number; formedAt: number; finishedAt: number },
): Result {
  const { startedAt, computeMs, batchSize } = outcome.run;
  const timings: TaskTimings = {
    queueMs: Math.max(0, formedAt - job.submittedAt),
    batchMs: Math.max(0, startedAt - formedAt),
    computeMs,
    batchSize,
  };
  const common = { startedAt, finishedAt, attempts, timings };
  return resultOf(
    job,
    'prediction' in outcome
      ? { ...common, state: TaskState.Succeeded, prediction: outcome.prediction }
      : { ...common, state: TaskState.Failed, error: outcome.error },
  );
}

/** Whoever wrote it shall hear why it is no job; a person can look at it among the dead letters. */
async function settleMalformed(
  delivery: Delivery,
  address: TaskAddress | undefined,
  reason: string,
  options: WorkerOptions,
): Promise<void> {
  const { taskId, model, version, deadlineSecond } = parseJobSubject(delivery.subject);
  options.log.error({ taskId, reason }, 'malformed job');
  const now = options.broker.now();
  await storeDeadLetter(delivery, reason, delivery.deliveryCount, options);
  if (address !== undefined) {
    const submittedAt = Math.min(now, deadlineSecond * 1000);
    const result = resultOf(
      { taskId, model, version, submittedAt },
      {
        state: TaskState.Failed,
        finishedAt: now,
        attempts: 0,
        error: { code: TaskErrorCode.MalformedJob, message: `The job could not be read: ${reason}.` },
      },
    );
    if (!(await storeResult(result, address, options))) {
      delivery.handBack(STORE_RETRY_MS);
      return;
    }
  }
  delivery.terminate(reason);
}

/**
 * Stores a final state, for as long as it takes: the lease is renewed meanwhile.
 *
 * @returns true once the task has a final state, this one or an earlier one; false if the worker has to leave first.
 */
async function storeResult(
  result: Result,
  address: TaskAddress,
  { broker, log, signal }: WorkerOptions,
): Promise<boolean> {
  while (!signal.aborted) {
    const outcome = await broker.storeResult(result, address);
    if (outcome.type === 'stored') return true;
    // A refusal means "has a final state" or "store full": the stream's leader knows which.
    const final =
      outcome.type === 'refused' ? await broker.readResult(address).catch(() => undefined) : undefined;
    if (final !== undefined) return true;
    log.warn({ taskId: result.id, reason: outcome.reason }, 'result not stored yet, trying again');
    await waitToRetry(broker, signal);
  }
  return false;
}

async function storeDeadLetter(
  delivery: Delivery,
  reason: string,
  attempts: number,
  { broker, workerId, log, signal }: WorkerOptions,
): Promise<void> {
  const { taskId, model } = parseJobSubject(delivery.subject);
  const letter = {
    v: MESSAGE_VERSION,
    taskId,
    model,
    reason,
    attempts,
    worker: workerId,
    diedAt: broker.now(),
    job: Buffer.from(delivery.data).toString('base64'),
  };
  while (!signal.aborted) {
    const outcome = await broker.storeDeadLetter(letter);
    if (outcome.type === 'stored') return;
    if (outcome.type === 'refused') {
      // One from an earlier try, or the store is full: the task must reach its end all the same.
      log.error({ taskId, reason: outcome.reason }, 'dead letter refused');
      return;
    }
    await waitToRetry(broker, signal);
  }
}

async function waitToRetry(broker: Broker, signal: AbortSignal): Promise<void> {
  const aborted = new Promise<void>((resolve) =>
    signal.addEventListener('abort', () => resolve(), { once: true }),
  );
  await Promise.race([Promise.all([broker.whenConnected(), sleep(STORE_RETRY_MS)]), aborted]);
}

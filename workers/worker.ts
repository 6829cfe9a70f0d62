/**
 * The worker's loop for one model version: batch → run → settle.
 *
 * A job leaves its queue only after its task's final state is stored; whatever dies before that, the broker delivers
 * the job again, and the write-once result settles who was first. Results are stored while the next batch runs.
 */
import type { Broker, Delivery, JobSource } from '../src/broker/broker.ts';
import { messageOf } from '../src/errors.ts';
import type { Logger } from '../src/log.ts';
import { type Manifest, validateInput } from '../src/models.ts';
import { decodeJob, type Job, NewerMessage, parseJobSubject } from '../src/protocol.ts';
import { parseTaskId, type TaskAddress } from '../src/task.ts';
import { collectBatches } from './batcher.ts';
import { runRows } from './run.ts';
import type { Session } from './session.ts';
import { settle, settleMalformed } from './settle.ts';

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
export interface Assignment {
  readonly delivery: Delivery;
  readonly job: Job;
  readonly address: TaskAddress;
  /** Runs started, as far as is known: earlier deliveries count as one each. */
  attempts: number;
}

const NEWER_MESSAGE_DELAY_MS = 1_000;

/** Runs until the source ends, and then until all that was run is settled. */
export async function runWorker(options: WorkerOptions): Promise<void> {
  const settling = new Set<Promise<void>>();
  for await (const deliveries of collectBatches(options.source, options.manifest.batching)) {
    const formedAt = options.broker.now();
    const batch = deliveries.flatMap((delivery) => readDelivery(delivery, options, settling));
    const { due = [], overdue = [] } = Object.groupBy(batch, ({ job }) =>
      job.deadline > formedAt ? 'due' : 'overdue',
    );
    const outcomes = due.length === 0 ? [] : await runRows(due, options);
    for (const [i, assignment] of [...due, ...overdue].entries()) {
      track(settling, settle(assignment, outcomes[i] ?? 'expired', formedAt, options));
    }
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

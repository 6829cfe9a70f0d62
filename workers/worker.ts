/**
 * The worker's loop for one model version: batch → run → settle.
 *
 * A job leaves its queue only after its task's final state is stored; whatever dies before that, the broker delivers
 * the job again, and the write-once result settles who was first. Results are stored while the next batch runs.
 */
import type { Broker, Delivery, JobSource } from '../src/broker/broker.ts';
import { messageOf } from '../src/errors.ts';
import type { Logger } from '../src/log.ts';
import { validateInput } from '../src/models/input.ts';
import type { Manifest } from '../src/models/manifest.ts';
import { decodeJob, type Job, jobAddress, NewerMessage, type Suspect } from '../src/protocol.ts';
import type { TaskAddress } from '../src/task.ts';
import { collectBatches } from './batcher.ts';
import { type Outcome, runAlone, runRows } from './run.ts';
import type { Session } from './session.ts';
import { settle, settleMalformed } from './settle.ts';

export interface WorkerOptions {
  readonly source: JobSource;
  readonly session: Pick<Session, 'started' | 'hold'>;
  /** Does work once the worker has a slot for it. */
  readonly inSlot: <T>(work: () => Promise<T>) => Promise<T>;
  readonly broker: Broker;
  readonly manifest: Manifest;
  readonly workerId: string;
  readonly log: Logger;
  /** Called with each task that has got its end. */
  readonly onFinished: () => void;
  /** Aborted when the worker shall not wait for a store that refuses any more. */
  readonly signal: AbortSignal;
}

/** What is to be run, and what is known of how it ran. */
export interface RunnableRow {
  readonly job: Pick<Job, 'taskId' | 'input' | 'deadline'>;
  readonly address: TaskAddress;
  /** Of a row of a batch. */
  readonly place?: Suspect['place'];
  /** Runs started, as far as is known: earlier deliveries count as one each. */
  attempts: number;
  /** Whether a session died while it ran this job: then it runs alone. */
  suspect: boolean;
  /** Runs alone that were started, by earlier workers too. */
  soloRuns: number;
}

/** A readable job of this worker's model, in its hands. */
export interface Assignment extends RunnableRow {
  readonly delivery: Delivery;
  readonly job: Job;
}

export const NEWER_MESSAGE_DELAY_MS = 1_000;

/** Runs until the source ends, and then until all that was run is settled. */
export async function runWorker(options: WorkerOptions): Promise<void> {
  const settling = new Set<Promise<void>>();
  for await (const deliveries of collectBatches(options.source, options.manifest.batching)) {
    const formedAt = options.broker.now();
    const batch = deliveries.flatMap((delivery) => readDelivery(delivery, options, settling));
    const { due = [], overdue = [] } = Object.groupBy(batch, ({ job }) =>
      job.deadline > formedAt ? 'due' : 'overdue',
    );
    await Promise.all(due.map((assignment) => recallSuspicion(assignment, options)));
    const { fresh = [], suspects = [] } = Object.groupBy(due, ({ suspect }) =>
      suspect ? 'suspects' : 'fresh',
    );
    const end = (assignment: Assignment, outcome: Outcome | undefined) => {
      if (outcome === undefined) throw new Error('a run gives one outcome for each of its rows');
      track(settling, settle(assignment, outcome, formedAt, options).then(options.onFinished));
    };
    for (const assignment of overdue) end(assignment, 'expired');
    const outcomes = await runRows(fresh, options);
    for (const [i, assignment] of fresh.entries()) end(assignment, outcomes[i]);
    // Last, and one by one: each may cost the session its process, and nobody else shall wait for that.
    for (const suspect of suspects) end(suspect, await runAlone(suspect, options));
  }
  await Promise.all(settling);
}

/** Whether a job that another worker has had killed a session there. One that comes for the first time is fresh. */
async function recallSuspicion(assignment: Assignment, { broker, log }: WorkerOptions): Promise<void> {
  if (assignment.delivery.deliveryCount === 1) return;
  try {
    const mark = await broker.readSuspectMark(assignment.job.taskId);
    assignment.suspect = mark !== undefined;
    assignment.soloRuns = mark?.soloRuns ?? 0;
  } catch (error) {
    // Alone it harms nobody, whatever it is.
    assignment.suspect = true;
    log.debug(
      { taskId: assignment.job.taskId, reason: messageOf(error) },
      'the mark of a job could not be read',
    );
  }
}

/** Settling is waited for at the end only; how much of it there is, credit bounds. */
export function track(settling: Set<Promise<void>>, work: Promise<void>): void {
  const tracked: Promise<void> = work.finally(() => settling.delete(tracked));
  settling.add(tracked);
}

/** @returns the assignment, or nothing if the delivery is no job that can be run: that is then settled. */
function readDelivery(
  delivery: Delivery,
  options: WorkerOptions,
  settling: Set<Promise<void>>,
): Assignment[] {
  const address = jobAddress(delivery.subject);
  try {
    if (address === undefined) throw new Error('the subject does not name a task of this model and deadline');
    const job = decodeJob(delivery.data, delivery.subject);
    return [
      {
        delivery,
        address,
        job: { ...job, input: validateInput(options.manifest, job.input, job.submittedAt) },
        attempts: delivery.deliveryCount - 1,
        suspect: false,
        soloRuns: 0,
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

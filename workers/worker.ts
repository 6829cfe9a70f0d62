/**
 * The worker's loop for a lane of tasks: batch → run → settle.
 *
 * A job leaves its queue only after its task's final state is stored. If a process dies before that, the broker
 * delivers the job again; the first result that is stored counts. Results are stored while the next batch runs.
 */
import type { Delivery } from '../src/broker/broker.ts';
import { messageOf } from '../src/contract/errors.ts';
import { decodeJob } from '../src/contract/messages/job.ts';
import type { TaskAddress } from '../src/contract/taskId.ts';
import { validateInput } from '../src/models/input.ts';
import type { Assignment, Outcome, WorkerOptions } from './assignment.ts';
import { collectBatches } from './batcher.ts';
import { readDelivery, track } from './readDelivery.ts';
import { runAlone, runRows } from './run.ts';
import { settle } from './settle.ts';

/** Runs until the source ends, and then until all that was run is settled. */
export async function runWorker(options: WorkerOptions): Promise<void> {
  const settling = new Set<Promise<void>>();
  for await (const deliveries of collectBatches(options.source, options.manifest.batching)) {
    const formedAt = options.broker.now();
    const batch = deliveries.flatMap(
      (delivery) => readDelivery(delivery, readAssignment, settling, options) ?? [],
    );
    const { due = [], overdue = [] } = Object.groupBy(batch, ({ job }) =>
      job.deadline > formedAt ? 'due' : 'overdue',
    );
    await Promise.all(due.map((assignment) => recallSuspicion(assignment, options)));
    const { fresh = [], suspects = [] } = Object.groupBy(due, ({ suspect }) =>
      suspect ? 'suspects' : 'fresh',
    );
    const end = (assignment: Assignment, outcome: Outcome | undefined) => {
      if (outcome === undefined) throw new Error('a run gives one outcome for each of its rows');
      const { delivery } = assignment;
      track(settling, { delivery, log: options.log }, settle(assignment, outcome, formedAt, options));
    };
    for (const assignment of overdue) end(assignment, 'expired');
    const outcomes = await runRows(fresh, options);
    for (const [i, assignment] of fresh.entries()) end(assignment, outcomes[i]);
    // Last, and one by one: each may kill the session's process, and no other task shall wait for the next one.
    for (const suspect of suspects) end(suspect, await runAlone(suspect, options));
  }
  await Promise.all(settling);
}

/** Reads whether a job that another worker has had killed a session there. A first delivery is never a suspect. */
async function recallSuspicion(assignment: Assignment, { broker, log }: WorkerOptions): Promise<void> {
  if (assignment.delivery.deliveryCount === 1) return;
  try {
    const mark = await broker.readSuspectMark(assignment.job.taskId);
    assignment.suspect = mark !== undefined;
    assignment.soloRuns = mark?.soloRuns ?? 0;
  } catch (error) {
    // Without the mark it runs alone: then it can harm no other task.
    assignment.suspect = true;
    log.debug(
      { taskId: assignment.job.taskId, reason: messageOf(error) },
      'the mark of a job could not be read',
    );
  }
}

function readAssignment(delivery: Delivery, address: TaskAddress, { manifest }: WorkerOptions): Assignment {
  const job = decodeJob(delivery.data, delivery.subject);
  return {
    delivery,
    address,
    job: { ...job, input: validateInput(manifest, job.input, job.submittedAt) },
    attempts: delivery.deliveryCount - 1,
    suspect: false,
    soloRuns: 0,
  };
}

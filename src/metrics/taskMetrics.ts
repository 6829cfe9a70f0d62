/** What a gateway counts of its tasks. It listens to their events, so the code that processes tasks knows none of this. */
import type { TaskEvents } from '../tasks/taskEvents.ts';
import type { Metrics } from './metrics.ts';

export interface TaskMetricsOptions {
  readonly metrics: Metrics;
  readonly events: Pick<TaskEvents, 'on'>;
}

/** From a run of a small model on a quiet machine to a task that waits for minutes. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];
const MS = 1_000;
const NONE = 'none';
const VERSION = ['model', 'version'] as const;

export function addTaskMetrics({ metrics, events }: TaskMetricsOptions): Disposable {
  const accepted = metrics.counter({
    name: 'tidings_tasks_accepted_total',
    help: 'Tasks that were accepted. A row batch is one task.',
    labels: ['model', 'version', 'lane'],
  });
  const rows = metrics.counter({
    name: 'tidings_batch_rows_accepted_total',
    help: 'Rows of row batches that were accepted.',
    labels: VERSION,
  });
  const refused = metrics.counter({
    name: 'tidings_tasks_refused_total',
    help: 'Tasks that were not accepted, by the code of the refusal.',
    labels: ['model', 'code'],
  });
  const ended = metrics.counter({
    name: 'tidings_tasks_ended_total',
    help: 'Tasks of this gateway that have ended, by state and code of the error.',
    labels: ['model', 'version', 'state', 'code'],
  });
  const seconds = (name: string, help: string) =>
    metrics.histogram({ name, help, labels: VERSION, bounds: SECONDS });
  const whole = seconds(
    'tidings_task_seconds',
    'From the submission of a task until its end was known here, which is when it is pushed.',
  );
  const queue = seconds(
    'tidings_task_queue_seconds',
    'From the submission of a task until its batch was formed.',
  );
  const batch = seconds('tidings_task_batch_seconds', 'From the forming of a batch until its run.');
  const compute = seconds('tidings_task_compute_seconds', 'The run of a batch, as each of its tasks saw it.');

  const listening = new DisposableStack();
  listening.use(
    events.on('accepted', (job) => {
      const isRowBatch = 'batch' in job;
      accepted.of(job.model, job.version, isRowBatch ? 'batch' : (job.lane ?? 'interactive')).add();
      if (isRowBatch) rows.of(job.model, job.version).add(job.batch.rowCount);
    }),
  );
  listening.use(events.on('refused', ({ model, code }) => refused.of(model, code).add()));
  listening.use(
    events.on('ended', ({ model, modelVersion, state, error, timings, submittedAt, finishedAt }) => {
      ended.of(model, modelVersion, state, error?.code ?? NONE).add();
      whole.of(model, modelVersion).observe((finishedAt - submittedAt) / MS);
      if (timings === undefined) return;
      queue.of(model, modelVersion).observe(timings.queueMs / MS);
      batch.of(model, modelVersion).observe(timings.batchMs / MS);
      compute.of(model, modelVersion).observe(timings.computeMs / MS);
    }),
  );
  return listening;
}

/** What a gateway counts of its tasks. It listens to their events, so the code that processes tasks knows none of this. */
import { Lane } from '../contract/subjects.ts';
import type { FinishedTask } from '../contract/task.ts';
import type { TaskEventMap, TaskEvents } from '../tasks/taskEvents.ts';
import type { Counter, Histogram, Metrics, Series } from './metrics.ts';

export interface TaskMetricsOptions {
  readonly metrics: Metrics;
  readonly events: Pick<TaskEvents, 'on'>;
}

/** From a run of a small model on a quiet machine to a task that waits for minutes. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];
const MS = 1_000;
const NO_CODE = 'none';
const VERSION = ['model', 'version'] as const;

type OfVersion<T> = Series<typeof VERSION, T>;

export class TaskMetrics implements Disposable {
  readonly accepted: Series<readonly ['model', 'version', 'lane'], Counter>;
  readonly acceptedRows: OfVersion<Counter>;
  readonly refused: Series<readonly ['model', 'code'], Counter>;
  readonly ended: Series<readonly ['model', 'version', 'state', 'code'], Counter>;
  /** From the submission to the end, of tasks that succeeded or not. */
  readonly seconds: OfVersion<Histogram>;
  readonly queueSeconds: OfVersion<Histogram>;
  readonly batchSeconds: OfVersion<Histogram>;
  readonly computeSeconds: OfVersion<Histogram>;
  readonly #listening = new DisposableStack();

  constructor({ metrics, events }: TaskMetricsOptions) {
    this.accepted = metrics.counter({
      name: 'tidings_tasks_accepted_total',
      help: 'Tasks that were accepted. A row batch is one task.',
      labels: ['model', 'version', 'lane'],
    });
    this.acceptedRows = metrics.counter({
      name: 'tidings_row_batch_rows_accepted_total',
      help: 'Rows of row batches that were accepted.',
      labels: VERSION,
    });
    this.refused = metrics.counter({
      name: 'tidings_tasks_refused_total',
      help: 'Tasks that were not accepted, by the code of the refusal.',
      labels: ['model', 'code'],
    });
    this.ended = metrics.counter({
      name: 'tidings_tasks_ended_total',
      help: 'Tasks of this gateway that have ended, by state and code of the error.',
      labels: ['model', 'version', 'state', 'code'],
    });
    const seconds = (name: string, help: string) =>
      metrics.histogram({ name, help, labels: VERSION, bounds: SECONDS });
    this.seconds = seconds(
      'tidings_task_seconds',
      'From the submission of a task until its end was known here, which is when it is pushed.',
    );
    this.queueSeconds = seconds(
      'tidings_task_queue_seconds',
      'From the submission of a task until its batch was formed.',
    );
    this.batchSeconds = seconds('tidings_task_batch_seconds', 'From the forming of a batch until its run.');
    this.computeSeconds = seconds(
      'tidings_task_compute_seconds',
      'The run of a batch, as each of its tasks saw it.',
    );
    this.#listening.use(events.on('accepted', (job) => this.#countAccepted(job)));
    this.#listening.use(events.on('refused', ({ model, code }) => this.refused.of(model, code).add()));
    this.#listening.use(events.on('ended', (task) => this.#countEnded(task)));
  }

  [Symbol.dispose](): void {
    this.#listening[Symbol.dispose]();
  }

  #countAccepted(job: TaskEventMap['accepted']): void {
    const { model, version } = job;
    if ('batch' in job) {
      this.accepted.of(model, version, Lane.Batch).add();
      this.acceptedRows.of(model, version).add(job.batch.rowCount);
    } else this.accepted.of(model, version, job.lane ?? Lane.Interactive).add();
  }

  #countEnded({ model, modelVersion, state, error, timings, submittedAt, finishedAt }: FinishedTask): void {
    this.ended.of(model, modelVersion, state, error?.code ?? NO_CODE).add();
    this.seconds.of(model, modelVersion).observe((finishedAt - submittedAt) / MS);
    if (timings === undefined) return;
    this.queueSeconds.of(model, modelVersion).observe(timings.queueMs / MS);
    this.batchSeconds.of(model, modelVersion).observe(timings.batchMs / MS);
    this.computeSeconds.of(model, modelVersion).observe(timings.computeMs / MS);
  }
}

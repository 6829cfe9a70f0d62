/** What a gateway counts of its tasks. It listens to their events, so the code that processes tasks knows none of this. */
import { RequestErrorCode } from '../contract/errors.ts';
import { LANES, Lane } from '../contract/subjects.ts';
import { type FinishedTask, TaskErrorCode, TaskState } from '../contract/task.ts';
import type { Catalog } from '../models/catalog.ts';
import type { Model } from '../models/models.ts';
import type { TaskEventMap, TaskEvents } from '../tasks/taskEvents.ts';
import type { Counter, Histogram, Metrics, Series } from './metrics.ts';

export interface TaskMetricsOptions {
  readonly metrics: Metrics;
  readonly events: Pick<TaskEvents, 'on'>;
  readonly catalog: Pick<Catalog, 'models' | 'watch'>;
}

/** From a run of a small model on a quiet machine to a task that waits for minutes. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];
const MS = 1_000;
const NO_CODE = 'none';
const VERSION = ['model', 'version'] as const;

/** Each begins at 0, so that a rate sees the first task that ends so. Others begin with their first task. */
const USUAL_ENDS = [
  [TaskState.Succeeded, NO_CODE],
  [TaskState.Canceled, NO_CODE],
  [TaskState.Expired, TaskErrorCode.DeadlineExceeded],
  [TaskState.Failed, TaskErrorCode.InferenceFailed],
  [TaskState.Failed, TaskErrorCode.InvalidInput],
  [TaskState.Failed, TaskErrorCode.InvalidOutput],
  [TaskState.Failed, TaskErrorCode.RunTimeout],
  [TaskState.Failed, TaskErrorCode.WorkerCrashed],
] as const;
const USUAL_REFUSALS = [
  RequestErrorCode.BadUserInput,
  RequestErrorCode.BlobStoreFull,
  RequestErrorCode.BrokerUnavailable,
  RequestErrorCode.GatewayBusy,
  RequestErrorCode.NoVersion,
  RequestErrorCode.OwnerQuota,
  RequestErrorCode.QueueFull,
  RequestErrorCode.ResultStoreFull,
];
/** So many series of ends may begin before they are needed. The rest of the limit is for those that count. */
const MAX_BEGUN = 1_000;

type OfVersion<T> = Series<typeof VERSION, T>;

/** The series that nearly every task of a version counts in: they are found at once, by its names. */
interface VersionSeries {
  readonly accepted: Readonly<Record<Lane, Counter>>;
  readonly succeeded: Counter;
  readonly seconds: Histogram;
  readonly queueSeconds: Histogram;
  readonly batchSeconds: Histogram;
  readonly computeSeconds: Histogram;
}

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
  readonly #versions = new Map<string, Map<string, VersionSeries>>();
  readonly #listening = new DisposableStack();

  constructor({ metrics, events, catalog }: TaskMetricsOptions) {
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
      'tidings_task_duration_seconds',
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
    for (const model of catalog.models) this.#begin(model);
    this.#listening.use(catalog.watch(({ model }) => this.#begin(model)));
    this.#listening.use(events.on('accepted', (job) => this.#countAccepted(job)));
    this.#listening.use(events.on('refused', ({ model, code }) => this.refused.of(model, code).add()));
    this.#listening.use(events.on('ended', (task) => this.#countEnded(task)));
  }

  [Symbol.dispose](): void {
    this.#listening[Symbol.dispose]();
  }

  /** The newest versions first: most tasks are for them. */
  #begin({ manifest: { name }, versions }: Model): void {
    for (const code of USUAL_REFUSALS) this.refused.of(name, code);
    for (const { version } of versions.toReversed()) {
      if (this.ended.all.length >= MAX_BEGUN) return;
      for (const lane of LANES) this.accepted.of(name, version, lane);
      for (const [state, code] of USUAL_ENDS) this.ended.of(name, version, state, code);
      this.seconds.of(name, version);
    }
  }

  #countAccepted(job: TaskEventMap['accepted']): void {
    const { model, version } = job;
    const { accepted } = this.#of(model, version);
    if ('batch' in job) {
      accepted[Lane.Batch].add();
      this.acceptedRows.of(model, version).add(job.batch.rowCount);
    } else accepted[job.lane ?? Lane.Interactive].add();
  }

  #countEnded({ model, modelVersion, state, error, timings, submittedAt, finishedAt }: FinishedTask): void {
    const series = this.#of(model, modelVersion);
    if (state === TaskState.Succeeded) series.succeeded.add();
    else this.ended.of(model, modelVersion, state, error?.code ?? NO_CODE).add();
    series.seconds.observe((finishedAt - submittedAt) / MS);
    if (timings === undefined) return;
    series.queueSeconds.observe(timings.queueMs / MS);
    series.batchSeconds.observe(timings.batchMs / MS);
    series.computeSeconds.observe(timings.computeMs / MS);
  }

  #of(model: string, version: string): VersionSeries {
    const known = this.#versions.get(model)?.get(version);
    if (known !== undefined) return known;
    const accepted = (lane: Lane) => this.accepted.of(model, version, lane);
    const made = {
      accepted: {
        [Lane.Interactive]: accepted(Lane.Interactive),
        [Lane.Bulk]: accepted(Lane.Bulk),
        [Lane.Batch]: accepted(Lane.Batch),
      },
      succeeded: this.ended.of(model, version, TaskState.Succeeded, NO_CODE),
      seconds: this.seconds.of(model, version),
      queueSeconds: this.queueSeconds.of(model, version),
      batchSeconds: this.batchSeconds.of(model, version),
      computeSeconds: this.computeSeconds.of(model, version),
    };
    this.#versions.getOrInsertComputed(model, () => new Map()).set(version, made);
    return made;
  }
}

/** What a worker counts of its runs and sessions. It listens to their events. */
import type { NamedVersion } from '../src/contract/messages/presence.ts';
import type { Counter, Histogram, Metrics, Series } from '../src/metrics/metrics.ts';
import type { Hosts } from './hosts.ts';
import type { ServedVersions } from './servedVersions.ts';
import type { Slots } from './slots.ts';
import type { WorkerEvents } from './workerEvents.ts';

export interface WorkerMetricsOptions {
  readonly metrics: Metrics;
  readonly events: Pick<WorkerEvents, 'on'>;
  readonly versions: Pick<ServedVersions, 'models' | 'loadedCount'>;
  /** Those of the registry included. */
  readonly refused: () => readonly NamedVersion[];
  readonly hosts: Pick<Hosts, 'bytes'>;
  readonly slots: Pick<Slots, 'count' | 'busy'>;
  /** Of `SESSION_MEMORY_MIB`; 0: no limit. */
  readonly memoryMaxBytes: number;
}

const MS = 1_000;
const ROWS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096];
const SHARES = [0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 1];
const RUN_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const LOAD_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
const VERSION = ['model', 'version'] as const;

type OfVersion<T> = Series<typeof VERSION, T>;

export class WorkerMetrics implements Disposable {
  readonly batchRows: OfVersion<Histogram>;
  readonly batchFill: OfVersion<Histogram>;
  readonly runSeconds: OfVersion<Histogram>;
  readonly failedRuns: OfVersion<Counter>;
  readonly redeliveries: OfVersion<Counter>;
  readonly suspects: OfVersion<Counter>;
  readonly deadLetters: OfVersion<Counter>;
  readonly loadSeconds: OfVersion<Histogram>;
  readonly #listening = new DisposableStack();

  constructor({ metrics, events, ...worker }: WorkerMetricsOptions) {
    const histogram = (name: string, help: string, bounds: readonly number[]) =>
      metrics.histogram({ name, help, labels: VERSION, bounds });
    const counter = (name: string, help: string) => metrics.counter({ name, help, labels: VERSION });
    this.batchRows = histogram('tidings_batch_rows', 'Rows that ran together in one batch.', ROWS);
    this.batchFill = histogram(
      'tidings_batch_fill_ratio',
      'Rows of a batch, as a share of those that it could have had.',
      SHARES,
    );
    this.runSeconds = histogram('tidings_batch_run_seconds', 'The run of a batch.', RUN_SECONDS);
    this.failedRuns = counter(
      'tidings_batch_runs_failed_total',
      'Runs that failed. Their rows ran again, each alone.',
    );
    this.redeliveries = counter(
      'tidings_redeliveries_total',
      'Jobs that came to this worker after the broker had delivered them before.',
    );
    this.suspects = counter(
      'tidings_suspects_total',
      'Runs of a row alone, because it may have killed its session.',
    );
    this.deadLetters = counter('tidings_dead_letters_stored_total', 'Jobs that were kept as dead letters.');
    this.loadSeconds = histogram(
      'tidings_session_load_seconds',
      'The loading of a version, with its check on the golden rows.',
      LOAD_SECONDS,
    );
    const counters = [this.failedRuns, this.redeliveries, this.suspects, this.deadLetters];
    addGauges(metrics, worker);
    this.#listening.use(
      events.on('ran', ({ model, version, run: { batchSize, computeMs }, maxRows, errorCode }) => {
        this.batchRows.of(model, version).observe(batchSize);
        this.batchFill.of(model, version).observe(batchSize / maxRows);
        this.runSeconds.of(model, version).observe(computeMs / MS);
        if (errorCode !== undefined) this.failedRuns.of(model, version).add();
      }),
    );
    this.#count(events, 'redelivered', this.redeliveries);
    this.#count(events, 'suspected', this.suspects);
    this.#count(events, 'died', this.deadLetters);
    this.#listening.use(
      events.on('loaded', ({ model, version, tookMs }) => {
        this.loadSeconds.of(model, version).observe(tookMs / MS);
        // A counter that begins at 0 shows its first event as an increase.
        for (const counter of counters) counter.of(model, version);
      }),
    );
  }

  [Symbol.dispose](): void {
    this.#listening[Symbol.dispose]();
  }

  #count(
    events: WorkerMetricsOptions['events'],
    name: 'redelivered' | 'suspected' | 'died',
    counter: OfVersion<Counter>,
  ): void {
    this.#listening.use(events.on(name, ({ model, version }) => counter.of(model, version).add()));
  }
}

function addGauges(
  metrics: Metrics,
  { versions, refused, hosts, slots, memoryMaxBytes }: Omit<WorkerMetricsOptions, 'metrics' | 'events'>,
): void {
  const gauge = (name: string, help: string, read: () => number) =>
    metrics.gauge({ name, help, labels: [] }, () => [[[], read()]]);
  metrics.gauge(
    {
      name: 'tidings_served_version_info',
      help: 'Always 1: a version that this worker serves.',
      labels: VERSION,
    },
    () => versions.models.map(({ model, version }) => [[model, version], 1]),
  );
  metrics.gauge(
    {
      name: 'tidings_refused_version_info',
      help: 'Always 1: a version that this worker refuses.',
      labels: VERSION,
    },
    () => refused().map(({ model, version }) => [[model, version], 1]),
  );
  gauge('tidings_sessions', 'Versions that are loaded now.', () => versions.loadedCount);
  gauge(
    'tidings_session_memory_bytes',
    'Memory of the processes with sessions, with the peak of their runs.',
    () => hosts.bytes,
  );
  gauge('tidings_session_memory_max_bytes', 'SESSION_MEMORY_MIB; 0: no limit.', () => memoryMaxBytes);
  gauge('tidings_slots', 'Runs that may go on at once (WORKER_SLOTS).', () => slots.count);
  gauge('tidings_slots_busy', 'Runs that go on now.', () => slots.busy);
}

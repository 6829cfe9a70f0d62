/**
 * What a gateway tells of the whole system: queues, stores and workers. The broker is asked when the metrics are read.
 * Each gateway tells the same, so queries take the maximum over gateways.
 */
import type { Broker } from '../broker/broker.ts';
import type { Lane } from '../contract/subjects.ts';
import type { Model } from '../models/models.ts';
import type { LiveWorkers } from '../rollout/presence.ts';
import { Measured } from '../tasks/measured.ts';
import { ASK_BROKER_EVERY_MS, type LabelValues, type Metrics } from './metrics.ts';

/** A lane of a version, counted in jobs: tasks, and chunks of row batches. */
export interface LaneFigures {
  readonly model: string;
  readonly version: string;
  readonly lane: Lane;
  readonly waiting: number;
  readonly inHand: number;
  /** Undefined if it is not known. */
  readonly backlogSeconds: number | undefined;
  readonly isPaused: boolean;
}

export interface QueueMetricsOptions {
  readonly metrics: Metrics;
  readonly queues: { readonly list: () => Promise<readonly LaneFigures[]> };
  /** At each broker. */
  readonly stores: readonly Pick<Broker['queues'], 'stores'>[];
  readonly workers: Pick<LiveWorkers, 'list'>;
  readonly models: readonly Model[];
}

const MS = 1_000;
const LANE = ['model', 'version', 'lane'] as const;

export function addQueueMetrics({ metrics, queues, stores, workers, models }: QueueMetricsOptions): void {
  const lanes = new Measured(() => queues.list(), { lastsMs: ASK_BROKER_EVERY_MS });
  const ofLanes = (name: string, help: string, figureOf: (lane: LaneFigures) => number | undefined) =>
    metrics.gauge({ name, help, labels: LANE }, async () =>
      (await lanes.get()).flatMap((each) => {
        const figure = figureOf(each);
        return figure === undefined ? [] : [[[each.model, each.version, each.lane], figure] as const];
      }),
    );
  ofLanes('tidings_queue_waiting_jobs', 'Jobs that no worker has been given yet.', ({ waiting }) => waiting);
  ofLanes('tidings_queue_jobs_in_hand', 'Jobs that workers have.', ({ inHand }) => inHand);
  ofLanes(
    'tidings_queue_backlog_seconds',
    'How long the jobs that wait will take, at the rate measured while jobs waited. 300 at most, and where none leaves.',
    ({ backlogSeconds }) => backlogSeconds,
  );
  ofLanes('tidings_queue_paused', '1 while an operator has paused the model, else 0.', ({ isPaused }) =>
    isPaused ? 1 : 0,
  );
  metrics.gauge(
    {
      name: 'tidings_task_timeout_seconds',
      help: 'The time limit of a task that asks for no other.',
      labels: ['model'],
    },
    () => models.map(({ manifest: { name, limits } }) => [[name], limits.timeoutMs / MS]),
  );
  metrics.gauge(
    {
      name: 'tidings_workers',
      help: 'Workers that serve a version, as far as this gateway has heard.',
      labels: ['model', 'version'],
    },
    () => workersByVersion(models, workers),
  );
  addStoreMetrics(metrics, stores);
}

function addStoreMetrics(metrics: Metrics, stores: QueueMetricsOptions['stores']): void {
  const ask = async () => (await Promise.all(stores.map((each) => each.stores()))).flat();
  const held = new Measured(ask, { lastsMs: ASK_BROKER_EVERY_MS });
  const labels = ['store'] as const;
  metrics.gauge(
    { name: 'tidings_store_messages', help: 'Messages in a stream of the broker.', labels },
    async () => (await held.get()).map(({ name, messages }) => [[name], messages]),
  );
  metrics.gauge({ name: 'tidings_store_bytes', help: 'Bytes in a stream of the broker.', labels }, async () =>
    (await held.get()).map(({ name, bytes }) => [[name], bytes]),
  );
  // A stream that drops its oldest messages is full for good, and that is no fault.
  metrics.gauge(
    {
      name: 'tidings_store_max_bytes',
      help: 'The limit of a stream that refuses messages beyond it.',
      labels,
    },
    async () =>
      (await held.get()).flatMap(({ name, maxBytes, dropsOldest }) =>
        maxBytes === undefined || dropsOldest ? [] : [[[name], maxBytes]],
      ),
  );
}

/** A version without a worker has 0. */
function workersByVersion(models: readonly Model[], workers: Pick<LiveWorkers, 'list'>) {
  const served = workers.list().flatMap((worker) => worker.models);
  return models.flatMap(({ manifest, versions }) =>
    versions.map(({ version }): readonly [LabelValues<readonly ['model', 'version']>, number] => [
      [manifest.name, version],
      served.filter((each) => each.model === manifest.name && each.version === version).length,
    ]),
  );
}

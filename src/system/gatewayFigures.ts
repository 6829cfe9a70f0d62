/** What a gateway tells of its tasks when it is asked for its figures. */
import type { Figures, ModelCounts } from '../contract/messages/figures.ts';
import { TaskState } from '../contract/task.ts';
import type { TaskMetrics } from '../metrics/taskMetrics.ts';
import type { Model } from '../models/models.ts';

export interface GatewayFiguresOptions {
  readonly models: readonly Model[];
  readonly counted: Pick<TaskMetrics, 'accepted' | 'refused' | 'ended' | 'seconds'>;
  readonly connections: number;
  readonly subscriptions: number;
}

const FAILED: readonly string[] = [TaskState.Failed, TaskState.Expired];

export function gatewayFigures(options: GatewayFiguresOptions): Pick<Figures, 'gateway'> {
  const { models, counted, connections, subscriptions } = options;
  return {
    gateway: {
      connections,
      subscriptions,
      models: models.map(({ manifest }) => countsOf(manifest.name, counted)),
    },
  };
}

function countsOf(
  model: string,
  { accepted, refused, ended, seconds }: GatewayFiguresOptions['counted'],
): ModelCounts {
  const endedIn = (isWanted: (state: string) => boolean) =>
    sum(ended.all, ([name, , state]) => name === model && isWanted(state));
  const histograms = seconds.all.filter(([[name]]) => name === model).map(([, histogram]) => histogram);
  const counts = histograms.reduce<readonly number[]>(
    (before, histogram) => histogram.counts.map((count, i) => count + (before[i] ?? 0)),
    [],
  );
  return {
    model,
    accepted: sum(accepted.all, ([name]) => name === model),
    refused: sum(refused.all, ([name]) => name === model),
    succeeded: endedIn((state) => state === TaskState.Succeeded),
    failed: endedIn((state) => FAILED.includes(state)),
    bounds: histograms[0]?.bounds ?? [],
    counts,
  };
}

function sum<L>(
  series: readonly (readonly [labels: L, counter: { readonly value: number }])[],
  isWanted: (labels: L) => boolean,
): number {
  return series.reduce((total, [labels, { value }]) => total + (isWanted(labels) ? value : 0), 0);
}

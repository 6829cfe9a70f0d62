/** How good versions are: live error, which all gateways tell alike, and this gateway's comparisons with shadows. */
import type { Actuals } from '../evaluation/actuals.ts';
import type { Shadows } from '../evaluation/shadows.ts';
import type { Model } from '../models/models.ts';
import { Measured } from '../tasks/measured.ts';
import { ASK_BROKER_EVERY_MS, type Metrics } from './metrics.ts';

export interface EvaluationMetricsOptions {
  readonly metrics: Metrics;
  readonly actuals: Pick<Actuals, 'liveErrors'>;
  readonly shadows: Pick<Shadows, 'found'>;
  readonly models: readonly Model[];
}

export function addEvaluationMetrics({ metrics, actuals, shadows, models }: EvaluationMetricsOptions): void {
  const live = new Measured(() => readLiveErrors(actuals, models), { lastsMs: ASK_BROKER_EVERY_MS });
  const labels = ['model', 'version', 'output'] as const;
  metrics.gauge(
    {
      name: 'tidings_live_error',
      help: 'Mean absolute error of predictions whose actuals were reported in the last 30 days, in the unit of the output.',
      labels,
    },
    async () => (await live.get()).map(({ model, version, output, mae }) => [[model, version, output], mae]),
  );
  metrics.gauge({ name: 'tidings_live_error_tasks', help: 'Tasks in the live error.', labels }, async () =>
    (await live.get()).map(({ model, version, output, count }) => [[model, version, output], count]),
  );
  const ofShadow = ['model', 'version', 'shadow', 'output'] as const;
  metrics.gauge(
    {
      name: 'tidings_shadow_error',
      help: 'Mean absolute difference of a shadow from the version whose answers count, in the unit of the output.',
      labels: ofShadow,
    },
    () => shadowErrors(shadows, models).map(({ values, error }) => [values, error]),
  );
  metrics.gauge(
    { name: 'tidings_shadow_error_tasks', help: 'Tasks that both have answered.', labels: ofShadow },
    () => shadowErrors(shadows, models).map(({ values, tasks }) => [values, tasks]),
  );
}

async function readLiveErrors(actuals: Pick<Actuals, 'liveErrors'>, models: readonly Model[]) {
  const all = models.flatMap(({ manifest: { name }, versions }) =>
    versions.map(async ({ version }) =>
      ((await actuals.liveErrors(name, version)) ?? []).map((each) => ({ ...each, model: name, version })),
    ),
  );
  return (await Promise.all(all)).flat();
}

function shadowErrors(shadows: Pick<Shadows, 'found'>, models: readonly Model[]) {
  return models.flatMap(({ manifest: { name } }) =>
    (shadows.found(name)?.comparisons ?? []).flatMap(({ version, shadowVersion, outputs }) =>
      Object.entries(outputs).flatMap(([output, { measured, absoluteSum }]) =>
        measured === 0
          ? []
          : [
              {
                values: [name, version, shadowVersion, output] as const,
                error: absoluteSum / measured,
                tasks: measured,
              },
            ],
      ),
    ),
  );
}

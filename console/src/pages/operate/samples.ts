/** The figures since the page was opened, ten minutes at most: what its curves show. */
import type { Stats } from './operations.ts';

/** One a second: ten minutes. Then the oldest leave. */
const MAX_SAMPLES = 600;

/** Of one model, or of all. */
export interface ModelSample {
  readonly accepted: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly refused: number;
  readonly waiting: number;
  readonly inHand: number;
  /** Of all models: those of the slowest. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
}

export interface Sample {
  /** Seconds since 1970. */
  readonly at: number;
  readonly all: ModelSample;
  readonly byModel: ReadonlyMap<string, ModelSample>;
  /** Processor cores in use. */
  readonly gateways: number;
  readonly workers: number;
  readonly trainers: number;
}

/** @returns the samples with the newest figures at their end. Figures that came before, such as after a reconnect, change nothing. */
export function withStats(samples: readonly Sample[], stats: Stats): readonly Sample[] {
  const at = Date.parse(stats.at) / 1_000;
  const last = samples.at(-1);
  if (last !== undefined && last.at >= at) return samples;
  return [...samples.slice(-(MAX_SAMPLES - 1)), sampleOf(at, stats)];
}

function sampleOf(at: number, { models, queues, processes }: Stats): Sample {
  const byModel = new Map(
    models.map((model) => {
      const own = queues.filter(({ modelName }) => modelName === model.modelName);
      return [
        model.modelName,
        {
          accepted: rounded(model.acceptedPerSecond),
          succeeded: rounded(model.succeededPerSecond),
          failed: rounded(model.failedPerSecond),
          refused: rounded(model.refusedPerSecond),
          waiting: sumOf(own, ({ waiting }) => waiting),
          inHand: sumOf(own, ({ inHand }) => inHand),
          p50Ms: model.p50Ms && rounded(model.p50Ms),
          p99Ms: model.p99Ms && rounded(model.p99Ms),
        },
      ];
    }),
  );
  const coresOf = (wanted: string) =>
    rounded(sumOf(processes, ({ role, cpuCores }) => (role === wanted ? cpuCores : 0)));
  return {
    at,
    all: allOf([...byModel.values()]),
    byModel,
    gateways: coresOf('GATEWAY'),
    workers: coresOf('WORKER'),
    trainers: coresOf('TRAINER'),
  };
}

function allOf(models: readonly ModelSample[]): ModelSample {
  return {
    accepted: rounded(sumOf(models, ({ accepted }) => accepted)),
    succeeded: rounded(sumOf(models, ({ succeeded }) => succeeded)),
    failed: rounded(sumOf(models, ({ failed }) => failed)),
    refused: rounded(sumOf(models, ({ refused }) => refused)),
    waiting: sumOf(models, ({ waiting }) => waiting),
    inHand: sumOf(models, ({ inHand }) => inHand),
    p50Ms: highestOf(models.map(({ p50Ms }) => p50Ms)),
    p99Ms: highestOf(models.map(({ p99Ms }) => p99Ms)),
  };
}

function sumOf<T>(entries: readonly T[], figureOf: (entry: T) => number): number {
  return entries.reduce((sum, entry) => sum + figureOf(entry), 0);
}

function highestOf(values: readonly (number | null)[]): number | null {
  return values.reduce(
    (highest, value) => (value !== null && value > (highest ?? 0) ? value : highest),
    null,
  );
}

/** More digits would only flicker. */
function rounded(figure: number): number {
  return Number(figure.toPrecision(3));
}

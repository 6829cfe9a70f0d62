/**
 * The comparison of a shadow with the version whose answers count: running figures of the tasks that both have
 * answered. Each gateway keeps those of its own tasks. They are sums and histograms, so those of all gateways can be
 * added up, and the total does not depend on which gateway had which task.
 */

import type { ComparisonSums, DifferenceSums, DurationSums } from '../contract/comparisonSums.ts';
import type { Value, Values } from '../contract/values.ts';
import { isComparable } from '../contract/values.ts';

/** One answer to a task, and how long it took. */
export interface TimedPrediction {
  readonly prediction: Values;
  /** Milliseconds from sending the task until its run had ended. */
  readonly latencyMs: number;
  /** Milliseconds of the run. All tasks of a batch share it. */
  readonly computeMs: number;
}

/** The end of a histogram's bucket divided by its begin. Values read from the histogram are within 2.5 %. */
const BUCKET_GROWTH = 1.05;
/** The shortest duration that is told apart, in milliseconds. */
const SHORTEST_MS = 0.001;

/** Durations, in milliseconds. */
export class Durations {
  #count = 0;
  #sumMs = 0;
  readonly #histogram = new Map<number, number>();

  /** 0 if there are none. */
  get meanMs(): number {
    return this.#count === 0 ? 0 : this.#sumMs / this.#count;
  }

  /** @returns a quantile, within 2.5 %; 0 if there are no durations. @param share from 0 to 1. */
  quantileMs(share: number): number {
    let seen = 0;
    for (const [bucket, count] of [...this.#histogram].toSorted(([a], [b]) => a - b)) {
      seen += count;
      if (seen >= share * this.#count) return BUCKET_GROWTH ** bucket;
    }
    return 0;
  }

  add(ms: number): void {
    this.#sumMs += ms;
    this.#addTo(Math.round(Math.log(Math.max(ms, SHORTEST_MS)) / Math.log(BUCKET_GROWTH)), 1);
  }

  include({ sumMs, histogram }: DurationSums): void {
    this.#sumMs += sumMs;
    for (const [bucket, count] of Object.entries(histogram)) this.#addTo(Number(bucket), count);
  }

  toJSON(): DurationSums {
    return { sumMs: this.#sumMs, histogram: Object.fromEntries(this.#histogram) };
  }

  #addTo(bucket: number, count: number): void {
    this.#count += count;
    this.#histogram.set(bucket, (this.#histogram.get(bucket) ?? 0) + count);
  }
}

/** Differences of one output; see `DifferenceSums`. */
export class Differences {
  count = 0;
  different = 0;
  measured = 0;
  sum = 0;
  absoluteSum = 0;
  largest = 0;

  add(counted: Value, shadow: Value | undefined): void {
    this.count++;
    if (JSON.stringify(counted) !== JSON.stringify(shadow)) this.different++;
    const differences = differencesOf(counted, shadow);
    if (differences === undefined) return;
    const absolutes = differences.map(Math.abs);
    this.measured++;
    this.sum += meanOf(differences);
    this.absoluteSum += meanOf(absolutes);
    this.largest = Math.max(this.largest, ...absolutes);
  }

  include({ count, different, measured, sum, absoluteSum, largest }: DifferenceSums): void {
    this.count += count;
    this.different += different;
    this.measured += measured;
    this.sum += sum;
    this.absoluteSum += absoluteSum;
    this.largest = Math.max(this.largest, largest);
  }
}

/** The running figures of one version and one shadow of it; see `ComparisonSums`. */
export class Comparison {
  readonly version: string;
  readonly shadowVersion: string;
  sent = 0;
  compared = 0;
  failed = 0;
  readonly latency = new Durations();
  readonly compute = new Durations();
  readonly shadowLatency = new Durations();
  readonly shadowCompute = new Durations();
  readonly #outputs = new Map<string, Differences>();

  constructor({ version, shadowVersion }: Pick<ComparisonSums, 'version' | 'shadowVersion'>) {
    this.version = version;
    this.shadowVersion = shadowVersion;
  }

  /** By name of the output. */
  get outputs(): ReadonlyMap<string, Differences> {
    return this.#outputs;
  }

  /** Counts a task that both have answered. */
  add(counted: TimedPrediction, shadow: TimedPrediction): void {
    this.compared++;
    this.latency.add(counted.latencyMs);
    this.compute.add(counted.computeMs);
    this.shadowLatency.add(shadow.latencyMs);
    this.shadowCompute.add(shadow.computeMs);
    for (const [output, value] of Object.entries(counted.prediction))
      this.#differencesOf(output).add(value, shadow.prediction[output]);
  }

  /** Adds the figures of another gateway. */
  include(sums: ComparisonSums): void {
    this.sent += sums.sent;
    this.compared += sums.compared;
    this.failed += sums.failed;
    for (const name of ['latency', 'compute', 'shadowLatency', 'shadowCompute'] as const)
      this[name].include(sums[name]);
    for (const [output, differences] of Object.entries(sums.outputs))
      this.#differencesOf(output).include(differences);
  }

  toJSON(): ComparisonSums {
    const { version, shadowVersion, sent, compared, failed } = this;
    return {
      version,
      shadowVersion,
      sent,
      compared,
      failed,
      latency: this.latency.toJSON(),
      compute: this.compute.toJSON(),
      shadowLatency: this.shadowLatency.toJSON(),
      shadowCompute: this.shadowCompute.toJSON(),
      outputs: Object.fromEntries(this.#outputs),
    };
  }

  #differencesOf(output: string): Differences {
    const differences = this.#outputs.get(output) ?? new Differences();
    this.#outputs.set(output, differences);
    return differences;
  }
}

/** Comparisons by version and shadow. */
export class Comparisons {
  readonly #byVersions = new Map<string, Comparison>();

  of(version: string, shadowVersion: string): Comparison {
    const key = `${version} ${shadowVersion}`;
    const comparison = this.#byVersions.get(key) ?? new Comparison({ version, shadowVersion });
    this.#byVersions.set(key, comparison);
    return comparison;
  }

  include(all: readonly ComparisonSums[]): void {
    for (const sums of all) this.of(sums.version, sums.shadowVersion).include(sums);
  }

  /** In the order of the versions, oldest first. */
  list(): readonly Comparison[] {
    return [...this.#byVersions.values()].toSorted(
      (a, b) => Number(a.version) - Number(b.version) || Number(a.shadowVersion) - Number(b.shadowVersion),
    );
  }
}

/**
 * @returns the difference of each number, shadow minus the answer that counts; undefined if the values are no numbers.
 */
function differencesOf(counted: Value, shadow: Value | undefined): readonly number[] | undefined {
  if (!isComparable(counted, shadow)) return undefined;
  const [before, after] = [counted, shadow].map((value) => [value].flat() as readonly number[]);
  return after?.map((number, i) => number - (before?.[i] ?? Number.NaN));
}

function meanOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}

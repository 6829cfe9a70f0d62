/** Plays benchmarks on one revision, or on two in turn. */
import type { Benchmark, Figure, Revision, Settings } from './benchmark.ts';

/** One figure of a benchmark, with its value in each repetition. */
export interface MeasuredFigure extends Omit<Figure, 'value'> {
  readonly values: readonly number[];
  /** The values of the other revision. Each is measured directly before or after ours, or at the same time. */
  readonly against?: readonly number[];
}

export interface Outcome {
  readonly name: string;
  readonly about: string;
  readonly repetitions: number;
  readonly figures: readonly MeasuredFigure[];
}

export interface RunOptions {
  readonly ours: Revision;
  /** The revision to compare ours with. */
  readonly theirs: Revision | undefined;
  /** Whether both are measured at the same time, instead of in turn. */
  readonly atOnce: boolean;
  readonly repeat: number;
  readonly settings: Settings;
}

/** @throws the error of a benchmark: an answer was wrong, or none came. */
export async function runBenchmark(benchmark: Benchmark, options: RunOptions): Promise<Outcome> {
  const { name, about } = benchmark;
  const { ours, theirs, repeat, settings } = options;
  const repetitions = Math.min(repeat, benchmark.repetitions ?? repeat);
  const measured: Measured[] = [];
  const against: Measured[] = [];
  if (theirs === undefined) {
    await using prepared = await benchmark.prepare(ours, settings);
    for (let i = 0; i < repetitions; i++) measured.push(await prepared.measure());
    return { name, about, repetitions, figures: together(measured) };
  }
  for (let i = 0; i < repetitions; i++) {
    const isOursFirst = i % 2 === 0;
    const [first, second] = await measureBoth(
      benchmark,
      isOursFirst ? [ours, theirs] : [theirs, ours],
      options,
    );
    measured.push(isOursFirst ? first : second);
    against.push(isOursFirst ? second : first);
  }
  return { name, about, repetitions, figures: together(measured, against) };
}

type Measured = readonly Figure[];

/** Starts both anew: two starts of the same code differ by up to a tenth, and so may the first and the second. */
async function measureBoth(
  benchmark: Benchmark,
  [first, second]: readonly [Revision, Revision],
  { settings, atOnce }: RunOptions,
): Promise<readonly [Measured, Measured]> {
  await using one = await benchmark.prepare(first, settings);
  await using other = await benchmark.prepare(second, settings);
  if (atOnce) return await Promise.all([one.measure(), other.measure()]);
  return [await one.measure(), await other.measure()];
}

function together(ours: readonly Measured[], theirs?: readonly Measured[]): readonly MeasuredFigure[] {
  const valuesOf = (repetitions: readonly Measured[], i: number) =>
    repetitions.map((figures) => figures[i]?.value ?? Number.NaN);
  return (ours[0] ?? []).map(({ value: _, ...figure }, i) => ({
    ...figure,
    values: valuesOf(ours, i),
    ...(theirs !== undefined && { against: valuesOf(theirs, i) }),
  }));
}

/** Plays benchmarks on one revision, or on two in turn. */
import type { Benchmark, Figure, Prepared, Revision, Settings } from './benchmark.ts';

/** One figure of a benchmark, with its value in each repetition. */
export interface MeasuredFigure extends Omit<Figure, 'value'> {
  readonly values: readonly number[];
  /** The values of the other revision. Each is measured directly after ours. */
  readonly against?: readonly number[];
}

export interface Outcome {
  readonly name: string;
  readonly about: string;
  readonly repetitions: number;
  readonly figures: readonly MeasuredFigure[];
}

/**
 * @param revisions ours, and then the one to compare it with, if there is one.
 * @throws the error of a benchmark: an answer was wrong, or none came.
 */
export async function runBenchmark(
  benchmark: Benchmark,
  revisions: readonly Revision[],
  { repeat, settings }: { readonly repeat: number; readonly settings: Settings },
): Promise<Outcome> {
  const { name, about, repetitions = repeat } = benchmark;
  await using started = new AsyncDisposableStack();
  const prepared: Prepared[] = [];
  for (const revision of revisions) prepared.push(started.use(await benchmark.prepare(revision, settings)));
  const measured: (readonly Figure[])[][] = prepared.map(() => []);
  const count = Math.min(repeat, repetitions);
  for (let repetition = 0; repetition < count; repetition++) {
    for (const [side, { measure }] of prepared.entries()) measured[side]?.push(await measure());
  }
  const [ours = [], theirs] = measured;
  return { name, about, repetitions: count, figures: together(ours, theirs) };
}

function together(
  ours: readonly (readonly Figure[])[],
  theirs: readonly (readonly Figure[])[] | undefined,
): readonly MeasuredFigure[] {
  const valuesOf = (repetitions: readonly (readonly Figure[])[], i: number) =>
    repetitions.map((figures) => figures[i]?.value ?? Number.NaN);
  return (ours[0] ?? []).map(({ value: _, ...figure }, i) => ({
    ...figure,
    values: valuesOf(ours, i),
    ...(theirs !== undefined && { against: valuesOf(theirs, i) }),
  }));
}

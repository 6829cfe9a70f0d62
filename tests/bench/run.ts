/** Plays benchmarks on one revision, or on two in turn. */
import type { Benchmark, Figure, Revision, Settings } from './benchmark.ts';

/** One figure of a benchmark, with its value in each repetition. */
export interface MeasuredFigure extends Omit<Figure, 'value'> {
  readonly values: readonly number[];
  /** The values of the other revision. Each is measured directly before or after ours. */
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
  readonly repeat: number;
  readonly settings: Settings;
}

/** @throws the error of a benchmark: an answer was wrong, or none came. */
export async function runBenchmark(
  benchmark: Benchmark,
  { ours, theirs, repeat, settings }: RunOptions,
): Promise<Outcome> {
  const { name, about } = benchmark;
  const repetitions = Math.min(repeat, benchmark.repetitions ?? repeat);
  const figures =
    theirs === undefined
      ? together(await measured(benchmark, ours, { repetitions, settings }))
      : together(...(await measuredInTurn(benchmark, [ours, theirs], { repetitions, settings })));
  return { name, about, repetitions, figures };
}

interface Repetitions {
  readonly repetitions: number;
  readonly settings: Settings;
}

async function measured(
  benchmark: Benchmark,
  revision: Revision,
  { repetitions, settings }: Repetitions,
): Promise<readonly (readonly Figure[])[]> {
  await using prepared = await benchmark.prepare(revision, settings);
  const all: (readonly Figure[])[] = [];
  for (let i = 0; i < repetitions; i++) all.push(await prepared.measure());
  return all;
}

/**
 * Starts both revisions anew for each repetition, since two starts of the same code differ by up to a tenth. Each is the
 * first in every other repetition.
 */
async function measuredInTurn(
  benchmark: Benchmark,
  revisions: readonly [Revision, Revision],
  { repetitions, settings }: Repetitions,
) {
  const all: [(readonly Figure[])[], (readonly Figure[])[]] = [[], []];
  for (let i = 0; i < repetitions; i++) {
    for (const side of i % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const))
      all[side].push(...(await measured(benchmark, revisions[side], { repetitions: 1, settings })));
  }
  return all;
}

function together(
  ours: readonly (readonly Figure[])[],
  theirs?: readonly (readonly Figure[])[],
): readonly MeasuredFigure[] {
  const valuesOf = (repetitions: readonly (readonly Figure[])[], i: number) =>
    repetitions.map((figures) => figures[i]?.value ?? Number.NaN);
  return (ours[0] ?? []).map(({ value: _, ...figure }, i) => ({
    ...figure,
    values: valuesOf(ours, i),
    ...(theirs !== undefined && { against: valuesOf(theirs, i) }),
  }));
}

/** Trial runs of a graph, row by row and several rows at once, at given sizes of the axes that vary. */
import type { Column, Columns } from '../../../../workers/runtimes/onnx/encoder.ts';
import { joined } from './tensors.ts';
import type { TrialRun, TrialRuns } from './trialRuns.ts';
import { type Filling, type Port, trialTensor } from './trialValues.ts';
import type { View } from './views.ts';

/** The sizes of axes that vary, by name. */
export type Sizes = ReadonlyMap<string, number>;

/** Sizes and values that a graph takes. */
export interface Base {
  readonly view: View;
  readonly sizes: Sizes;
  readonly filling: Filling;
}

const LARGEST_SEEDS = 1_000;

export class GraphTrials {
  readonly ports: readonly Port[];
  readonly #runs: TrialRuns;
  readonly #fetches: readonly string[];

  constructor(runs: TrialRuns, ports: readonly Port[], fetches: readonly string[]) {
    this.#runs = runs;
    this.ports = ports;
    this.#fetches = fetches;
  }

  /** Why the last failed run failed. */
  get reason(): string {
    return this.#runs.reason;
  }

  /**
   * The tensors of a row: of size 1 on the batch axis. Inputs without a batch axis are the same in all rows.
   *
   * @param sharedSeed the seed of inputs without a batch axis. @default 0
   */
  row({ view, sizes, filling }: Base, seed: number, sharedSeed = 0): Columns {
    return Object.fromEntries(
      this.ports.map((port, i) => {
        const axis = view.axes.get(port.name) ?? null;
        const dims = port.dims.map((size, place) => (place === axis ? 1 : sizeOf(size, sizes)));
        return [
          port.name,
          trialTensor(port, dims, i + (axis === null ? sharedSeed : seed) * LARGEST_SEEDS, filling),
        ];
      }),
    );
  }

  run(feeds: Columns): Promise<TrialRun | undefined> {
    return this.#runs.run(feeds, this.#fetches);
  }

  /** Runs rows at once. */
  runTogether(rows: readonly Columns[], view: View): Promise<TrialRun | undefined> {
    return this.run(together(rows, view));
  }

  /** Whether the graph takes a row of these sizes. A batch of a fixed size is filled up with copies. */
  async takes(base: Base, seed = 1, sharedSeed = 0): Promise<TrialRun | undefined> {
    return this.runTogether(copies(this.row(base, seed, sharedSeed), base.view.fixed ?? 1), base.view);
  }
}

export function copies<T>(row: T, count: number): readonly T[] {
  return Array.from({ length: count }, () => row);
}

function together(rows: readonly Columns[], { axes }: View): Columns {
  const [first = {}] = rows;
  return Object.fromEntries(
    Object.entries(first).map(([name, tensor]) => {
      const axis = axes.get(name) ?? null;
      if (axis === null || rows.length === 1) return [name, tensor];
      return [
        name,
        joined(
          rows.map((row) => row[name] as Column),
          axis,
        ),
      ];
    }),
  );
}

/** A size may be a sum or a product, as in `past_sequence_length + 1`. */
export function sizeOf(size: number | string, sizes: Sizes): number {
  if (typeof size === 'number') return size;
  const known = sizes.get(size);
  if (known !== undefined) return known;
  return termsOf(size)
    .map((factors) => factors.map((factor) => sizes.get(factor) ?? Number(factor)).reduce((a, b) => a * b, 1))
    .reduce((a, b) => a + b, 0);
}

/** The names in a size. */
export function namesIn(size: number | string): readonly string[] {
  if (typeof size === 'number') return [];
  return termsOf(size).flatMap((factors) => factors.filter((factor) => !/^\d+$/.test(factor)));
}

function termsOf(size: string): readonly (readonly string[])[] {
  if (!/^\s*\w+(\s*[+*]\s*\w+)*\s*$/.test(size)) return [[size]];
  return size.split('+').map((term) => term.split('*').map((factor) => factor.trim()));
}

/** The names of the axes that vary, without batch axes. */
export function freeNames(ports: readonly Port[], { axes }: View): readonly string[] {
  const names = ports.flatMap(({ name, dims }) =>
    dims.flatMap((size, i) => (i === axes.get(name) ? [] : namesIn(size))),
  );
  const batch = new Set(ports.flatMap(({ name, dims }) => dims[axes.get(name) ?? -1] ?? []));
  return [...new Set(names)].filter((name) => !batch.has(name));
}

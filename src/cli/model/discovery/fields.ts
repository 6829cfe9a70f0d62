/** The inputs and outputs of a graph as a manifest describes them: from what its answers had in common, and what not. */
import type { GraphValue } from '../../../../workers/runtimes/onnx/signature.ts';
import type { Axis, TensorType } from '../../../models/manifest.ts';
import { largestSize, MOST_TRIED_ELEMENTS, type Range } from './axisRange.ts';
import type { Variation } from './baseSizes.ts';
import { type Found, type FoundOutput, NotFound } from './found.ts';
import type { GraphTrials, Sizes } from './graphTrials.ts';
import type { Answers } from './trialRuns.ts';
import type { Port } from './trialValues.ts';
import type { Choice } from './viewChoice.ts';
import type { View } from './views.ts';

/** The largest size of an axis that the graph alone decides. */
const OUTPUT_AXIS_MAXIMUM = 2 ** 20;
/** PyTorch names a size so that depends on values. It is open even if no input has an axis that varies. */
const MADE_UP_NAME = /_dim_\d+$/;
/** So many times as large. */
const MUCH = 8;
/** Of the rows that are observed, which become the golden rows. */
export const SEEDS = [1, 2, 3];

export interface Observation {
  readonly sizes: Sizes;
  readonly answers: Answers;
}

/** Answers at the base sizes, to other values, and with each axis a little larger, and much larger. */
export async function observe(
  trials: GraphTrials,
  { base, steps }: Variation,
  ranges: ReadonlyMap<string, Range>,
): Promise<readonly Observation[]> {
  const observations: Observation[] = [];
  const add = async (sizes: Sizes, seed: number, sharedSeed = 0) => {
    const run = await trials.takes({ ...base, sizes }, seed, sharedSeed);
    if (run !== undefined) observations.push({ sizes, answers: run.answers });
  };
  for (const seed of SEEDS) await add(base.sizes, seed);
  // An input that is the same for all rows may say how large an output is.
  for (const seed of SEEDS) await add(base.sizes, seed, seed);
  for (const [name, step] of steps) {
    const size = base.sizes.get(name) ?? 1;
    // Of few samples, for example, a window makes one frame, and of one sample more still one.
    const much = Math.min(
      MUCH * size,
      ranges.get(name)?.maximum ?? 0,
      largestSize(trials.ports, base, name, MOST_TRIED_ELEMENTS),
    );
    for (const larger of new Set([size + step, much - ((much - size) % step)]))
      if (larger > size) await add(new Map([...base.sizes, [name, larger]]), 1);
  }
  return observations;
}

/** By output: the batch axis, or null. */
export function outputAxes(
  { base, verdict }: Choice,
  observations: readonly Observation[],
): ReadonlyMap<string, number | null> {
  const [first] = observations;
  const isFirst = (name: string) => observations.every(({ answers }) => answers[name]?.dims[0] === 1);
  return new Map(
    Object.keys(first?.answers ?? {}).map((name) => {
      if (verdict === undefined) return [name, null];
      if ('axes' in verdict) return [name, verdict.axes.get(name) ?? null];
      return [name, base.view.fixed === 1 || verdict.kind === 'single' ? (isFirst(name) ? 0 : null) : null];
    }),
  );
}

export function inputFields(
  ports: readonly Port[],
  view: View,
  names: ReadonlyMap<string, string>,
): Found['inputs'] {
  return ports.map(({ name, type, dims, hint }) => {
    const batchAxis = view.axes.get(name) ?? null;
    const shape = dims
      .filter((_, i) => i !== batchAxis)
      .map((size) => (typeof size === 'string' ? (names.get(size) ?? size) : size));
    return { tensor: name, type, batchAxis, shape, hint };
  });
}

interface OutputFacts {
  readonly tensor: string;
  readonly batchAxes: ReadonlyMap<string, number | null>;
  readonly observations: readonly Observation[];
  readonly names: ReadonlyMap<string, string>;
  /** Gets the axes that only this output has. */
  readonly axes: Map<string, Axis>;
  readonly hasOpenSizes: boolean;
}

export function outputField(value: GraphValue | undefined, facts: OutputFacts): FoundOutput {
  const { tensor, batchAxes, observations, names, axes, hasOpenSizes } = facts;
  const batchAxis = batchAxes.get(tensor) ?? null;
  const shapes = observations.map(({ answers }) =>
    (answers[tensor]?.dims ?? []).filter((_, i) => i !== batchAxis),
  );
  const [first = []] = shapes;
  if (shapes.some(({ length }) => length !== first.length))
    throw new NotFound('rank', `the output ${tensor} has another number of dimensions from run to run`);
  const declared = (value?.shape ?? []).filter((_, i) => i !== batchAxis);
  const shape = first.map((size, i) => {
    const sizes = shapes.map((dims) => dims[i] ?? 0);
    const isOpen =
      (hasOpenSizes &&
        typeof declared[i] !== 'number' &&
        !sizes.every((other) => isAxisOf(other, observations))) ||
      (names.size === 0 && MADE_UP_NAME.test(String(declared[i])));
    if (sizes.every((other) => other === size) && !isOpen) return size;
    const axis = [...names.keys()].find((name) =>
      observations.every(({ sizes: at }, run) => at.get(name) === sizes[run]),
    );
    if (axis !== undefined) return names.get(axis) ?? axis;
    const own = ownAxis(declared[i], tensor, i, axes);
    axes.set(own, { minimum: 0, maximum: OUTPUT_AXIS_MAXIMUM });
    return own;
  });
  const isOpen = observations.some(({ answers }) => answers[tensor]?.data.some(isNotFinite));
  return { tensor, type: (value?.type ?? 'float32') as TensorType, batchAxis, shape, isOpen };
}

function isNotFinite(element: unknown): boolean {
  return typeof element === 'number' && !Number.isFinite(element);
}

function isAxisOf(size: number, observations: readonly Observation[]): boolean {
  return observations.some(({ sizes }) => [...sizes.values()].includes(size));
}

function ownAxis(
  declared: number | string | undefined,
  tensor: string,
  place: number,
  axes: ReadonlyMap<string, Axis>,
): string {
  const plain = (text: string) => text.replaceAll(/\W+/g, '_').replace(/^[^A-Za-z]+/, '');
  const wanted =
    typeof declared === 'string' && /^[a-zA-Z]\w*$/.test(declared) && !/^unk__/.test(declared)
      ? declared
      : `${plain(tensor) || 'output'}_${place}`;
  let name = wanted.slice(0, 60);
  for (let number = 2; axes.has(name); number++) name = `${wanted.slice(0, 57)}_${number}`;
  return name;
}

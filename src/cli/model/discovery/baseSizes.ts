/** Finds sizes and values that a graph takes, and which of its axes really vary. */
import { type Base, freeNames, type GraphTrials, namesIn } from './graphTrials.ts';
import type { Filling, Port } from './trialValues.ts';
import type { View } from './views.ts';

/** Tried for all axes that vary at once. Small ones are fast, and pictures and sounds need larger ones. */
const SIZES = [
  16, 8, 32, 64, 128, 224, 256, 320, 512, 640, 1, 2, 3, 4, 5, 6, 7, 9, 10, 12, 20, 24, 28, 30, 40, 80, 96,
  100, 384, 768, 1024, 4096, 16_000,
];
const FILLINGS: readonly Filling[] = ['varied', 'digits', 'ones', 'zeros'];

/** @returns undefined if no run with rows of this view succeeds. */
export async function findBase(trials: GraphTrials, view: View): Promise<Base | undefined> {
  const names = freeNames(trials.ports, view);
  const known = knownSizes(trials.ports, view);
  const open = names.filter((name) => !known.has(name));
  const isGiven = trials.ports.some(({ given = [] }) => given.length > 0);
  for (const filling of isGiven ? (['given', ...FILLINGS] as const) : FILLINGS)
    for (const size of open.length === 0 ? [1] : SIZES) {
      const sizes = new Map([...known, ...open.map((name) => [name, size] as const)]);
      const base = { view, sizes, filling };
      if ((await trials.takes(base)) !== undefined) return base;
    }
  return undefined;
}

/** Sizes that the graph tells, and 1 for the batch. */
function knownSizes(ports: readonly Port[], { axes }: View): ReadonlyMap<string, number> {
  const sizes = new Map<string, number>();
  for (const { name, dims, hint } of ports) {
    const [last, second] = [dims.at(-1), dims[1]];
    if (dims.length > 2 && typeof second === 'string' && hint.channels !== undefined)
      sizes.set(second, hint.channels);
    else if (dims.length > 1 && typeof last === 'string' && hint.width !== undefined)
      sizes.set(last, hint.width);
    for (const batch of namesIn(dims[axes.get(name) ?? -1] ?? 0)) sizes.set(batch, 1);
  }
  return sizes;
}

/** What was found out about the axes with names. */
export interface Variation {
  /** The ports, with one name for axes that vary together, and a size for those that do not vary. */
  readonly ports: readonly Port[];
  readonly base: Base;
  /** By name of an axis that varies: by how much its size was changed in a run. */
  readonly steps: ReadonlyMap<string, number>;
}

/** Changes each size that may vary, alone, and then those that failed together. */
export async function findVariation(trials: GraphTrials, base: Base): Promise<Variation> {
  const { view, sizes } = base;
  const known = knownSizes(trials.ports, view);
  const names = freeNames(trials.ports, view).filter((name) => !known.has(name));
  const steps = new Map<string, number>();
  const takesChange = async (changed: readonly string[]): Promise<number | undefined> => {
    const size = sizes.get(changed[0] ?? '') ?? 1;
    for (const step of [1, size]) {
      const larger = new Map([...sizes, ...changed.map((name) => [name, size + step] as const)]);
      if ((await trials.takes({ ...base, sizes: larger })) !== undefined) return step;
    }
    return undefined;
  };
  const stuck: string[] = [];
  for (const name of names) {
    const step = await takesChange([name]);
    if (step === undefined) stuck.push(name);
    else steps.set(name, step);
  }
  const step = stuck.length > 1 ? await takesChange(stuck) : undefined;
  const [shared = ''] = stuck;
  if (step !== undefined) steps.set(shared, step);
  const renamed = (size: number | string): number | string => {
    if (typeof size === 'number' || steps.has(size)) return size;
    if (stuck.includes(size)) return step === undefined ? (sizes.get(size) ?? 1) : shared;
    return known.get(size) ?? size;
  };
  return {
    ports: trials.ports.map((port) => ({
      ...port,
      dims: port.dims.map((size, i) => (i === view.axes.get(port.name) ? size : renamed(size))),
    })),
    base,
    steps,
  };
}

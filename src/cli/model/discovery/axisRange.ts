/** Finds the smallest and the largest size of an axis that a graph takes, in a few runs. */
import type { Axis } from '../../../models/manifest.ts';
import { type Base, type GraphTrials, namesIn, sizeOf } from './graphTrials.ts';
import type { Port } from './trialValues.ts';

/** The most elements of a tensor at the largest sizes of all its axes. */
const MOST_ELEMENTS = 2 ** 24;
/** The same in a run of the search: making more takes too long. */
export const MOST_TRIED_ELEMENTS = 2 ** 20;
const LARGEST = 2 ** 20;
/** A run of a row that takes longer ends the search. */
const SLOW_MS = 200;
/** All searches of a file together. */
export const SEARCH_MS = 5_000;

export interface Range extends Axis {
  /** The first larger size that failed, and why; undefined if none did. */
  readonly failed?: { readonly size: number; readonly reason: string };
}

/**
 * @param step the change of size that a run has taken: 1 if any size may do.
 * @param until when to stop, by `performance.now()`.
 */
export async function findRange(
  trials: GraphTrials,
  base: Base,
  name: string,
  step: number,
  until: number,
): Promise<Range> {
  const start = base.sizes.get(name) ?? 1;
  const sizeFor = (elements: number) =>
    Math.max(start + step, largestSize(trials.ports, base, name, elements));
  const limit = sizeFor(MOST_TRIED_ELEMENTS);
  let isSlow = false;
  const takes = async (size: number): Promise<boolean> => {
    const run = await trials.takes({ ...base, sizes: new Map([...base.sizes, [name, size]]) });
    isSlow = (run?.computeMs ?? 0) > SLOW_MS || performance.now() > until;
    return run !== undefined;
  };
  let maximum = start + step;
  let failed: Range['failed'];
  while (!isSlow && 2 * maximum <= limit) {
    if (await takes(2 * maximum)) {
      maximum *= 2;
      continue;
    }
    failed = { size: 2 * maximum, reason: trials.reason };
    break;
  }
  if (failed !== undefined && step === 1) {
    maximum = await border(takes, maximum, failed.size);
    failed = { ...failed, size: maximum + 1 };
  }
  if (failed === undefined && !isSlow) maximum = sizeFor(MOST_ELEMENTS);
  const minimum = step > 1 ? start : await smallest(takes, start, isPast(trials.ports, name));
  return { minimum, maximum, ...(failed && { failed }) };
}

/** @param mayBeNone whether there may be nothing on the axis. */
async function smallest(
  takes: (size: number) => Promise<boolean>,
  start: number,
  mayBeNone: boolean,
): Promise<number> {
  if (!(await takes(1))) return border(takes, start, 1);
  return mayBeNone && (await takes(0)) ? 0 : 1;
}

/** What a model of texts has seen before: at first nothing. */
function isPast(ports: readonly Port[], name: string): boolean {
  return ports.some((port) => /past|cache/i.test(port.name) && port.dims.includes(name));
}

/** @returns the last size from `good` towards `bad` that is taken. */
async function border(takes: (size: number) => Promise<boolean>, good: number, bad: number): Promise<number> {
  let [taken, refused] = [good, bad];
  while (Math.abs(taken - refused) > 1) {
    const middle = Math.floor((taken + refused) / 2);
    if (await takes(middle)) taken = middle;
    else refused = middle;
  }
  return taken;
}

/** Axes of one tensor that vary share its elements. */
export function largestSize(
  ports: readonly Port[],
  { sizes, view }: Base,
  name: string,
  elements: number,
): number {
  const limits = ports
    .filter(({ dims }) => dims.some((size) => namesIn(size).includes(name)))
    .map((port) => {
      const row = port.dims.filter((_, i) => i !== view.axes.get(port.name));
      const varying = row.filter((size) => typeof size === 'string').length;
      const fixed = row.reduce<number>(
        (product, size) => product * (typeof size === 'number' ? Math.max(1, sizeOf(size, sizes)) : 1),
        1,
      );
      return Math.floor((elements / fixed) ** (1 / varying));
    });
  return Math.min(LARGEST, ...limits);
}

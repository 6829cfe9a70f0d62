/** Reads what a recipe tells of its progress. */
import type { NamedNumber, Progress } from '../../src/contract/work.ts';
import { isObject, shownJson } from '../../src/process/jsonFile.ts';
import { type Frame, FrameFault } from '../runtimes/framed/frames.ts';

/** How far a recipe is; when, and how long it may still take, is added by its reader. */
export type ProgressNotice = Pick<Progress, 'done' | 'of' | 'unit' | 'metrics'>;

const LONGEST_NAME = 200;
const MOST_METRICS = 100;

/** @throws {FrameFault} naming a member that is not as it should be. */
export function progressIn({ done, of, unit = 'steps', metrics = {} }: Frame['header']): ProgressNotice {
  if (!isNumber(done)) throw new FrameFault(`done of a progress must be a number, got ${shownJson(done)}`);
  if (of !== undefined && !isNumber(of))
    throw new FrameFault(`of of a progress must be a number, got ${shownJson(of)}`);
  if (typeof unit !== 'string' || unit === '' || unit.length > LONGEST_NAME)
    throw new FrameFault(
      `unit of a progress must be a text of 1 to ${LONGEST_NAME} characters, got ${shownJson(unit)}`,
    );
  if (!isObject(metrics))
    throw new FrameFault(`metrics of a progress must be numbers by name, got ${shownJson(metrics)}`);
  return { done, ...(of === undefined ? {} : { of }), unit, metrics: figuresIn(metrics) };
}

/** Figures that are not finite, such as a loss that has become NaN, are left out, and so are too many. */
function figuresIn(metrics: Readonly<Record<string, unknown>>): readonly NamedNumber[] {
  return Object.entries(metrics)
    .flatMap(([name, value]) =>
      isNumber(value) && name !== '' && name.length <= LONGEST_NAME ? [{ name, value }] : [],
    )
    .slice(0, MOST_METRICS);
}

function isNumber(value: unknown): value is number {
  return Number.isFinite(value);
}

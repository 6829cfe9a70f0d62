/**
 * How fast the lanes of a model get shorter, measured between looks at the broker. It does not matter who looks, and how
 * often.
 *
 * What leaves a lane while few jobs come says how many come, not how many could be run. So the capacity is measured only
 * while jobs wait, and it is kept until it is measured again.
 */
import type { LaneState } from '../broker/broker.ts';

export interface LaneRate {
  /** Jobs that left in a second, whether others waited or not. Undefined before there are two looks. */
  readonly endedPerSecond: number | undefined;
  /**
   * Jobs that leave in a second while jobs wait; 0 if jobs have waited for 30 s and none has left. Undefined until it is
   * measured for the first time.
   */
  readonly capacityPerSecond: number | undefined;
}

/** A look at a lane. */
interface Look extends LaneState {
  /** On the clock of `performance.now()`. */
  readonly at: number;
}

/** Between looks that are nearer, a rate would be noise. */
const LEAST_MS = 900;
/** A rate is over this time, or a little longer: until the look before it. */
const RATE_OVER_MS = 15_000;
/** For runs that take long. */
const REMEMBER_MS = 60_000;
/** That none leaves is known once jobs have waited for so long: a single run may take seconds. */
const NONE_AFTER_MS = 30_000;

export class LaneRates {
  /** By lane, oldest first. */
  #looks: ReadonlyMap<string, readonly Look[]> = new Map();
  /** By lane: the capacity that was measured last. */
  #capacities: ReadonlyMap<string, number> = new Map();

  /**
   * Adds a look.
   *
   * @param jobsPerMessage of a lane now.
   * @returns the rates of its lanes, in their order.
   */
  look(
    lanes: readonly LaneState[],
    { at, jobsPerMessage }: { readonly at: number; readonly jobsPerMessage: (lane: LaneState) => number },
  ): readonly LaneRate[] {
    const looks = new Map<string, readonly Look[]>();
    const capacities = new Map<string, number>();
    const rates = lanes.map((lane) => {
      const name = `${lane.version} ${lane.lane}`;
      const now = { ...lane, at };
      const earlier = (this.#looks.get(name) ?? []).filter(
        (each) => at - each.at <= REMEMBER_MS && each.left <= now.left,
      );
      looks.set(name, [...earlier, now]);
      const factor = jobsPerMessage(lane);
      const busy = whileJobsWaited(earlier, now);
      const measured = capacityIn(busy, now, factor, this.#capacities.get(name));
      if (measured !== undefined) capacities.set(name, measured);
      const before = within(earlier, at);
      return {
        endedPerSecond: before && leftPerSecond(before, now) * factor,
        capacityPerSecond: isStuck(busy, now) ? 0 : measured,
      };
    });
    this.#looks = looks;
    this.#capacities = capacities;
    return rates;
  }
}

/** The newest looks, without one between them at which no job waited. */
function whileJobsWaited(earlier: readonly Look[], now: Look): readonly Look[] {
  if (now.isPaused) return [];
  const idle = earlier.findLastIndex(({ waiting, isPaused }) => waiting === 0 || isPaused);
  return earlier.slice(idle + 1);
}

/** @param known the capacity so far. */
function capacityIn(
  busy: readonly Look[],
  now: Look,
  factor: number,
  known: number | undefined,
): number | undefined {
  const recent = within(busy, now.at);
  // Of runs that take long, none may have left lately.
  const before = recent?.left === now.left ? within(busy, now.at, REMEMBER_MS) : recent;
  if (before === undefined || before.left === now.left) return known;
  const measured = leftPerSecond(before, now) * factor;
  // If more have left than were there, the lane may have been empty meanwhile: it can do so much, or more.
  const hasAlwaysWaited = now.waiting > 0 && now.left - before.left <= before.waiting + before.inHand;
  return hasAlwaysWaited ? measured : Math.max(measured, known ?? 0);
}

function isStuck(busy: readonly Look[], now: Look): boolean {
  const last = busy.find(({ left }) => left === now.left);
  return last !== undefined && now.waiting > 0 && now.at - last.at >= NONE_AFTER_MS;
}

/** The look since which a rate is taken: the newest that is `overMs` old or older, otherwise the oldest. */
function within(looks: readonly Look[], at: number, overMs = RATE_OVER_MS): Look | undefined {
  const before = looks.findLast((each) => at - each.at >= overMs) ?? looks[0];
  return before !== undefined && at - before.at >= LEAST_MS ? before : undefined;
}

function leftPerSecond(before: Look, now: Look): number {
  return ((now.left - before.left) * 1_000) / (now.at - before.at);
}

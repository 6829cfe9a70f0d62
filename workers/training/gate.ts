/**
 * The gate: what a new version must reach to get a number. Its figures and those of the version that answers now are
 * computed here, over the same rows and by the same code; what a recipe says of its own version decides nothing.
 */
import { type Check, Verdict } from '../../src/contract/work.ts';
import type { Gate, MetricGate, SliceGate } from '../../src/models/training.ts';
import { type Figure, figureOf, isLessBetter, type Judged } from './metrics.ts';
import { isWithinNoise } from './noise.ts';

/** What a version gave for the hold-out rows. */
export interface JudgedVersion {
  /** By output. What a version gave for a row that it failed is NaN. */
  readonly outputs: ReadonlyMap<string, Judged>;
  readonly failedRows: number;
}

/** What is known of a new version. */
export interface Candidate extends JudgedVersion {
  /** The 95th percentile of runs of `maxBatchSize` rows, in milliseconds. */
  readonly runMs: number;
  /** Of its files. */
  readonly bytes: number;
}

export interface HoldOut {
  readonly rows: number;
  /** 1 for each row that all versions have answered, else 0: figures are computed over these. */
  readonly answered: Float64Array;
  /** By slice: 1 for each row that is in it, else 0. */
  readonly slices: ReadonlyMap<string, Float64Array>;
  /** The outputs that are texts or booleans. */
  readonly classes: ReadonlySet<string>;
}

interface Compared {
  readonly candidate: Figure;
  readonly live: Figure | undefined;
}

/** @param live undefined: no version answers yet, and nothing is compared. */
export function checksOf(
  gate: Gate,
  candidate: Candidate,
  live: JudgedVersion | undefined,
  holdOut: HoldOut,
): readonly Check[] {
  const all = holdOut.answered;
  const figures = gate.metrics.map((metric) => ({
    metric,
    compared: compare(metric, candidate, live, holdOut),
  }));
  return [
    failedRows(candidate, live, holdOut),
    ...figures.flatMap(({ metric, compared }) => [
      ...limitChecks(metric, compared, all),
      ...ratioChecks(nameOf(metric), metric, compared, all, metric),
    ]),
    ...gate.slices.flatMap((slice) =>
      figures.flatMap(({ metric, compared }) => sliceChecks(slice, metric, compared, holdOut)),
    ),
    ...atMost('run of a full batch, ms', candidate.runMs, gate.mostRunMs, holdOut.rows),
    ...atMost('bytes', candidate.bytes, gate.mostBytes, 0),
  ];
}

/** Whether a version may have a number. */
export function passes(checks: readonly Check[]): boolean {
  return checks.every(({ verdict }) => verdict !== Verdict.Fail);
}

function compare(
  { output, metric }: MetricGate,
  candidate: JudgedVersion,
  live: JudgedVersion | undefined,
  { classes }: HoldOut,
): Compared {
  const figure = (version: JudgedVersion | undefined) => {
    const judged = version?.outputs.get(output);
    return judged && figureOf(metric, judged, classes.has(output));
  };
  const ofCandidate = figure(candidate);
  if (ofCandidate === undefined) throw new Error(`the gate names ${output}, which has no target`);
  return { candidate: ofCandidate, live: figure(live) };
}

/** A version that fails rows must not look better by leaving them out. */
function failedRows(candidate: JudgedVersion, live: JudgedVersion | undefined, { rows }: HoldOut): Check {
  const limit = live?.failedRows ?? 0;
  const verdict = candidate.failedRows <= limit ? Verdict.Pass : Verdict.Fail;
  const ofLive = live === undefined ? {} : { live: live.failedRows };
  return { name: 'failed rows', observed: candidate.failedRows, ...ofLive, limit, count: rows, verdict };
}

function limitChecks(gate: MetricGate, { candidate, live }: Compared, rows: Float64Array): readonly Check[] {
  const observed = candidate(rows);
  // Of a bias its size counts, not its direction.
  const size = gate.metric === 'bias' ? Math.abs(observed) : observed;
  const common = { count: countOf(rows), ...numbers({ observed, live: live?.(rows) }) };
  return [
    ...(gate.most === undefined
      ? []
      : [
          {
            name: `${nameOf(gate)} at most`,
            ...common,
            limit: gate.most,
            verdict: verdictOf(size <= gate.most),
          },
        ]),
    ...(gate.least === undefined
      ? []
      : [
          {
            name: `${nameOf(gate)} at least`,
            ...common,
            limit: gate.least,
            verdict: verdictOf(size >= gate.least),
          },
        ]),
  ];
}

function sliceChecks(
  slice: SliceGate,
  metric: MetricGate,
  compared: Compared,
  { slices, answered }: HoldOut,
): readonly Check[] {
  const rows = slices.get(slice.name);
  if (rows === undefined) throw new Error(`no rows were looked up for the slice ${slice.name}`);
  const judged = rows.map((isIn, row) => isIn * (answered[row] ?? 0));
  return ratioChecks(`${nameOf(metric)} of ${slice.name}`, metric, compared, judged, slice);
}

/** The limits of a figure in relation to that of the live version. */
function ratioChecks(
  name: string,
  { metric }: MetricGate,
  { candidate, live }: Compared,
  rows: Float64Array,
  limits: Pick<MetricGate, 'mostRatioToLive' | 'leastRatioToLive'> & Partial<Pick<SliceGate, 'leastRows'>>,
): readonly Check[] {
  const limit = isLessBetter(metric) ? limits.mostRatioToLive : limits.leastRatioToLive;
  if (limit === undefined) return [];
  const count = countOf(rows);
  const of = `${name} to live`;
  if (count === 0 || count < (limits.leastRows ?? 0))
    return [{ name: of, limit, count, verdict: Verdict.TooFew }];
  const observed = candidate(rows);
  if (live === undefined)
    return [{ name: of, ...numbers({ observed }), limit, count, verdict: Verdict.Skipped }];
  const ofLive = live(rows);
  // Such as the area under a curve where no row is a yes.
  if (Number.isNaN(observed) || Number.isNaN(ofLive))
    return [{ name: of, ...numbers({ observed, live: ofLive }), limit, count, verdict: Verdict.TooFew }];
  const [size, liveSize] = metric === 'bias' ? [Math.abs(observed), Math.abs(ofLive)] : [observed, ofLive];
  const isReached = isLessBetter(metric) ? size <= limit * liveSize : size >= limit * liveSize;
  const passed = isReached || isWithinNoise(candidate, live, rows);
  return [{ name: of, ...numbers({ observed, live: ofLive }), limit, count, verdict: verdictOf(passed) }];
}

function atMost(name: string, observed: number, limit: number | undefined, count: number): readonly Check[] {
  if (limit === undefined) return [];
  return [{ name, observed, limit, count, verdict: verdictOf(observed <= limit) }];
}

/** A figure that the rows do not define is left out: it fails its check, since no comparison with it holds. */
function numbers(figures: { readonly observed: number; readonly live?: number | undefined }) {
  return Object.fromEntries(Object.entries(figures).filter(([, value]) => Number.isFinite(value)));
}

function countOf(rows: Float64Array): number {
  return rows.reduce((sum, weight) => sum + weight, 0);
}

function verdictOf(passed: boolean): Verdict {
  return passed ? Verdict.Pass : Verdict.Fail;
}

function nameOf({ output, metric }: MetricGate): string {
  return `${output} ${metric}`;
}

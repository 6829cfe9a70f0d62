/** Tries whether the rows of a batch are answered one by one: a row alone and among others has the same answer. */
import type { Columns } from '../../../../workers/runtimes/onnx/encoder.ts';
import { isFloat } from '../../../models/manifest.ts';
import { type Base, copies, type GraphTrials } from './graphTrials.ts';
import { type Answer, isSame, partAt } from './tensors.ts';
import type { Answers } from './trialRuns.ts';

export type Verdict =
  /** By output: its batch axis. */
  | { readonly kind: 'rows'; readonly axes: ReadonlyMap<string, number> }
  /** Every output has a place for each row, but its answer depends on the other rows. */
  | { readonly kind: 'mixed'; readonly axes: ReadonlyMap<string, number> }
  /** An output has no place for each row. */
  | { readonly kind: 'noAxis'; readonly output: string }
  /** The graph takes one row, but not several. */
  | { readonly kind: 'single'; readonly reason: string }
  /** The same row is answered differently each time. */
  | { readonly kind: 'chance' };

const ROWS = 3;

/** @param relative the difference between equal answers, see `isSame`. */
export async function testRows(trials: GraphTrials, base: Base, relative: number): Promise<Verdict> {
  return base.view.fixed === undefined || base.view.fixed === 1
    ? testAnyRows(trials, base, relative)
    : testFixedRows(trials, base, base.view.fixed, relative);
}

async function testAnyRows(trials: GraphTrials, base: Base, relative: number): Promise<Verdict> {
  const rows = Array.from({ length: ROWS }, (_, i) => trials.row(base, i + 1));
  const alone: Answers[] = [];
  for (const row of [rows[0] as Columns, ...rows]) {
    const run = await trials.run(row);
    if (run === undefined) return { kind: 'single', reason: trials.reason };
    alone.push(run.answers);
  }
  const [again = {}, first = {}] = alone.splice(0, 2, alone[1] as Answers);
  if (!areSame(again, first, relative)) return { kind: 'chance' };
  if (base.view.fixed === 1) return verdictOfOne(first);
  const together = await trials.runTogether(rows, base.view);
  if (together === undefined) return { kind: 'single', reason: trials.reason };
  const verdict = compare(alone, together.answers, relative);
  if (verdict.kind !== 'rows') return verdict;
  const [row = {}] = rows;
  return (await testContrast(trials, base, row, relative)) ?? verdict;
}

/**
 * A row beside a copy of itself and one of the opposite sign. Graphs that count what differs, or that decide by a sum
 * over the run, answer such rows otherwise.
 *
 * @returns undefined if the graph does not take them.
 */
async function testContrast(
  trials: GraphTrials,
  base: Base,
  row: Columns,
  relative: number,
): Promise<Verdict | undefined> {
  const other = opposite(row, base);
  const [first, second] = [await trials.run(row), await trials.run(other)];
  const together = await trials.runTogether([row, other, row], base.view);
  if (first === undefined || second === undefined || together === undefined) return undefined;
  return compare([first.answers, second.answers, first.answers], together.answers, relative);
}

/** Inputs without a batch axis are the same in all rows. */
function opposite(row: Columns, { view }: Base): Columns {
  return Object.fromEntries(
    Object.entries(row).map(([name, column]) => {
      const { type, data } = column;
      if (!isFloat(type) || view.axes.get(name) == null) return [name, column];
      return [name, { ...column, data: (data as Float32Array<ArrayBuffer>).map((number) => -10 * number) }];
    }),
  );
}

/** A batch of exactly one row: nothing can be compared. */
function verdictOfOne(answers: Answers): Verdict {
  const without = Object.keys(answers).find((name) => answers[name]?.dims[0] !== 1);
  if (without !== undefined) return { kind: 'noAxis', output: without };
  return { kind: 'rows', axes: new Map(Object.keys(answers).map((name) => [name, 0])) };
}

/** Runs k rows, and the same rows in another order beside others. */
async function testFixedRows(
  trials: GraphTrials,
  base: Base,
  count: number,
  relative: number,
): Promise<Verdict> {
  const rows = Array.from({ length: count }, (_, i) => trials.row(base, i + 1));
  const first = await trials.runTogether(rows, base.view);
  if (first === undefined) return { kind: 'single', reason: trials.reason };
  const without = Object.keys(first.answers).find((name) => first.answers[name]?.dims[0] !== count);
  if (without !== undefined) return { kind: 'noAxis', output: without };
  const axes = new Map(Object.keys(first.answers).map((name) => [name, 0]));
  for (const [i, row] of rows.slice(0, ROWS).entries()) {
    const others = copies(trials.row(base, count + 1), count - 1);
    const run = await trials.runTogether([...others, row], base.view);
    if (run === undefined) return { kind: 'single', reason: trials.reason };
    for (const [name, answer] of Object.entries(run.answers))
      if (!isSame(partAt(first.answers[name] as Answer, 0, i), partAt(answer, 0, count - 1), relative))
        return { kind: 'mixed', axes };
  }
  return { kind: 'rows', axes };
}

function compare(alone: readonly Answers[], together: Answers, relative: number): Verdict {
  const axes = new Map<string, number>();
  let isMixed = false;
  for (const [name, answer] of Object.entries(together)) {
    const single = alone.map((answers) => answers[name] as Answer);
    const axis = answer.dims.findIndex((size, i) => size === ROWS && isRowAxis(answer, single, i));
    if (axis === -1) return { kind: 'noAxis', output: name };
    axes.set(name, axis);
    isMixed ||= !single.every((row, i) => isSame(row, partAt(answer, axis, i), relative));
  }
  return { kind: isMixed ? 'mixed' : 'rows', axes };
}

/** Alone the axis has the size 1, and all other axes have the size that they have among others. */
function isRowAxis({ dims }: Answer, single: readonly Answer[], axis: number): boolean {
  return single.every(
    (row) =>
      row.dims.length === dims.length && row.dims.every((size, i) => size === (i === axis ? 1 : dims[i])),
  );
}

function areSame(left: Answers, right: Answers, relative: number): boolean {
  return Object.entries(left).every(([name, answer]) => isSame(answer, right[name] as Answer, relative));
}

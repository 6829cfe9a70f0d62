/** Scores the rows of a table part by part, several parts at a time. */
import type { Part } from '../../data/inputTable.ts';
import { type MappedInput, rowOf } from '../../data/mapping.ts';
import type { Progress } from '../progress.ts';
import { isWholeNumber } from './outputValues.ts';
import type { Plan } from './plan.ts';
import type { ScoredPart, ScoreTable } from './table.ts';
import {
  CallTooLarge,
  type ModelView,
  type Predictions,
  RowsRefused,
  type ScoredValue,
  type Tidings,
} from './tidings.ts';

export interface ScoringOptions {
  readonly tidings: Tidings;
  readonly table: ScoreTable;
  readonly plan: Plan;
  readonly model: ModelView;
  readonly mapped: readonly MappedInput[];
  /** The most rows in one call. */
  readonly rowsPerCall: number;
  /** The number of calls at a time. */
  readonly calls: number;
  readonly progress: Pick<Progress, 'add' | 'savedBefore'>;
  readonly signal: AbortSignal;
}

/** Scores and saves all parts. @throws the first error of a part. Parts that are saved already stay saved. */
export async function scoreAll(options: ScoringOptions): Promise<void> {
  const { table, model, rowsPerCall, calls, progress, signal } = options;
  const rowCount = await table.rowCount();
  const saved = await table.savedParts();
  if (saved.length > 0) {
    const rows = saved.reduce((sum, { from, to }) => sum + to - from, 0);
    const [next] = partsBetween(saved, rowCount, rowsPerCall);
    progress.savedBefore(rows, next?.from ?? rowCount);
  }
  const work = partsBetween(saved, rowCount, rowsPerCall);
  const scoreParts = async () => {
    for (const part of work) {
      signal.throwIfAborted();
      await table.save(part, model.outputs, await scorePart(part, options));
      progress.add(part.to - part.from);
    }
  };
  await Promise.all(Array.from({ length: calls }, scoreParts));
}

/** Cuts the rows that are not saved yet into parts. @param saved in the order of their rows. */
function* partsBetween(saved: readonly Part[], rowCount: number, rowsPerCall: number): Generator<Part> {
  let from = 0;
  for (const next of [...saved, { from: rowCount, to: rowCount }]) {
    for (; from < next.from; from += rowsPerCall) yield { from, to: Math.min(next.from, from + rowsPerCall) };
    from = next.to;
  }
}

/**
 * Predicts the rows of a part. Rows that do not fit the model are left out of the call, with the reason as their error.
 */
async function scorePart(part: Part, options: ScoringOptions): Promise<ScoredPart> {
  const { tidings, table, plan, model, mapped } = options;
  const { cells, problems } = await table.read(mapped, part);
  const rows = problems.map(
    (problem, i) =>
      problem ??
      rowOf(
        mapped,
        cells.map((column) => column[i] ?? null),
        plan,
      ),
  );
  const errors = rows.map((row) => (typeof row === 'string' ? row : null));
  const columns = Object.fromEntries(
    model.outputs.map(({ name }) => [name, rows.map((): ScoredValue | null => null)]),
  );
  const score = async (indexes: readonly number[]): Promise<void> => {
    if (indexes.length === 0) return;
    try {
      const inputs = indexes.map((i) => rows[i] as Readonly<Record<string, unknown>>);
      const predictions = await tidings.predict(model, inputs, plan.version);
      for (const [i, reason] of predictions.errors) errors[indexes[i] ?? 0] = reason;
      for (const [i, reason] of roundedRows(model, predictions, indexes.length))
        errors[indexes[i] ?? 0] = reason;
      for (const [name, column] of Object.entries(columns))
        for (const [i, row] of indexes.entries())
          if (errors[row] === null) column[row] = predictions.columns[name]?.[i] ?? null;
    } catch (error) {
      if (error instanceof RowsRefused) {
        for (const [i, reason] of error.rows) errors[indexes[i] ?? 0] = reason;
        await score(indexes.filter((i) => errors[i] === null));
      } else if (error instanceof CallTooLarge && indexes.length > 1) {
        const half = Math.ceil(indexes.length / 2);
        await score(indexes.slice(0, half));
        await score(indexes.slice(half));
      } else if (error instanceof CallTooLarge) {
        for (const i of indexes) errors[i] = error.message;
      } else throw error;
    }
  };
  await score([...rows.keys()].filter((i) => errors[i] === null));
  return { columns, errors };
}

/**
 * Finds rows whose whole numbers may be rounded, since JSON rounds numbers beyond 2^53.
 *
 * @returns the reasons, by index.
 */
function roundedRows(
  { outputs }: ModelView,
  { columns }: Predictions,
  rowCount: number,
): ReadonlyMap<number, string> {
  const reasons = new Map<number, string>();
  for (const { name, type } of outputs.filter(isWholeNumber))
    for (let row = 0; row < rowCount; row++) {
      const value = columns[name]?.[row] ?? null;
      if (value === null) continue;
      const numbers: readonly unknown[] = Array.isArray(value) ? value : [value];
      // Exact ones are texts.
      const rounded = numbers.find((number) => typeof number === 'number' && !Number.isSafeInteger(number));
      if (rounded !== undefined)
        reasons.set(row, `${name} (${type}) must be below 2^53 to come without rounding, got ${rounded}`);
    }
  return reasons;
}

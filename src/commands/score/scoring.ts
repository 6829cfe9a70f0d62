/** Scores the rows of a table part by part, several parts at a time. */
import type { Value } from '../../task.ts';
import { type MappedInput, rowOf } from './mapping.ts';
import type { ScoreProgress } from './progress.ts';
import type { ScoredPart, ScoreTable } from './table.ts';
import { type ModelView, RowsRefused, type Tidings } from './tidings.ts';

export interface ScoringOptions {
  readonly tidings: Tidings;
  readonly table: ScoreTable;
  readonly model: ModelView;
  readonly modelVersion: string | undefined;
  readonly mapped: readonly MappedInput[];
  /** In one call at most. */
  readonly rowsPerPart: number;
  /** Calls at a time. */
  readonly calls: number;
  readonly progress: Pick<ScoreProgress, 'saved' | 'savedBefore'>;
  readonly signal: AbortSignal;
}

interface Part {
  readonly number: number;
  readonly from: number;
  readonly to: number;
}

/** Resolves once every part is saved. @throws whatever one of them throws; those that are saved stay so. */
export async function scoreAll(options: ScoringOptions): Promise<void> {
  const { table, model, rowsPerPart, calls, progress, signal } = options;
  const rowCount = await table.rowCount();
  const saved = await table.savedParts();
  const parts: Part[] = [];
  for (let number = 0; number * rowsPerPart < rowCount; number++) {
    const from = number * rowsPerPart;
    const part = { number, from, to: Math.min(rowCount, from + rowsPerPart) };
    if (saved.has(number)) progress.savedBefore(part.to - from);
    else parts.push(part);
  }
  const work = parts.values();
  const lane = async () => {
    for (const part of work) {
      signal.throwIfAborted();
      await table.save(part.number, part.from, model.outputs, await scorePart(part, options));
      progress.saved(part.to - part.from);
    }
  };
  await Promise.all(Array.from({ length: calls }, lane));
}

/** Rows that the model does not take are left out of the call, and have their reason as error. */
async function scorePart({ from, to }: Part, options: ScoringOptions): Promise<ScoredPart> {
  const { tidings, table, model, modelVersion, mapped } = options;
  const columns = await table.read(mapped, from, to);
  const errors: (string | null)[] = Array.from({ length: to - from }, () => null);
  const rows = errors.map((_, i) =>
    rowOf(
      mapped,
      columns.map((column) => column[i]),
    ),
  );
  for (const [i, row] of rows.entries()) if (typeof row === 'string') errors[i] = row;
  for (;;) {
    const asked = [...errors.keys()].filter((i) => errors[i] === null);
    if (asked.length === 0) return scattered(model, asked, {}, errors);
    try {
      const inputs = asked.map((i) => rows[i] as Readonly<Record<string, unknown>>);
      const predictions = await tidings.predict(model, inputs, modelVersion);
      for (const [i, reason] of predictions.errors) errors[asked[i] ?? 0] = reason;
      return scattered(model, asked, predictions.columns, errors);
    } catch (error) {
      if (!(error instanceof RowsRefused)) throw error;
      for (const [i, reason] of error.rows) errors[asked[i] ?? 0] = reason;
    }
  }
}

/** Brings what was predicted back to the places of the rows that were asked. */
function scattered(
  { outputs }: ModelView,
  asked: readonly number[],
  predicted: Readonly<Record<string, readonly (Value | null)[]>>,
  errors: readonly (string | null)[],
): ScoredPart {
  const columns = outputs.map(({ name }) => {
    const column: (Value | null)[] = errors.map(() => null);
    for (const [i, row] of asked.entries()) column[row] = predicted[name]?.[i] ?? null;
    return [name, column] as const;
  });
  return { columns: Object.fromEntries(columns), errors };
}

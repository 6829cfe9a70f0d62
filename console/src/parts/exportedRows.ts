/** The rows of a row batch as a table: what was sent if it is known, one value for each output, and why a row failed. */
import type { PageOfRows, Values } from '../api/modelOperations.ts';
import type { Model, ModelField } from '../api/models.ts';

/** @returns the names of the columns. An output with the name of an input stands for both. */
export function exportedColumns({ inputs, outputs }: Model, hasInputs: boolean): readonly string[] {
  const sent = hasInputs ? inputs.map(({ name }) => name) : [];
  return [...new Set(['row', ...sent, ...outputs.map(({ name }) => name), 'error'])];
}

export type ExportedRow = Readonly<Record<string, unknown>>;

/** @param inputs of all rows, as far as the page knows them. */
export function exportedRows(
  page: PageOfRows,
  outputs: readonly ModelField[],
  inputs: readonly Values[] = [],
): readonly ExportedRow[] {
  const { firstRow, rowCount, predictions, errors } = page;
  const messages = new Map(errors.map(({ row, message }) => [row, message]));
  return Array.from({ length: rowCount }, (_, i) => ({
    // As in a spreadsheet, the first row is 1.
    row: firstRow + i + 1,
    ...inputs[firstRow + i],
    ...Object.fromEntries(outputs.map(({ name }) => [name, plainValue(predictions[name]?.[i])])),
    error: messages.get(firstRow + i) ?? null,
  }));
}

/** The most likely label, the elements of a tensor: without the names of the fields around them. */
function plainValue(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value ?? null;
  if ('top' in value && Array.isArray(value.top)) return value.top[0]?.label ?? null;
  for (const list of ['values', 'integers', 'booleans', 'texts'])
    if (list in value) return (value as Record<string, unknown>)[list];
  if ('url' in value) return value.url;
  return value;
}

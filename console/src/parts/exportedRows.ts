/** The rows of a row batch as a table: one value for each output, and why a row failed. */
import type { PageOfRows } from '../api/modelOperations.ts';
import type { ModelField } from '../api/models.ts';

export type ExportedRow = Readonly<Record<string, unknown>>;

export function exportedRows(page: PageOfRows, outputs: readonly ModelField[]): readonly ExportedRow[] {
  const { firstRow, rowCount, predictions, errors } = page;
  const messages = new Map(errors.map(({ row, message }) => [row, message]));
  return Array.from({ length: rowCount }, (_, i) => ({
    // As in a spreadsheet, the first row is 1.
    row: firstRow + i + 1,
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

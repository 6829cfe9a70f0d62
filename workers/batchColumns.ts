/** The columns of a batch: those of its jobs, one after the other. */
import type { Value } from '../src/contract/values.ts';
import type { Manifest } from '../src/models/manifest.ts';
import type { Picked } from './assignment.ts';
import { type EncodedRun, encodeColumns } from './runtimes/onnx/encoder.ts';

export interface EncodedRows {
  readonly run: EncodedRun;
  /** For each row of the batch the row of the run that answers it, if equal rows share one. */
  readonly answeredBy: readonly number[] | undefined;
}

export function encodeRows(manifest: Manifest, picks: readonly Picked[]): EncodedRows {
  const columns = new Map(manifest.inputs.map(({ name }) => [name, joined(picks, name)]));
  const count = picks.reduce((sum, { rows }) => sum + rows.length, 0);
  const columnOf = (name: string) => columns.get(name) ?? [];
  if (!manifest.coalesce) return { run: encodeColumns(manifest, count, columnOf), answeredBy: undefined };
  const { different, answeredBy } = coalesce([...columns.values()], count);
  const run = encodeColumns(manifest, different.length, (name) => pickFrom(columnOf(name), different));
  return { run, answeredBy };
}

function joined(picks: readonly Picked[], name: string): readonly (Value | undefined)[] {
  const values: (Value | undefined)[] = [];
  for (const { assignment, rows } of picks) {
    const column = assignment.columns[name] ?? [];
    for (const row of rows) values.push(column[row]);
  }
  return values;
}

/** @returns the first of all equal rows, and for each row the place of its equal among these. */
function coalesce(columns: readonly (readonly (Value | undefined)[])[], count: number) {
  const different: number[] = [];
  const known = new Map<string, number>();
  const answeredBy: number[] = [];
  for (let row = 0; row < count; row++) {
    const key = JSON.stringify(
      columns.map((column) => column[row]),
      withoutData,
    );
    const place = known.get(key) ?? different.push(row) - 1;
    known.set(key, place);
    answeredBy.push(place);
  }
  return { different, answeredBy };
}

/** The bytes of a blob are left out: its digest stands beside them. */
function withoutData(_: string, value: unknown): unknown {
  return value instanceof Uint8Array ? undefined : value;
}

/** The values of some rows. */
export function pickFrom<T>(column: readonly T[], places: readonly number[]): readonly T[] {
  return places.map((place) => column[place] as T);
}

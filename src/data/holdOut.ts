/** Rows whose truth is known, to judge versions on: the inputs, what the outputs should have been, and the slices. */
import type { DuckDBValue } from '@duckdb/node-api';
import type { Values } from '../contract/values.ts';
import { checkInput } from '../models/input.ts';
import { DatabaseError } from './database.ts';
import { DataFault } from './dataFault.ts';
import { type TrainedModel, targetTypeOf } from './datasetReport.ts';
import { DATA_VIEW, type DataTable, viewId } from './dataTable.ts';
import { decideDateFormats } from './dateFormats.ts';
import { type MappedInput, mapInputs, rowOf, textNumbers } from './mapping.ts';
import { SURE_DECIMAL_COMMA } from './numbers.ts';

export interface HoldOutRows {
  /** Checked inputs. */
  readonly inputs: readonly Values[];
  /** By output with a target: its true value in each row. */
  readonly targets: ReadonlyMap<string, readonly Target[]>;
  /** By slice: 1 for each row that is in it, else 0. */
  readonly slices: ReadonlyMap<string, Float64Array>;
  /** Rows that no version can be judged on: a target is missing, or an input does not fit the model. */
  readonly leftOut: number;
  /** All rows, of which those that are judged are every n-th. */
  readonly total: number;
}

export type Target = number | string | boolean;

/** So many rows are judged at most, spread evenly over all: more tell no more of a version. */
const MOST_ROWS = 200_000;
const PAGE_ROWS = 20_000;
const TABLE = 'judged';

/** @throws {DataFault} if inputs, targets, rows or slices cannot be read, or if no row is left. */
export async function holdOutRows(
  data: DataTable,
  { manifest, training }: TrainedModel,
): Promise<HoldOutRows> {
  const { mapped, problems } = mapInputs(
    manifest.inputs,
    data.columns,
    new Map(Object.entries(training.columns)),
  );
  if (problems.length > 0) throw new DataFault(problems.join('; '));
  const outputs = manifest.outputs.filter(({ name }) => name in training.targets);
  const { slices } = training.gate;
  const count = await makeTable(data, mapped, {
    targets: outputs.map(
      (output) => `TRY_CAST((${training.targets[output.name]}\n) AS ${targetTypeOf(output)})`,
    ),
    slices: slices.map(({ where }) => where),
    rows: training.rows ?? 'true',
  });
  const notation = {
    dateFormats: await decideDateFormats(data, mapped, {
      requested: new Map(),
      advice: () => 'Write them as yyyy-mm-dd',
    }),
    hasDecimalCommas: await data.hasCell(textNumbers(mapped), SURE_DECIMAL_COMMA),
    now: new Date().toISOString(),
  };
  const found: FoundRow[] = [];
  const every = Math.max(1, Math.ceil(count / MOST_ROWS));
  for (let from = 0; from < count; from += PAGE_ROWS * every) {
    const columns = await data.database.columns(
      `SELECT * FROM ${TABLE} WHERE rowid >= ${from} AND rowid < ${from + PAGE_ROWS * every} AND rowid % ${every} = 0 ORDER BY rowid`,
    );
    for (let row = 0; row < (columns[0]?.length ?? 0); row++) {
      const cells = columns.map((column) => column[row] ?? null);
      const input = rowOf(mapped, cells.slice(0, mapped.length), notation);
      const targets = cells.slice(mapped.length, mapped.length + outputs.length).map(plainValue);
      const isIn = cells.slice(mapped.length + outputs.length).map((cell) => cell === true);
      if (typeof input !== 'string' && targets.every((target) => target !== undefined))
        found.push({ input: checkInput(manifest, input), targets, isIn });
    }
  }
  if (found.length === 0)
    throw new DataFault(
      `none of the ${count} hold-out rows has every target and an input that fits the model, so no version can be judged on them`,
    );
  return {
    inputs: found.map(({ input }) => input),
    targets: new Map(outputs.map(({ name }, i) => [name, found.map(({ targets }) => targets[i] as Target)])),
    slices: new Map(
      slices.map(({ name }, i) => [name, Float64Array.from(found, ({ isIn }) => (isIn[i] === true ? 1 : 0))]),
    ),
    leftOut: Math.ceil(count / every) - found.length,
    total: count,
  };
}

interface FoundRow {
  readonly input: Values;
  readonly targets: readonly Target[];
  readonly isIn: readonly boolean[];
}

/** @returns the number of its rows. */
async function makeTable(
  { database }: DataTable,
  mapped: readonly MappedInput[],
  { targets, slices, rows }: { targets: readonly string[]; slices: readonly string[]; rows: string },
): Promise<number> {
  const cells = mapped.map(({ column }) => (column === undefined ? 'NULL' : viewId(column)));
  const conditions = slices.map((where) => `coalesce(CAST((${where}\n) AS BOOLEAN), false)`);
  const columns = [...cells, ...targets, ...conditions].map((sql, i) => `${sql} AS c${i}`);
  try {
    await database.run(
      `CREATE TABLE ${TABLE} AS SELECT ${columns.join(', ')} FROM ${DATA_VIEW} WHERE coalesce(CAST((${rows}\n) AS BOOLEAN), false)`,
    );
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error;
    throw new DataFault(`the targets, rows or slices of the manifest cannot be computed: ${error.message}`, {
      cause: error,
    });
  }
  const [counted] = await database.rows(`SELECT count(*) FROM ${TABLE}`);
  return Number(counted?.[0]);
}

function plainValue(cell: DuckDBValue): Target | undefined {
  if (typeof cell === 'string' || typeof cell === 'boolean') return cell;
  return typeof cell === 'number' && Number.isFinite(cell) ? cell : undefined;
}

/**
 * The report of a dataset: what its columns hold, what of it does not fit the model, and whether a model can be trained
 * on it.
 */
import type {
  ColumnReport,
  DataProblem,
  DatasetRecord,
  InputProfile,
} from '../contract/messages/datasetRecord.ts';
import type { Manifest, ManifestOutput } from '../models/manifest.ts';
import type { ManifestTraining } from '../models/training.ts';
import { DatabaseError } from './database.ts';
import { DataFault, PlaceFault } from './dataFault.ts';
import { DATA_VIEW, type DataTable, viewId } from './dataTable.ts';
import { decideDateFormats } from './dateFormats.ts';
import { LINE, PROBLEM } from './inputFile.ts';
import { type MappedInput, mapInputs, type Notation, textNumbers } from './mapping.ts';
import { SURE_DECIMAL_COMMA } from './numbers.ts';
import { profileOf, sharesIn } from './profile.ts';
import { psi } from './psi.ts';
import { type ReadInput, type Reading, readColumn } from './readings.ts';
import { columnId, type FileColumn, namesOf } from './sql.ts';

export type DatasetReport = Pick<
  DatasetRecord,
  'usable' | 'rowCount' | 'duplicates' | 'problems' | 'columns' | 'profile'
>;

export interface TrainedModel {
  readonly manifest: Manifest;
  readonly training: ManifestTraining;
}

/** The report is one message: so many columns and problems are told, and so many characters of a text. */
const MOST_COLUMNS = 500;
const MOST_PROBLEMS = 100;
const LONGEST_TEXT = 100;
const LONGEST_MESSAGE = 500;
/** Errors of DuckDB that come of a text in the place of a number or a time. */
const OF_TYPES = /No function matches|cast|type/i;
/** What DuckDB says of a column that SQL names and the data lack. */
const NO_COLUMN = /^Referenced column "(.+?)" (?:was )?not found/;
const NESTED = /^(?:STRUCT|MAP|UNION)\b|\]$|^(?:BLOB|BIT|GEOMETRY)$/;

/**
 * @param live the profile of what the version that answers now was trained on.
 * @throws {NoRoom}; errors of DuckDB that are no fault of the data.
 */
export async function reportOf(
  data: DataTable,
  model: TrainedModel,
  live: readonly InputProfile[],
): Promise<DatasetReport> {
  const check = new DatasetCheck(data, model, live);
  return check.run();
}

interface Remark {
  readonly count: number;
  readonly column?: string | undefined;
  readonly more?: string | undefined;
}

class DatasetCheck {
  readonly #data: DataTable;
  readonly #model: TrainedModel;
  readonly #live: ReadonlyMap<string, InputProfile>;
  /** Each of these makes the dataset unusable. */
  readonly #faults: DataProblem[] = [];
  /** What a reader should know; such rows are left out. */
  readonly #remarks: DataProblem[] = [];

  constructor(data: DataTable, model: TrainedModel, live: readonly InputProfile[]) {
    this.#data = data;
    this.#model = model;
    this.#live = new Map(live.map((profile) => [profile.input, profile]));
  }

  async run(): Promise<DatasetReport> {
    const { database, columns } = this.#data;
    const rowCount = await this.#data.rowCount();
    await this.#findBrokenRows();
    const kept = await this.#keptRows();
    const mapped = this.#mapInputs();
    const notation = await this.#notationOf(mapped);
    const readings = notation === undefined ? [] : await this.#readAll(mapped, { notation, kept });
    const profiles = await Promise.all(readings.map((reading) => profileOf(database, reading)));
    const targets = await this.#checkTargets(kept);
    const shown = [...columns].sort(
      (one, other) => Number(hasReading(other, readings)) - Number(hasReading(one, readings)),
    );
    const reports: ColumnReport[] = [];
    for (const column of shown.slice(0, MOST_COLUMNS - targets.length))
      reports.push(await this.#describe(column, readings));
    return {
      usable: this.#faults.length === 0,
      rowCount,
      duplicates: await this.#countDuplicates(),
      problems: [...this.#faults, ...this.#remarks].slice(0, MOST_PROBLEMS),
      columns: [...reports, ...targets],
      profile: profiles.flatMap((profile) => profile ?? []),
    };
  }

  async #findBrokenRows(): Promise<void> {
    const [row] = await this.#data.database.rows(
      `SELECT count(*), first(${PROBLEM} ORDER BY ${LINE}), min(${LINE}) FROM input WHERE ${PROBLEM} IS NOT NULL`,
    );
    const [count, problem, line] = [Number(row?.[0]), row?.[1], row?.[2]];
    if (count > 0)
      this.#remark('rows that are left out', { count, more: `such as that of line ${line}: ${problem}` });
  }

  /** @returns SQL for whether a row takes part in training. */
  async #keptRows(): Promise<string> {
    const { rows: condition } = this.#model.training;
    if (condition === undefined) return 'true';
    const kept = `coalesce(CAST((${condition}\n) AS BOOLEAN), false)`;
    const counted = await this.#ask(
      `SELECT count(*) FILTER (WHERE ${kept}), count(*) FROM ${DATA_VIEW}`,
      'training.rows cannot be computed',
    );
    if (counted === undefined) return 'true';
    const [some, all] = counted.map(Number);
    if (some === 0 && all !== 0) this.#fault(`training.rows leaves out all ${all} rows: ${condition}`);
    return kept;
  }

  #mapInputs(): readonly ReadInput[] {
    const { manifest, training } = this.#model;
    const named = new Map(Object.entries(training.columns));
    const { mapped, problems } = mapInputs(manifest.inputs, this.#data.columns, named);
    const { columns, isTyped } = this.#data;
    // Signs of another delimiter.
    const isCutWrong =
      !isTyped && (columns.length === 1 || columns.some((column) => /[;|\t]/.test(column.name)));
    const commas = isCutWrong ? '. Cells of a CSV are separated by commas' : '';
    const hint = `the data have ${namesOf(columns)}. Others are named by training.columns in model.json${commas}`;
    for (const problem of problems)
      this.#fault(problem === problems.at(-1) ? `${problem}; ${hint}` : problem);
    return mapped.filter(hasColumn);
  }

  async #notationOf(mapped: readonly ReadInput[]): Promise<Notation | undefined> {
    const advice = () => 'Write them as yyyy-mm-dd';
    try {
      return {
        dateFormats: await decideDateFormats(this.#data, mapped, { requested: new Map(), advice }),
        hasDecimalCommas: await this.#data.hasCell(textNumbers(mapped), SURE_DECIMAL_COMMA),
      };
    } catch (error) {
      if (!(error instanceof DataFault) || error instanceof PlaceFault) throw error;
      this.#fault(error.message);
      return undefined;
    }
  }

  async #readAll(
    mapped: readonly ReadInput[],
    how: { readonly notation: Notation; readonly kept: string },
  ): Promise<readonly Reading[]> {
    const readings: Reading[] = [];
    for (const input of mapped) {
      const reading = await readColumn(this.#data, input, how);
      if (reading.outside > 0)
        this.#remark('rows that the model would refuse', {
          count: reading.outside,
          column: reading.column.name,
          more: reading.reason,
        });
      readings.push(reading);
    }
    return readings;
  }

  /** The targets as columns of the report. */
  async #checkTargets(kept: string): Promise<readonly ColumnReport[]> {
    const { manifest, training } = this.#model;
    const reports: ColumnReport[] = [];
    for (const [name, sql] of Object.entries(training.targets)) {
      const output = manifest.outputs.find((each) => each.name === name);
      const report = output && (await this.#checkTarget(output, { sql, kept }));
      if (report !== undefined) reports.push(report);
    }
    return reports;
  }

  async #checkTarget(
    output: ManifestOutput,
    { sql, kept }: { readonly sql: string; readonly kept: string },
  ): Promise<ColumnReport | undefined> {
    const { name } = output;
    const type = targetTypeOf(output);
    const { minimum, maximum } = { minimum: undefined, maximum: undefined, ...output };
    const isInside = type === 'DOUBLE' ? insideOf(minimum, maximum) : 'true';
    const row = await this.#ask(
      `SELECT count(*), count(raw), count(value), count(DISTINCT value), count(value) FILTER (WHERE NOT (${isInside})), min(value)::VARCHAR, max(value)::VARCHAR,
         first(raw::VARCHAR) FILTER (WHERE raw IS NOT NULL AND value IS NULL)
       FROM (SELECT raw, TRY_CAST(raw AS ${type}) AS value FROM (SELECT (${sql}\n) AS raw FROM ${DATA_VIEW} WHERE ${kept}))`,
      `the target ${name} cannot be computed`,
    );
    if (row === undefined) return undefined;
    const [rows = 0, given = 0, known = 0, kinds = 0, outside = 0] = row.slice(0, 5).map(Number);
    const [least, most, wrong] = row.slice(5);
    if (given > known)
      this.#remark(`rows whose target ${name} is no ${type.toLowerCase()}`, {
        count: given - known,
        more: `such as ${shown(wrong)}`,
      });
    if (rows > given) this.#remark(`rows without a target ${name}`, { count: rows - given });
    if (outside > 0)
      this.#remark(`rows whose target ${name} the output cannot have`, {
        count: outside,
        more: `the targets are from ${least} to ${most}`,
      });
    if (rows > 0 && known === 0) this.#fault(`no row has a target ${name}`);
    else if (kinds === 1) this.#fault(`the target ${name} is the same in all rows, ${shown(least)}`);
    const range = least === null ? {} : { least: cut(String(least)), most: cut(String(most)) };
    return { column: name, type: `target ${type}`, nulls: rows - known, outside, ...range };
  }

  async #describe(column: FileColumn, readings: readonly Reading[]): Promise<ColumnReport> {
    const { database } = this.#data;
    const own = readings.filter((reading) => reading.column === column);
    const [reading] = own;
    const cell = viewId(column);
    const ends = endsOf(column.type, cell);
    const [row = []] = await database.rows(
      `SELECT count(*) - count(${cell}), ${ends.join(', ')} FROM ${DATA_VIEW}`,
    );
    const [nulls, least, most] = row;
    const index = reading === undefined ? undefined : await this.#psiOf(reading);
    return {
      column: cut(column.name) || `column ${column.index + 1}`,
      type: cut(column.type),
      nulls: Number(nulls),
      outside: own.reduce((sum, { outside }) => sum + outside, 0),
      ...(reading === undefined ? {} : { input: reading.input.name }),
      ...(least == null ? {} : { least: cut(String(least)), most: cut(String(most)) }),
      ...(index === undefined ? {} : { psi: index }),
    };
  }

  async #psiOf({ input, table }: Reading): Promise<number | undefined> {
    const before = this.#live.get(input.name);
    const after = before && (await sharesIn(this.#data.database, table, before));
    return after && psi(before.shares, after);
  }

  async #countDuplicates(): Promise<number> {
    const cells = this.#data.columns.map(columnId).join(', ');
    // A hash of 64 bits: whole rows would take much memory.
    const [row] = await this.#data.database.rows(
      `SELECT count(*) - count(DISTINCT hash(${cells})) FROM input WHERE ${PROBLEM} IS NULL`,
    );
    return Number(row?.[0]);
  }

  /** Asks one row with SQL of the manifest. @returns undefined if the SQL is wrong: that is a fault then. */
  async #ask(sql: string, otherwise: string): Promise<readonly unknown[] | undefined> {
    try {
      return (await this.#data.database.rows(sql))[0];
    } catch (error) {
      if (!(error instanceof DatabaseError)) throw error;
      const missing = NO_COLUMN.exec(error.message)?.[1];
      if (missing !== undefined) {
        this.#fault(`${otherwise}: the data have no column ${missing}`);
        return undefined;
      }
      const isOfTypes = !this.#data.isTyped && OF_TYPES.test(error.message);
      const advice = isOfTypes ? ' (the cells of a CSV are texts: price::DOUBLE makes a number)' : '';
      this.#fault(`${otherwise}: ${error.message}${advice}`);
      return undefined;
    }
  }

  #fault(message: string): void {
    this.#faults.push({ message: cut(message, LONGEST_MESSAGE) });
  }

  /** @param what the rows that are counted. */
  #remark(what: string, { count, column, more }: Remark): void {
    const where = column === undefined || column === '' ? {} : { column: cut(column) };
    const message = `${what}: ${count}${more === undefined ? '' : `, ${more}`}`;
    this.#remarks.push({ message: cut(message, LONGEST_MESSAGE), count, ...where });
  }
}

function hasColumn(mapped: MappedInput): mapped is ReadInput {
  return mapped.column !== undefined;
}

function hasReading(column: FileColumn, readings: readonly Reading[]): boolean {
  return readings.some((reading) => reading.column === column);
}

/** SQL for the least and the greatest cell. Texts that are all numbers are compared as numbers. */
function endsOf(type: string, cell: string): readonly string[] {
  if (NESTED.test(type)) return ['NULL', 'NULL'];
  return ['min', 'max'].map((end) => {
    const number = `TRY_CAST(${cell} AS DOUBLE)`;
    return type === 'VARCHAR'
      ? `CASE WHEN count(${number}) = count(${cell}) THEN ${end}(${number})::VARCHAR ELSE ${end}(${cell}) END`
      : `${end}(${cell})::VARCHAR`;
  });
}

/** The type that the true value of an output has in SQL. */
export function targetTypeOf({ type }: ManifestOutput): 'VARCHAR' | 'BOOLEAN' | 'DOUBLE' {
  if (type === 'string') return 'VARCHAR';
  return type === 'boolean' ? 'BOOLEAN' : 'DOUBLE';
}

function insideOf(minimum: number | undefined, maximum: number | undefined): string {
  const limits = [
    'isfinite(value)',
    ...(minimum === undefined ? [] : [`value >= ${minimum}`]),
    ...(maximum === undefined ? [] : [`value <= ${maximum}`]),
  ];
  return limits.join(' AND ');
}

function shown(value: unknown): string {
  return cut(String(value));
}

function cut(text: string, length = LONGEST_TEXT): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}

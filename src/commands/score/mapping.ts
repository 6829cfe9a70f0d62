/** Which column of a file is which input of a model, and how its values are read. */
import { inputProblem, readValue } from '../../models/input.ts';
import { NOW } from '../../models/localTime.ts';
import type { ManifestInput } from '../../models/manifest.ts';
import { type FileColumn, literal, quoted } from './sql.ts';
import { type FieldView, type ModelView, ScoreError } from './tidings.ts';

/** An input that each row has a value of. */
export interface MappedInput {
  readonly input: ManifestInput;
  /** Undefined where all rows have the same: the instant `now`, by default. */
  readonly column: string | undefined;
  /** SQL that gives its values: numbers, texts, booleans, lists of numbers. Of a text, also what it may stand for. */
  readonly readings: readonly string[];
}

/**
 * Finds a column for each input: the one that is named, else one with the input's GraphQL name, else with its tensor's,
 * whatever the case.
 *
 * @param named by input, from the command line.
 * @throws {ScoreError} naming every input that must have a column and has none, or one of another kind.
 */
export function mapInputs(
  { inputs }: ModelView,
  columns: readonly FileColumn[],
  named: ReadonlyMap<string, string>,
): readonly MappedInput[] {
  const unknown = [...named.keys()].find((name) => !inputs.some((input) => input.name === name));
  if (unknown !== undefined) {
    const known = inputs.map(({ name }) => name).join(', ');
    throw new ScoreError(`--map must name inputs of the model (${known}), got ${unknown}`);
  }
  const problems: string[] = [];
  const mapped = inputs.flatMap((view): readonly MappedInput[] => {
    const column = columnOf(view, columns, named.get(view.name));
    if (column === undefined) {
      const wanted = named.get(view.name);
      if (wanted !== undefined) problems.push(`there is no column ${wanted} for ${view.name}`);
      else if (view.default === null) problems.push(`there is no column ${view.name} or ${view.tensor}`);
      // Said in every row, so that it is the same instant in all.
      else if (plainDefault(view) === NOW && view.type === 'dateTime')
        return [{ input: manifestInput(view), column: undefined, readings: [literal(NOW)] }];
      return [];
    }
    const readings = readingsOf(view, column);
    if (readings === undefined)
      problems.push(
        `the column ${column.name} is ${column.type}, which gives no ${view.type} for ${view.name}`,
      );
    return readings === undefined ? [] : [{ input: manifestInput(view), column: column.name, readings }];
  });
  if (problems.length === 0) return mapped;
  const names = columns.map(({ name }) => name).join(', ');
  throw new ScoreError(
    `${problems.join('; ')}. The file has ${names}; --map input=column says which is which.`,
  );
}

/** A line for each input that has no column, but a default. */
export function missingColumns({ inputs }: ModelView, mapped: readonly MappedInput[]): readonly string[] {
  const withColumn = new Set(
    mapped.flatMap(({ input, column }) => (column === undefined ? [] : [input.name])),
  );
  return inputs
    .filter(({ name }) => !withColumn.has(name))
    .map((view) => `${view.name}: no column, the default (${plainDefault(view)}) is used`);
}

/**
 * A row as the mutation takes it.
 *
 * @param values in the order of `mapped`, each with its readings; null where the file has none.
 * @param now the instant that a local time `now` is.
 * @returns the reason, if the model does not take it.
 */
export function rowOf(
  mapped: readonly MappedInput[],
  values: readonly (readonly unknown[])[],
  now: string,
): Readonly<Record<string, unknown>> | string {
  const row: Record<string, unknown> = {};
  const problems: string[] = [];
  for (const [i, { input }] of mapped.entries()) {
    const given = bestReading(input, values[i] ?? []);
    if (readValue(input, given) === undefined) problems.push(inputProblem(input, given).message);
    else row[input.name] = input.type === 'dateTime' && given === NOW ? now : given;
  }
  return problems.length === 0 ? row : problems.join('; ');
}

/** What the model takes; else what the text stands for, so that the message tells what is wrong with that. */
function bestReading(input: ManifestInput, readings: readonly unknown[]): unknown {
  const [given, meant] = readings.map((reading) => inputValue(input, reading ?? undefined));
  return meant === undefined || readValue(input, given) !== undefined ? given : meant;
}

function columnOf(
  { name, tensor }: FieldView,
  columns: readonly FileColumn[],
  named: string | undefined,
): FileColumn | undefined {
  if (named !== undefined) return columns.find((column) => column.name === named);
  const called = (wanted: string) =>
    columns.find((column) => column.name.toLowerCase() === wanted.toLowerCase());
  return called(name) ?? called(tensor);
}

const NUMERIC = /^(?:U?(?:TINY|SMALL|BIG|HUGE)?INT(?:EGER)?|FLOAT|DOUBLE|DECIMAL.*)$/;

/** @returns undefined if the column's type cannot be read as the input's. */
function readingsOf({ type, size }: FieldView, column: FileColumn): readonly string[] | undefined {
  const name = quoted(column.name);
  const isText = column.type === 'VARCHAR';
  switch (type) {
    case 'string':
    case 'enum':
      return [`CAST(${name} AS VARCHAR)`];
    case 'boolean':
      if (isText)
        return [name, `coalesce(TRY_CAST(${name} AS BOOLEAN), CAST(TRY_CAST(${name} AS DOUBLE) AS BOOLEAN))`];
      return column.type === 'BOOLEAN' || NUMERIC.test(column.type)
        ? [`CAST(${name} AS BOOLEAN)`]
        : undefined;
    case 'dateTime':
      return isText ? [`replace(${name}, ' ', 'T')`, timeIn(name)] : readingsOfTime(name, column.type);
    default: {
      const wanted = size === null ? 'DOUBLE' : 'DOUBLE[]';
      if (isText) return [name, `TRY_CAST(${name} AS ${wanted})`];
      const fits = size === null ? NUMERIC.test(column.type) : /(?:\[\d*\])$/.test(column.type);
      return fits ? [`CAST(${name} AS ${wanted})`] : undefined;
    }
  }
}

function readingsOfTime(name: string, type: string): readonly string[] | undefined {
  if (type === 'TIMESTAMP WITH TIME ZONE') return [textOfInstant(name)];
  return type === 'DATE' || type.startsWith('TIMESTAMP')
    ? [textOfReading(`CAST(${name} AS TIMESTAMP)`)]
    : undefined;
}

/** A time that is written in another way than the model takes: 2021/2/3, with the offset +00, or 02/13/2021 02:30:00 PM. */
function timeIn(name: string): string {
  const withZone = `regexp_matches(${name}, ':[0-9]{2}([.][0-9]+)?[ ]*[A-Za-z+-]')`;
  return `CASE WHEN ${isYearLast(name)} THEN ${textOfReading(yearLast(name))}
    WHEN ${withZone} THEN ${textOfInstant(`TRY_CAST(${name} AS TIMESTAMPTZ)`)}
    ELSE ${textOfReading(`TRY_CAST(${name} AS TIMESTAMP)`)} END`;
}

const MONTH_FIRST = formatsOf('%m', '%d');
const DAY_FIRST = formatsOf('%d', '%m');
/** Whether months or days come first is what most of the first rows say: of a single cell it may not be seen. */
const LOOKED_AT_ROWS = 1_000;

/** Formats are tried only where they can fit: to try one takes longer than all the rest. */
function isYearLast(name: string): string {
  return `regexp_matches(${name}, '^[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{4}')`;
}

function yearLast(name: string): string {
  const monthFirst = `try_strptime(${name}, ${MONTH_FIRST})`;
  const dayFirst = `try_strptime(${name}, ${DAY_FIRST})`;
  return `CASE WHEN (SELECT count(${monthFirst}) >= count(${dayFirst}) FROM input
      WHERE rowid < ${LOOKED_AT_ROWS} AND ${isYearLast(name)})
    THEN ${monthFirst} ELSE ${dayFirst} END`;
}

function formatsOf(...days: readonly string[]): string {
  const dates = ['/', '-', '.'].map((separator) => [...days, '%Y'].join(separator));
  const times = ['', ' %H:%M:%S', ' %H:%M', ' %I:%M:%S %p', ' %I:%M %p'];
  return `[${dates.flatMap((date) => times.map((time) => literal(date + time))).join(', ')}]`;
}

function textOfInstant(sql: string): string {
  return `strftime(make_timestamp(epoch_us(${sql})), '%Y-%m-%dT%H:%M:%SZ')`;
}

function textOfReading(sql: string): string {
  return `strftime(${sql}, '%Y-%m-%dT%H:%M:%S')`;
}

/** Of an enum, files have the names, or what the model knows them as. */
function inputValue(input: ManifestInput, value: unknown): unknown {
  if (input.type !== 'enum' || input.values.some(({ name }) => name === value)) return value;
  return input.values.find((candidate) => candidate.value === value)?.name ?? value;
}

/** As its manifest describes it, as far as checks go. */
function manifestInput(view: FieldView): ManifestInput {
  const values = view.values?.map((name, i) => ({ name, value: view.modelValues?.[i] ?? name }));
  return {
    ...Object.fromEntries(Object.entries(view).filter(([, value]) => value !== null)),
    ...(values === undefined ? {} : { values }),
  } as unknown as ManifestInput;
}

/** As a person writes it. */
function plainDefault({ default: text }: FieldView): string | undefined {
  return text?.replace(/^"(.*)"$/, '$1');
}

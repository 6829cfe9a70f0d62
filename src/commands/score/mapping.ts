/** Which column of a file is which input of a model, and how its values are read. */
import { inputProblem, readValue } from '../../models/input.ts';
import type { ManifestInput } from '../../models/manifest.ts';
import { type FieldView, type ModelView, ScoreError } from './tidings.ts';

/** A column of the file, with its DuckDB type. */
export interface FileColumn {
  readonly name: string;
  readonly type: string;
}

/** An input that is read from the file. */
export interface MappedInput {
  readonly input: ManifestInput;
  /** SQL that gives its values: numbers, texts, booleans, lists of numbers. */
  readonly sql: string;
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
  if (unknown !== undefined) throw new ScoreError(`--map must name inputs of the model, got ${unknown}`);
  const problems: string[] = [];
  const mapped = inputs.flatMap((view) => {
    const column = columnOf(view, columns, named.get(view.name));
    if (column === undefined) {
      const wanted = named.get(view.name);
      if (wanted !== undefined) problems.push(`there is no column ${wanted} for ${view.name}`);
      else if (view.default === null) problems.push(`there is no column ${view.name} or ${view.tensor}`);
      return [];
    }
    const sql = readingOf(view, column);
    if (sql === undefined)
      problems.push(
        `the column ${column.name} is ${column.type}, which gives no ${view.type} for ${view.name}`,
      );
    return sql === undefined ? [] : [{ input: manifestInput(view), sql }];
  });
  if (problems.length === 0) return mapped;
  const names = columns.map(({ name }) => name).join(', ');
  throw new ScoreError(
    `${problems.join('; ')}. The file has ${names}; --map input=column says which is which.`,
  );
}

/**
 * A row as the mutation takes it.
 *
 * @param values in the order of `mapped`; null where the file has none.
 * @returns the reason, if the model does not take it.
 */
export function rowOf(
  mapped: readonly MappedInput[],
  values: readonly unknown[],
): Readonly<Record<string, unknown>> | string {
  const row: Record<string, unknown> = {};
  const problems: string[] = [];
  for (const [i, { input }] of mapped.entries()) {
    const given = inputValue(input, values[i] ?? undefined);
    if (given === undefined && input.default !== undefined) continue;
    if (readValue(input, given) === undefined) problems.push(inputProblem(input, given).message);
    else row[input.name] = given;
  }
  return problems.length === 0 ? row : problems.join('; ');
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
function readingOf({ type, size }: FieldView, column: FileColumn): string | undefined {
  const name = quoted(column.name);
  switch (type) {
    case 'string':
    case 'enum':
      return `CAST(${name} AS VARCHAR)`;
    case 'boolean':
      return column.type === 'BOOLEAN' || NUMERIC.test(column.type) ? `CAST(${name} AS BOOLEAN)` : undefined;
    case 'dateTime':
      return readingOfTime(name, column.type);
    default:
      if (size !== null) return /(?:\[\d*\])$/.test(column.type) ? `CAST(${name} AS DOUBLE[])` : undefined;
      return NUMERIC.test(column.type) ? `CAST(${name} AS DOUBLE)` : undefined;
  }
}

function readingOfTime(name: string, type: string): string | undefined {
  if (type === 'VARCHAR') return `replace(${name}, ' ', 'T')`;
  if (type === 'TIMESTAMP WITH TIME ZONE')
    return `strftime(make_timestamp(epoch_us(${name})), '%Y-%m-%dT%H:%M:%SZ')`;
  return type === 'DATE' || type.startsWith('TIMESTAMP')
    ? `strftime(CAST(${name} AS TIMESTAMP), '%Y-%m-%dT%H:%M:%S')`
    : undefined;
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

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Finds the column of each input of a model, and converts rows of the file to inputs. */
import type { DuckDBValue } from '@duckdb/node-api';
import { givenValue } from '../../models/graphqlLiteral.ts';
import { inputProblem, readValue } from '../../models/input.ts';
import { NOW } from '../../models/localTime.ts';
import { isTensorInput, type ManifestInput } from '../../models/manifest.ts';
import { type CellReader, cellReader, isTextType, UnusableCell } from './cells.ts';
import { unclearPoint } from './numbers.ts';
import type { Plan } from './plan.ts';
import type { FileColumn } from './sql.ts';
import { type FieldView, type ModelView, ScoreError } from './tidings.ts';
import { DateFormat } from './timeFormat.ts';

const SHOWN_COLUMNS = 30;
const SHOWN_CHARACTERS = 60;
const PLAIN_NAME = /^[\w.-]{1,60}$/;

/** An input that is sent with each row. */
export interface MappedInput {
  readonly input: ManifestInput;
  /** Undefined if all rows have the same value: the default `now`. */
  readonly column: FileColumn | undefined;
  readonly read: CellReader;
}

/**
 * Finds a column for each input: the one that the command line names, else the one with the input's GraphQL name, else
 * the one with the name of its tensor. In the latter two, an exact match goes before a match in another case.
 *
 * @param named the columns that the command line names, by input.
 * @param folder of the file, in which its cells may name pictures and sounds.
 * @throws {ScoreError} naming every input whose column is missing or has a wrong type.
 */
export function mapInputs(
  { inputs }: ModelView,
  columns: readonly FileColumn[],
  named: ReadonlyMap<string, string>,
  folder = '.',
): readonly MappedInput[] {
  const unknown = [...named.keys()].find((name) => !inputs.some((input) => input.name === name));
  if (unknown !== undefined) {
    const known = inputs.map(({ name }) => name).join(', ');
    throw new ScoreError(`--map must name inputs of the model (${known}), got ${unknown}`);
  }
  const problems: string[] = [];
  const mapped = inputs.flatMap((view): readonly MappedInput[] => {
    const input = manifestInput(view);
    const wanted = named.get(view.name);
    const column = columnOf(view, columns, wanted);
    if (column === undefined) {
      if (wanted !== undefined) problems.push(`there is no column ${shownName(wanted)} for ${view.name}`);
      else if (view.default === null) problems.push(`there is no column ${view.name} or ${view.tensor}`);
      // Sent with every row, so that all rows have the same instant.
      else if (plainDefault(view) === NOW && view.type === 'dateTime')
        return [{ input, column, read: () => NOW }];
      return [];
    }
    if (!isFile(view) && view.shape?.some(({ size }) => size === null)) {
      problems.push(
        `${view.name} is a tensor whose shape varies, and a column cannot tell the shape of its rows`,
      );
      return [];
    }
    const read = cellReader(view, column.type, folder);
    if (read !== undefined) return [{ input, column, read }];
    problems.push(
      `the column ${shownName(column.name)} is ${column.type}, which gives no ${kindOf(view)} for ${view.name}`,
    );
    return [];
  });
  if (problems.length === 0) return mapped;
  // Signs of a wrong delimiter: there is only one column, or a name contains a delimiter.
  const isCutWrong = columns.length === 1 || columns.some(({ name }) => /[;|\t]/.test(name));
  const hint = columns[0]?.name.startsWith('sep=')
    ? ' Its first line, which is for Excel, must be deleted, since the first line has the names.'
    : isCutWrong
      ? ' Cells are separated by commas, if --delimiter does not say otherwise.'
      : '';
  throw new ScoreError(
    `${problems.join('; ')}. The file has ${namesOf(columns)}; --map input=column names the column of an input.${hint}`,
  );
}

/** What a column must give for an input. */
function kindOf({ type, size, shape = null, kind = null }: FieldView): string {
  if (kind === 'TEXT') return 'text';
  if (kind !== null) return 'file (bytes, base64, or the name of a file)';
  if (shape !== null) return `list (a tensor is a list of its elements)`;
  return size === null ? type : 'list of numbers';
}

function isFile({ kind = null }: FieldView): boolean {
  return kind !== null;
}

/** The inputs whose times are texts, in one of several formats. */
export function textTimes(
  mapped: readonly MappedInput[],
): readonly (MappedInput & { readonly column: FileColumn })[] {
  return mapped.flatMap(({ input, column, read }) =>
    input.type === 'dateTime' && column !== undefined && isTextType(column.type)
      ? [{ input, column, read }]
      : [],
  );
}

/** The inputs whose numbers are texts, one in a cell. */
export function textNumbers(mapped: readonly MappedInput[]): readonly MappedInput[] {
  return mapped.filter(({ input, column }) => isTextNumber(input, column));
}

function isTextNumber(input: ManifestInput, column: FileColumn | undefined): boolean {
  return (
    column !== undefined &&
    isTextType(column.type) &&
    'unit' in input &&
    !isTensorInput(input) &&
    input.size === undefined
  );
}

/** A line for each input that has no column and so gets its default. */
export function missingColumns({ inputs }: ModelView, mapped: readonly MappedInput[]): readonly string[] {
  const withColumn = new Set(
    mapped.flatMap(({ input, column }) => (column === undefined ? [] : [input.name])),
  );
  return inputs
    .filter(({ name }) => !withColumn.has(name))
    .map((view) => `${view.name}: no column, the default (${plainDefault(view)}) is used`);
}

/**
 * Converts a row to an input of the mutation.
 *
 * @param cells in the order of `mapped`; null where a cell is missing.
 * @returns the reason as a text, if the row does not fit the model.
 */
export function rowOf(
  mapped: readonly MappedInput[],
  cells: readonly DuckDBValue[],
  { now, dateFormats, hasDecimalCommas }: Pick<Plan, 'now' | 'dateFormats' | 'hasDecimalCommas'>,
): Readonly<Record<string, unknown>> | string {
  const row: Record<string, unknown> = {};
  const problems: string[] = [];
  for (const [i, { input, column, read }] of mapped.entries()) {
    const cell = cells[i] ?? null;
    const isMissing = column !== undefined && cell === null;
    const given = isMissing ? undefined : read(cell, dateFormats[input.name] ?? DateFormat.YearFirst);
    const value = inputValue(input, given);
    const unclear =
      hasDecimalCommas && isTextNumber(input, column) ? unclearPoint(String(cell ?? '')) : undefined;
    if (unclear !== undefined) problems.push(`${input.name}: ${unclear}`);
    else if (value instanceof UnusableCell)
      problems.push(
        `${input.name} must be ${inputProblem(input, undefined).details.expected}, ${value.reason}`,
      );
    else if (readValue(input, value) === undefined) problems.push(inputProblem(input, value).message);
    else row[input.name] = input.type === 'dateTime' && value === NOW ? now : givenValue(input, value);
  }
  return problems.length === 0 ? row : problems.join('; ');
}

/** @throws {ScoreError} if several columns have the name. */
function columnOf(
  { name, tensor }: FieldView,
  columns: readonly FileColumn[],
  named: string | undefined,
): FileColumn | undefined {
  if (named !== undefined)
    return onlyOne(
      named,
      columns.filter((column) => column.name === named),
    );
  const withName = (wanted: string) => {
    const exactly = columns.filter((column) => column.name === wanted);
    const inAnyCase = columns.filter((column) => column.name.toLowerCase() === wanted.toLowerCase());
    return onlyOne(wanted, exactly.length > 0 ? exactly : inAnyCase);
  };
  return withName(name) ?? withName(tensor);
}

function onlyOne(wanted: string, found: readonly FileColumn[]): FileColumn | undefined {
  if (found.length <= 1) return found[0];
  throw new ScoreError(
    `one column must be called ${JSON.stringify(wanted)}, got ${found.length}: ${namesOf(found)}. Rename the others, or name a column with --map input=column.`,
  );
}

function namesOf(columns: readonly FileColumn[]): string {
  const names = columns.slice(0, SHOWN_COLUMNS).map(({ name }) => shownName(name));
  const others = columns.length - names.length;
  return names.join(', ') + (others > 0 ? ` and ${others} others` : '');
}

/** The name for messages: in quotes, unless it is short and has only letters, digits and `_ . -`. */
export function shownName(name: string): string {
  if (PLAIN_NAME.test(name)) return name;
  return JSON.stringify(name.length > SHOWN_CHARACTERS ? `${name.slice(0, SHOWN_CHARACTERS)}…` : name);
}

/** Converts the value of an enum to its name: a file has the names, or the model's own values. */
function inputValue(input: ManifestInput, value: unknown): unknown {
  if (input.type !== 'enum' || input.values.some(({ name }) => name === value)) return value;
  return input.values.find((candidate) => candidate.value === value)?.name ?? value;
}

/** The input as the manifest describes it, with all that the checks need. */
function manifestInput(view: FieldView): ManifestInput {
  const values = view.values?.map((name, i) => ({ name, value: view.modelValues?.[i] ?? name }));
  const shape = view.shape?.map(({ size }) => size ?? 'varies');
  return {
    ...Object.fromEntries(Object.entries(view).filter(([, value]) => value !== null)),
    ...(values === undefined ? {} : { values }),
    ...(shape === undefined ? {} : { shape }),
    // The gateway knows how many pixels are allowed.
    ...(isFile(view) && { kind: view.kind?.toLowerCase(), maxPixels: Number.POSITIVE_INFINITY }),
  } as unknown as ManifestInput;
}

/** The default as a user would write it, without quotes. */
function plainDefault({ default: text }: FieldView): string | undefined {
  return text?.replace(/^"(.*)"$/, '$1');
}

/** Finds the column of each input of a model, and converts rows of a file to inputs. */
import type { DuckDBValue } from '@duckdb/node-api';
import { givenValue } from '../models/graphqlLiteral.ts';
import { inputProblem, readValue } from '../models/input.ts';
import { NOW } from '../models/localTime.ts';
import { isMediaInput, isPlainInput, isTensorInput, type ManifestInput } from '../models/manifest.ts';
import { type CellReader, cellReader, isTextType, UnusableCell } from './cells.ts';
import { unclearPoint } from './numbers.ts';
import { type FileColumn, namesOf, shownName } from './sql.ts';
import { DateFormat } from './timeFormat.ts';

/** An input that is read from each row. */
export interface MappedInput {
  readonly input: ManifestInput;
  /** Undefined if all rows have the same value: the default `now`. */
  readonly column: FileColumn | undefined;
  readonly read: CellReader;
}

/** How the texts of a file are read. All its rows together decide it. */
export interface Notation {
  /** How dates are written, by input. Only for inputs whose times are texts. */
  readonly dateFormats: Readonly<Record<string, DateFormat>>;
  /** Whether numbers of the file have decimal commas: a point may separate thousands then. */
  readonly hasDecimalCommas: boolean;
}

export interface Mapping {
  readonly mapped: readonly MappedInput[];
  /** Why inputs have no column, a phrase each. */
  readonly problems: readonly string[];
}

/**
 * Finds a column for each input: the one that is named, else the one with the input's name, else the one with the name
 * of its tensor. In the latter two, an exact match goes before a match in another case.
 *
 * @param named the columns that are named, by input.
 * @param folder in which cells may name pictures and sounds. Without it they are in the cells.
 */
export function mapInputs(
  inputs: readonly ManifestInput[],
  columns: readonly FileColumn[],
  named: ReadonlyMap<string, string>,
  folder?: string,
): Mapping {
  const problems: string[] = [];
  const mapped = inputs.flatMap((input): readonly MappedInput[] => {
    const wanted = named.get(input.name);
    const { name, found } = columnsOf(input, columns, wanted);
    if (found.length > 1) {
      problems.push(
        `one column must be called ${JSON.stringify(name)}, got ${found.length}: ${namesOf(found)}`,
      );
      return [];
    }
    const [column] = found;
    if (column === undefined) {
      if (wanted !== undefined) problems.push(`there is no column ${shownName(wanted)} for ${input.name}`);
      else if (input.default === undefined)
        problems.push(`there is no column ${input.name} or ${input.tensor}`);
      // Given to every row, so that all rows have the same instant.
      else if (input.default === NOW && input.type === 'dateTime')
        return [{ input, column, read: () => NOW }];
      return [];
    }
    if (isTensorInput(input) && input.shape.some((size) => typeof size === 'string')) {
      problems.push(
        `${input.name} is a tensor whose shape varies, and a column cannot tell the shape of its rows`,
      );
      return [];
    }
    const read = cellReader(input, column.type, folder);
    if (read !== undefined) return [{ input, column, read }];
    problems.push(
      `the column ${shownName(column.name)} is ${column.type}, which gives no ${kindOf(input)} for ${input.name}`,
    );
    return [];
  });
  return { mapped, problems };
}

/** What a column must give for an input. */
function kindOf(input: ManifestInput): string {
  if (isMediaInput(input))
    return input.kind === 'text' ? 'text' : 'file (bytes, base64, or the name of a file)';
  if (isTensorInput(input)) return 'list (a tensor is a list of its elements)';
  return 'size' in input && input.size !== undefined ? 'list of numbers' : input.type;
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
    isPlainInput(input) &&
    'unit' in input &&
    input.size === undefined
  );
}

/**
 * Converts a row to an input of the mutation.
 *
 * @param cells in the order of `mapped`; null where a cell is missing.
 * @param notation `now` is the instant that a local time `now` means. RFC 3339.
 * @returns the reason as a text, if the row does not fit the model.
 */
export function rowOf(
  mapped: readonly MappedInput[],
  cells: readonly DuckDBValue[],
  notation: Notation & { readonly now: string },
): Readonly<Record<string, unknown>> | string {
  const row: Record<string, unknown> = {};
  const problems: string[] = [];
  for (const [i, each] of mapped.entries()) {
    const { input } = each;
    const value = readCell(each, cells[i] ?? null, notation);
    if (value instanceof UnusableCell) problems.push(value.reason);
    else
      row[input.name] = input.type === 'dateTime' && value === NOW ? notation.now : givenValue(input, value);
  }
  return problems.length === 0 ? row : problems.join('; ');
}

/** Reads a cell as a value of the input. @returns an `UnusableCell` with the whole reason if it is none. */
export function readCell(
  { input, column, read }: MappedInput,
  cell: DuckDBValue,
  { dateFormats, hasDecimalCommas }: Notation,
): unknown {
  const isMissing = column !== undefined && cell === null;
  const given = isMissing ? undefined : read(cell, dateFormats[input.name] ?? DateFormat.YearFirst);
  const unclear =
    hasDecimalCommas && isTextNumber(input, column) ? unclearPoint(String(cell ?? '')) : undefined;
  if (unclear !== undefined) return new UnusableCell(`${input.name}: ${unclear}`);
  const value = inputValue(input, given);
  if (value instanceof UnusableCell)
    return new UnusableCell(
      `${input.name} must be ${inputProblem(input, undefined).details.expected}, ${value.reason}`,
    );
  return readValue(input, value) === undefined ? new UnusableCell(inputProblem(input, value).message) : value;
}

/** @returns the columns with the name that is looked for: more than one if several could be meant. */
function columnsOf(
  { name, tensor }: ManifestInput,
  columns: readonly FileColumn[],
  named: string | undefined,
): { readonly name: string; readonly found: readonly FileColumn[] } {
  if (named !== undefined) return { name: named, found: columns.filter((column) => column.name === named) };
  const withName = (wanted: string) => {
    const exactly = columns.filter((column) => column.name === wanted);
    const inAnyCase = columns.filter((column) => column.name.toLowerCase() === wanted.toLowerCase());
    return { name: wanted, found: exactly.length > 0 ? exactly : inAnyCase };
  };
  const own = withName(name);
  return own.found.length > 0 ? own : withName(tensor);
}

/** Converts the value of an enum to its name: a file has the names, or the model's own values. */
function inputValue(input: ManifestInput, value: unknown): unknown {
  if (input.type !== 'enum' || input.values.some(({ name }) => name === value)) return value;
  return input.values.find((candidate) => String(candidate.value) === String(value))?.name ?? value;
}

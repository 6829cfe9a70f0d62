/** Reads the user's rows to try a model with. If there are none, makes plain rows that most graphs can run. */
import { readFile } from 'node:fs/promises';
import type { Value, Values } from '../../contract/values.ts';
import { validateInput } from '../../models/input.ts';
import {
  isFloat,
  isMediaInput,
  isPlainInput,
  isTensorInput,
  type Manifest,
  type ManifestInput,
  type NumberInput,
  sizeOf,
  type TensorInput,
} from '../../models/manifest.ts';
import { readTensor, TensorFault } from '../../models/tensorInput.ts';
import { NUMBER_LIMIT } from './draft.ts';
import { isNotThere, ModelFileError } from './modelFileError.ts';
import { plainMedia } from './plainMedia.ts';

export type JsonRow = Readonly<Record<string, unknown>>;

/**
 * @param texts each is a row as JSON, a list of rows as JSON, or the path of a file with either, or with one row per
 *   line.
 * @throws {ModelFileError} naming a text or file with other content.
 */
export async function readExamples(texts: readonly string[]): Promise<readonly JsonRow[]> {
  const rows: JsonRow[] = [];
  for (const text of texts) {
    const isJson = /^\s*[[{]/.test(text);
    const content = isJson ? text : await readExampleFile(text);
    const found = parseRows(content);
    if (found === undefined)
      throw new ModelFileError(
        `--example must be a row such as '{"x": 1}', a list of rows, or a file with either, got ${text}`,
      );
    rows.push(...found);
  }
  return rows;
}

async function readExampleFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isNotThere(error)) throw new ModelFileError(`${path}, given to --example, is not there`);
    throw error;
  }
}

/**
 * @returns the rows, complete and by GraphQL name.
 * @throws {ModelFileError} naming a member that is no input.
 * @throws {RequestError} naming a value that breaks the manifest's rules.
 */
export function checkExamples(manifest: Manifest, rows: readonly JsonRow[]): readonly Values[] {
  return rows.map((row) => {
    const named = Object.entries(row).map(([key, value]) => [fieldNamed(manifest, key), value]);
    return validateInput(manifest, Object.fromEntries(named), Date.now());
  });
}

function fieldNamed({ inputs }: Manifest, key: string): string {
  const field = inputs.find(({ name }) => name === key) ?? inputs.find(({ tensor }) => tensor === key);
  if (field !== undefined) return field.name;
  const names = inputs.map(({ name }) => name).join(', ');
  throw new ModelFileError(`a row must have only inputs of the model (${names}), got ${key}`);
}

/** Parses a list, a single row, or one row per line. @returns undefined if the content is none of these. */
function parseRows(content: string): readonly JsonRow[] | undefined {
  const whole = parseJson(content);
  const rows = whole === undefined ? content.trim().split('\n').map(parseJson) : [whole].flat();
  return rows.length > 0 && rows.every(isRow) ? rows : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isRow(row: unknown): row is JsonRow {
  return typeof row === 'object' && row !== null && !Array.isArray(row);
}

/**
 * Makes five rows within the limits of the manifest. A number without both limits is small and not negative: it may be
 * an index, and most tables have a small index. Numbers with limits begin in the middle and go to both ends.
 * Neighbouring inputs differ in most rows, so that swapped columns give other answers.
 */
export function plainRows(inputs: readonly ManifestInput[]): readonly Values[] {
  return Array.from({ length: 5 }, (_, row) => {
    let column = 0;
    return Object.fromEntries(
      inputs.map((input) => {
        const size = sizeOf(input);
        const vector = Array.from({ length: size ?? 1 }, () => plainNumber(input, row, column++));
        return [input.name, size === undefined ? plainValue(input, vector[0] ?? 0) : vector];
      }),
    );
  });
}

/** The number for an input. For an input that is no number it is 0 to 3, and `plainValue` makes the value from it. */
function plainNumber(input: ManifestInput, row: number, column: number): number {
  const step = (row + column) % 4;
  const plain = row < 2 ? 1 - row : step;
  return 'unit' in input && isPlainInput(input) ? numberWithin(input, row, step, plain) : plain;
}

function numberWithin(
  { type, minimum, maximum }: NumberInput,
  row: number,
  step: number,
  plain: number,
): number {
  const isLimited = minimum > -NUMBER_LIMIT && maximum < NUMBER_LIMIT;
  const spread = minimum + (maximum - minimum) * (row === 0 ? 0.5 : step / 3);
  if (!isFloat(type))
    return clamp(isLimited ? Math.round(spread) : plain, Math.ceil(minimum), Math.floor(maximum));
  const unlimited = row < 2 ? plain : plain + 0.5;
  return clamp(isLimited ? Number(spread.toPrecision(6)) : unlimited, minimum, maximum);
}

function clamp(value: number, minimum: number, maximum: number): number {
  return Math.min(Math.max(value, minimum), maximum);
}

function plainValue(input: ManifestInput, number: number): Value {
  if (isMediaInput(input)) return plainMedia(input);
  if (isTensorInput(input)) return plainTensor(input, number);
  switch (input.type) {
    case 'boolean':
      return number % 2 === 1;
    case 'string':
      return 'abcd'.slice(0, Math.min(number, input.maxLength));
    case 'enum':
      return input.values[number % input.values.length]?.name ?? '';
    case 'dateTime':
      return `2021-02-0${number + 1}T0${2 * number}:30:00`;
    default:
      return number;
  }
}

/** A tensor of the smallest allowed sizes. */
function plainTensor(input: TensorInput, number: number): Value {
  const shape = input.shape.map((size) => (typeof size === 'number' ? size : 1));
  const fill = input.type === 'string' ? 'abcd'.slice(0, number) : number;
  const tensor = readTensor(input, { shape, fill: input.type === 'boolean' ? number % 2 : fill });
  if (tensor instanceof TensorFault)
    throw new ModelFileError(`${input.name} must be ${tensor.expected}, got ${tensor.got}`);
  return tensor;
}

/** Rows to try a model with: the user's, or, where there are none, plain ones that any graph may hope to run on. */
import { readFile } from 'node:fs/promises';
import { validateInput } from '../../input.ts';
import { type Manifest, type ManifestInput, sizeOf } from '../../manifest.ts';
import type { Value, Values } from '../../task.ts';
import { ModelFileError } from './modelFileError.ts';

export type JsonRow = Readonly<Record<string, unknown>>;

/**
 * @param texts each a row as JSON, a list of rows as JSON, or the path of a file that holds a list, or a row a line.
 * @throws {ModelFileError} naming the text or file that holds something else.
 */
export async function readExamples(texts: readonly string[]): Promise<readonly JsonRow[]> {
  const rows: JsonRow[] = [];
  for (const text of texts) {
    const isJson = /^\s*[[{]/.test(text);
    const content = isJson ? text : await readFile(text, 'utf8');
    const found = parseRows(content);
    if (found === undefined)
      throw new ModelFileError(
        `--example must be a row such as '{"x": 1}', a list of rows, or a file with either, got ${text}`,
      );
    rows.push(...found);
  }
  return rows;
}

/**
 * @returns the rows, complete and by GraphQL name.
 * @throws {ModelFileError} naming what is no input. @throws {RequestError} naming what breaks the manifest's rules.
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
  throw new ModelFileError(`a row has ${key}, which is no input: ${names}`);
}

/** A list, a single row, or a row a line; undefined if it is none of these. */
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

/** Five rows, the plainest first. Neighbouring inputs differ in most of them, so that a mix-up of columns shows. */
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

/** Small and not negative: what may be an index is one that most tables have. */
function plainNumber({ type }: ManifestInput, row: number, column: number): number {
  if (row < 2) return 1 - row;
  return ((row + column) % 4) + (type === 'float32' || type === 'float64' ? 0.5 : 0);
}

function plainValue({ type }: ManifestInput, number: number): Value {
  if (type === 'boolean') return number % 2 === 1;
  return type === 'string' ? 'abcd'.slice(0, number) : number;
}

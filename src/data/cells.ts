/**
 * Converts the cells of a column to values of an input: exactly, or not at all. The types are in `docs/scoring.md`,
 * "From cells to values".
 */
import { readFileSync, statSync } from 'node:fs';
import { resolve, sep } from 'node:path';
import {
  DuckDBArrayValue,
  DuckDBBlobValue,
  DuckDBDecimalValue,
  DuckDBListValue,
  type DuckDBValue,
} from '@duckdb/node-api';
import { localTime, localTimeFault, NOW } from '../models/localTime.ts';
import { isMediaInput, isTensorInput, type ManifestInput, type TensorInput } from '../models/manifest.ts';
import type { MediaInput } from '../models/mediaInput.ts';
import { instantOf } from './instants.ts';
import { decimalNumber, numberFault, numberIn, shortestFloat, wholeNumber } from './numbers.ts';
import { type DateFormat, timeFault, timeIn } from './timeFormat.ts';

/**
 * Converts a cell to a value of the input. A cell that is no such value comes back as a value that the input refuses
 * with a message, or as an `UnusableCell`.
 *
 * @param cell not null.
 */
export type CellReader = (cell: DuckDBValue, dateFormat: DateFormat) => unknown;

/** The reason why a cell is no value of the input. */
export class UnusableCell {
  /** To be read after the expected values. */
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}

const WHOLE = /^U?(?:TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)$/;
const FLOAT = /^(?:FLOAT|DOUBLE)$/;
const DECIMAL = /^DECIMAL\(/;
const TEXT = /^(?:VARCHAR|JSON|ENUM\(.*\))$/s;
const LIST = /^(?<item>.*)\[\d*\]$/s;
const SHOWN_CHARACTERS = 40;

/**
 * @param type of the column, as DuckDB names it.
 * @param folder in which cells may name pictures and sounds; undefined: they are in the cells.
 * @returns undefined if the input cannot have values of this type.
 */
export function cellReader(
  input: ManifestInput,
  type: string,
  folder: string | undefined,
): CellReader | undefined {
  if (isMediaInput(input)) return input.kind === 'text' ? textReader(type) : fileReader(input, type, folder);
  if (isTensorInput(input)) return tensorReader(input, type);
  switch (input.type) {
    case 'string':
    case 'enum':
      return textReader(type);
    case 'boolean':
      return booleanReader(type);
    case 'dateTime':
      return timeReader(type, input.timeZone);
    default:
      return input.size === undefined ? numberReader(type) : vectorReader(type);
  }
}

/** Whether the cells of a column are texts. Their times may have one of several formats. */
export function isTextType(type: string): boolean {
  return TEXT.test(type);
}

function textReader(type: string): CellReader | undefined {
  if (TEXT.test(type)) return (cell) => cell;
  if (type === 'BLOB') return (cell) => (cell instanceof DuckDBBlobValue ? utf8Text(cell.bytes) : cell);
  if (type === 'FLOAT') return (cell) => (Number.isFinite(cell) ? shortestFloat(Number(cell)) : cell);
  // 1.0 is written as 1.
  if (type === 'DOUBLE')
    return (cell) =>
      Number.isInteger(cell) ? String(BigInt(Number(cell))) : Number.isFinite(cell) ? String(cell) : cell;
  const hasOneText = /^(?:BOOLEAN|UUID|DATE|TIMESTAMP(?:_S|_MS|_NS)?)$/.test(type);
  return hasOneText || WHOLE.test(type) || DECIMAL.test(type) ? String : undefined;
}

/** A picture or a sound: its bytes, or a text, which is base64 or names a file. Base64 has no point, and files do. */
function fileReader(
  { maxBytes }: MediaInput,
  type: string,
  folder: string | undefined,
): CellReader | undefined {
  if (type === 'BLOB')
    return (cell) => (cell instanceof DuckDBBlobValue ? { base64: cell.bytes.toBase64() } : cell);
  if (!TEXT.test(type)) return undefined;
  return (cell) => {
    const text = String(cell).trim();
    return folder !== undefined && text.includes('.') ? fileIn(folder, text, maxBytes) : { base64: text };
  };
}

/** Only files in the folder are read: a table may come from anybody. */
function fileIn(folder: string, name: string, maxBytes: number): unknown {
  const path = resolve(folder, name);
  if (!path.startsWith(`${resolve(folder)}${sep}`))
    return new UnusableCell(`but ${JSON.stringify(name)} is not in the folder of the file that is scored`);
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found?.isFile()) return new UnusableCell(`but there is no file ${JSON.stringify(name)}`);
  if (found.size > maxBytes)
    return new UnusableCell(
      `but ${JSON.stringify(name)} has ${found.size} bytes, and ${maxBytes} are allowed`,
    );
  return { base64: readFileSync(path).toBase64() };
}

function booleanReader(type: string): CellReader | undefined {
  if (type === 'BOOLEAN') return (cell) => cell;
  if (TEXT.test(type)) return (cell) => booleanIn(String(cell));
  const number = numberReader(type);
  if (number === undefined) return undefined;
  return (cell, format) => {
    const read = number(cell, format);
    return read === 0 || read === 1 ? read === 1 : read;
  };
}

function booleanIn(text: string): unknown {
  const word = text.trim().toLowerCase();
  if (word === 'true' || word === '1') return true;
  return word === 'false' || word === '0' ? false : text;
}

function numberReader(type: string): CellReader | undefined {
  if (FLOAT.test(type)) return (cell) => cell;
  if (WHOLE.test(type)) return (cell) => (typeof cell === 'bigint' ? wholeNumber(cell) : cell);
  if (DECIMAL.test(type))
    return (cell) => (cell instanceof DuckDBDecimalValue ? decimalNumber(String(cell)) : cell);
  return TEXT.test(type) ? (cell) => writtenNumber(String(cell)) : undefined;
}

function vectorReader(type: string): CellReader | undefined {
  if (TEXT.test(type)) return (cell) => vectorIn(String(cell));
  return listReader(numberReader(itemTypeIn(type)));
}

/** A tensor is a list of its elements, in row-major order. */
function tensorReader({ type: wanted }: TensorInput, type: string): CellReader | undefined {
  const item = itemTypeIn(type);
  if (wanted === 'string') return listReader(item === '' ? undefined : textReader(item));
  if (wanted === 'boolean') return listReader(booleanReader(item));
  return vectorReader(type);
}

/** The type of the items of a list; an empty text for other types. */
function itemTypeIn(type: string): string {
  return LIST.exec(type)?.groups?.item ?? '';
}

function listReader(item: CellReader | undefined): CellReader | undefined {
  if (item === undefined) return undefined;
  return (cell, format) =>
    cell instanceof DuckDBListValue || cell instanceof DuckDBArrayValue
      ? listOf(cell.items.map((each) => (each === null ? null : item(each, format))))
      : cell;
}

function listOf(items: readonly unknown[]): unknown {
  const index = items.findIndex((item) => item instanceof UnusableCell);
  const first = items[index];
  return first instanceof UnusableCell ? new UnusableCell(`${first.reason} (at index ${index})`) : items;
}

/** Reads a number that is a text. Other notations are refused with advice, because some of them have two meanings. */
function writtenNumber(text: string): unknown {
  const number = numberIn(text);
  const fault = typeof number === 'string' ? numberFault(text) : undefined;
  return fault === undefined ? number : new UnusableCell(`but ${fault}`);
}

/** Reads a list of numbers that is a text, such as `[1, 2.5]`. */
function vectorIn(text: string): unknown {
  const written = text.trim();
  if (!written.startsWith('[') || !written.endsWith(']')) return text;
  const items = written.slice(1, -1);
  return items.trim() === '' ? [] : items.split(',').map((item) => numberIn(item.trim()));
}

function timeReader(type: string, timeZone: string): CellReader | undefined {
  if (TEXT.test(type)) return (cell, format) => timeOf(String(cell), format, timeZone);
  if (!/^(?:DATE|TIMESTAMP(?:_S|_MS|_NS)?|TIMESTAMP WITH TIME ZONE)$/.test(type)) return undefined;
  const offset = type.endsWith('WITH TIME ZONE') ? 'Z' : '';
  return (cell) => {
    const reading = instantOf(cell);
    return reading === undefined ? new UnusableCell(`got ${String(cell)}`) : reading + offset;
  };
}

function timeOf(text: string, format: DateFormat, timeZone: string): unknown {
  const time = timeIn(text, format);
  if (time === undefined) return new UnusableCell(`got ${shown(text)}: ${timeFault(text, format)}`);
  // A wrong time is refused here, so that the message shows the text of the file.
  if (time === NOW || localTime(time, timeZone) !== undefined) return time;
  return new UnusableCell(`got ${shown(text)}: ${localTimeFault(time) ?? 'there is no such time'}`);
}

function utf8Text(bytes: Uint8Array): unknown {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return new UnusableCell('got bytes that are no UTF-8');
  }
}

function shown(text: string): string {
  return JSON.stringify(text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text);
}

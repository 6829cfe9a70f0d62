/**
 * Breaks each member of a message, at any depth, in each way that its schema forbids. It follows the schema, so a new
 * member is tested, too.
 */
import { expect } from 'vitest';
import { checkOf, MalformedMessage, NewerMessage } from '../../src/contract/messages/decoder.ts';
import type { Schema } from '../../src/contract/schema.ts';
import { shownValue } from '../../src/contract/shownValue.ts';

/** The keywords of a schema that are used here. */
interface Keywords {
  readonly type: string | readonly string[];
  readonly expected: string;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly enum?: readonly string[];
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly items?: Keywords | readonly Keywords[];
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly propertyNames?: Keywords;
  readonly additionalProperties?: Keywords;
  readonly properties?: Readonly<Record<string, Keywords>>;
  readonly required?: readonly string[];
}

type Path = readonly (string | number)[];

interface Member {
  readonly path: Path;
  readonly keywords: Keywords;
  /** The path of the member in the good message. */
  readonly value: unknown;
  readonly isRequired: boolean;
}

const ABSENT = Symbol('absent');
/** A placeholder for 1e400, since JSON.stringify cannot write infinity. */
const INFINITE = 'INFINITE';
const OF_EACH_TYPE: Readonly<Record<string, unknown>> = {
  null: null,
  boolean: true,
  string: '',
  number: 0.5,
  array: [],
  object: {},
};

export function bytesOf(message: unknown): Uint8Array {
  return Buffer.from((JSON.stringify(message) ?? '').replaceAll(`"${INFINITE}"`, '1e400'));
}

/**
 * Expects that a decoder accepts good messages, and refuses them with any broken member. The error must name the
 * member.
 *
 * @param good messages that together have all members of the schema.
 * @param distinguishing the member by which the message belongs to this schema, and the value with which it belongs to
 *   another one. Without a value: the member is absent then.
 */
export function expectEachMemberChecked(
  schema: Schema<unknown>,
  good: readonly object[],
  decode: (data: Uint8Array) => unknown,
  distinguishing?: { readonly member: string; readonly value?: unknown },
): void {
  const otherwise = distinguishing?.value ?? ABSENT;
  const unseen = new Set(pathsOf(schema as unknown as Keywords));
  const fits = checkOf(schema);
  for (const message of good) {
    expect(() => decode(bytesOf(message))).not.toThrow();
    for (const member of membersIn(schema as unknown as Keywords, message)) {
      unseen.delete(nameOf(member.path.map((step) => (typeof step === 'number' ? 0 : step))));
      for (const wrong of wrongValues(member)) {
        if (wrong === otherwise && nameOf(member.path) === distinguishing?.member) continue;
        const broken = bytesOf(changed(message, member.path, wrong));
        const told = `${nameOf(member.path)} = ${JSON.stringify(wrong)?.slice(0, 60) ?? 'absent'}`;
        expect(errorOf(decode, broken), told).toEqual(errorExpected(member, wrong));
      }
      for (const limit of limitsOf(member.keywords))
        expect(() => fits(changed(message, member.path, limit))).not.toThrow();
    }
  }
  expect([...unseen], 'members that no good message has').toEqual([]);
}

function errorOf(decode: (data: Uint8Array) => unknown, data: Uint8Array): unknown {
  try {
    return decode(data);
  } catch (error) {
    return error instanceof Error ? { type: error.constructor, message: error.message } : error;
  }
}

function errorExpected({ path, keywords, value }: Member, wrong: unknown): object {
  if (path.at(-1) === 'v' && wrong === (value as number) + 1)
    return { type: NewerMessage, message: expect.stringContaining('ask a newer gateway') };
  const got = wrong === ABSENT ? 'none' : wrong === INFINITE ? '' : shownValue(wrong);
  const text = `${nameOf(path)} must be ${keywords.expected}, got ${got}`;
  return { type: MalformedMessage, message: expect.stringContaining(text) };
}

/** The names of all named members of a schema, without the items of lists and records. */
function pathsOf({ properties = {} }: Keywords, path: Path = []): string[] {
  return Object.entries(properties).flatMap(([name, keywords]) => [
    nameOf([...path, name]),
    ...pathsOf(keywords, [...path, name]),
  ]);
}

function* membersIn(
  keywords: Keywords,
  value: unknown,
  path: Path = [],
  isRequired = false,
): Generator<Member> {
  if (path.length > 0) yield { path, keywords, value, isRequired };
  for (const [name, inner] of Object.entries(keywords.properties ?? {})) {
    const member = (value as Record<string, unknown>)[name];
    const isNeeded = (keywords.required ?? []).includes(name) && inner.default === undefined;
    if (member !== undefined) yield* membersIn(inner, member, [...path, name], isNeeded);
  }
  if (keywords.additionalProperties !== undefined && isRecord(value)) {
    for (const [name, member] of Object.entries(value))
      yield* membersIn(keywords.additionalProperties, member, [...path, name]);
  }
  if (keywords.items !== undefined && Array.isArray(value)) {
    for (const [i, item] of value.entries()) {
      const inner = Array.isArray(keywords.items) ? keywords.items[i] : keywords.items;
      yield* membersIn(inner, item, [...path, i]);
    }
  }
}

/** A value of several types need not be one. */
function isRecord(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function* wrongValues({ keywords, value, isRequired }: Member): Generator<unknown> {
  const types = [keywords.type].flat().map((type) => (type === 'integer' ? 'number' : type));
  for (const [type, example] of Object.entries(OF_EACH_TYPE)) if (!types.includes(type)) yield example;
  if (isRequired) yield ABSENT;
  if (keywords.type === 'integer') yield 0.5;
  if (types.includes('number')) yield INFINITE;
  yield* beyond(keywords);
  if (keywords.minLength) yield '';
  if (keywords.maxLength !== undefined) yield 'x'.repeat(keywords.maxLength + 1);
  if (keywords.pattern !== undefined || keywords.enum !== undefined) yield '/NONE OF THESE';
  if (keywords.minItems) yield [];
  if (keywords.maxItems !== undefined && Array.isArray(value))
    yield new Array(keywords.maxItems + 1).fill(value[0] ?? null);
  if (keywords.minProperties) yield {};
  if (keywords.additionalProperties !== undefined) yield* wrongRecords(keywords, value as object);
}

/** The numbers beyond the limits; beyond those of all finite numbers there is only `INFINITE`. */
function beyond({ minimum, maximum }: Keywords): readonly number[] {
  const least = minimum === undefined ? [] : [minimum - Math.max(1, Math.abs(minimum) / 1e6)];
  const most = maximum === undefined ? [] : [maximum + Math.max(1, Math.abs(maximum) / 1e6)];
  return [...least, ...most].filter(Number.isFinite);
}

function* wrongRecords({ maxProperties, propertyNames }: Keywords, value: object): Generator<unknown> {
  const [member] = Object.values(value);
  if (maxProperties !== undefined)
    yield Object.fromEntries(Array.from({ length: maxProperties + 1 }, (_, i) => [i, member]));
  if (propertyNames !== undefined) yield { '': member };
}

/** The largest and smallest valid values. */
function* limitsOf({ minimum, maximum, maxLength, type }: Keywords): Generator<unknown> {
  if (minimum !== undefined) yield minimum;
  if (maximum !== undefined) yield maximum;
  // Each of these characters has two UTF-16 units.
  if (type === 'string' && maxLength !== undefined) yield '\u{1F600}'.repeat(maxLength / 2);
}

function changed(message: object, path: Path, value: unknown): object {
  const copy: object = JSON.parse(JSON.stringify(message));
  const place = path.slice(0, -1).reduce<object>((inner, step) => Reflect.get(inner, step), copy);
  const last = path.at(-1) ?? '';
  if (value === ABSENT) Reflect.deleteProperty(place, last);
  else Reflect.set(place, last, value);
  return copy;
}

function nameOf(path: Path): string {
  return path
    .map((step) => (/^[0-9]+$/.test(String(step)) ? `[${step}]` : `.${step}`))
    .join('')
    .replace(/^\./, '');
}

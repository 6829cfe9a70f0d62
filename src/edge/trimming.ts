/**
 * Cuts unused parts out of a large request: variables that its operation does not declare, and large `extensions`. It
 * works on the text, because parsed JSON can take twenty times the size of its text.
 */
import type { GraphQLPipeline } from './graphqlPipeline.ts';

/** Shorter bodies are not searched, in characters. They are freed soon, and row batches are bodies, too. */
const LARGE = 256 * 1024;
/**
 * Shorter WebSocket messages are not searched, in characters. They take no more memory than an open subscription
 * itself.
 */
const LARGE_MESSAGE = 1024;
const LARGE_EXTENSIONS = 1024;

const MESSAGE_MEMBERS = ['id', 'type', 'payload'];
const PAYLOAD_MEMBERS = ['query', 'operationName', 'variables', 'extensions', 'documentId'];

type Known = Pick<GraphQLPipeline, 'operations' | 'persisted'>;
type RawMembers = Map<string, string>;
type IsWanted = (name: string) => boolean;

/** @returns the payload of an operation, as JSON. It is unchanged if nothing can be cut, or if it is malformed. */
export function trimPayload(json: string, known: Known): string {
  return json.length <= LARGE ? json : trimmed(json, known, () => true);
}

/**
 * The same for a WebSocket message. It also cuts members that the protocol does not have.
 *
 * @returns undefined if the message is large and its type is not `subscribe`.
 */
export function trimSubscribe(json: string, known: Known): string | undefined {
  if (json.length <= LARGE_MESSAGE) return json;
  const { members } = split(json, (name) => MESSAGE_MEMBERS.includes(name)) ?? {};
  if (members === undefined) return json;
  if (stringIn(members.get('type') ?? '') !== 'subscribe') return undefined;
  const payload = members.get('payload') ?? 'null';
  members.set(
    'payload',
    trimmed(payload, known, (name) => PAYLOAD_MEMBERS.includes(name)),
  );
  return jsonOf(members);
}

function trimmed(json: string, known: Known, isWanted: IsWanted): string {
  const { members, isComplete } = split(json, isWanted) ?? {};
  if (members === undefined) return json;
  const hasLargeExtensions = (members.get('extensions')?.length ?? 0) > LARGE_EXTENSIONS;
  if (hasLargeExtensions) members.delete('extensions');
  const declared = declaredBy(members, known);
  const variables = split(members.get('variables') ?? '', (name) => declared?.has(name) ?? false);
  if (isComplete && variables?.isComplete !== false && !hasLargeExtensions) return json;
  if (variables !== undefined) members.set('variables', jsonOf(variables.members));
  return jsonOf(members);
}

/** @returns undefined if the operation will be refused. Then it needs no variables. */
function declaredBy(members: RawMembers, { operations, persisted }: Known): ReadonlySet<string> | undefined {
  const member = (name: string) => JSON.parse(members.get(name) ?? 'null');
  try {
    const { document, errors } = persisted.read({
      query: member('query'),
      documentId: member('documentId'),
      extensions: member('extensions'),
    });
    if (errors.length > 0) return undefined;
    return operations.choose(document, member('operationName')).declared;
  } catch {
    return undefined;
  }
}

function jsonOf(members: RawMembers): string {
  return `{${[...members].map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',')}}`;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SPACES = ' \t\n\r';
/** A character that can follow a number, `true`, `false` or `null`. */
const ENDS = `${SPACES},]}`;

interface Split {
  readonly members: RawMembers;
  /** Whether all members were kept. */
  readonly isComplete: boolean;
}

/**
 * Splits an object into its members without parsing their values. It only finds their ends.
 *
 * @returns undefined if the text is no object.
 */
function split(json: string, isWanted: IsWanted): Split | undefined {
  const members: RawMembers = new Map();
  let isComplete = true;
  let at = afterSpace(json, 0);
  if (json[at] !== '{') return undefined;
  do {
    const nameAt = afterSpace(json, at + 1);
    if (json[nameAt] !== '"') return undefined;
    const nameEnd = endOfString(json, nameAt);
    const colon = afterSpace(json, nameEnd);
    const valueAt = afterSpace(json, colon + 1);
    const valueEnd = endOfValue(json, valueAt);
    const name = stringIn(json.slice(nameAt, nameEnd));
    if (json[colon] !== ':' || name === undefined || valueEnd === valueAt) return undefined;
    if (isWanted(name)) members.set(name, json.slice(valueAt, valueEnd));
    else isComplete = false;
    at = afterSpace(json, valueEnd);
  } while (json[at] === ',');
  const isWhole = json[at] === '}' && afterSpace(json, at + 1) === json.length;
  return isWhole ? { members, isComplete } : undefined;
}

function stringIn(json: string): string | undefined {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function afterSpace(json: string, start: number): number {
  let at = start;
  while (at < json.length && SPACES.includes(json.charAt(at))) at++;
  return at;
}

function endOfValue(json: string, start: number): number {
  const first = json.charAt(start);
  if (first === '"') return endOfString(json, start);
  if (first === '{' || first === '[') return endOfNested(json, start);
  let at = start;
  while (at < json.length && !ENDS.includes(json.charAt(at))) at++;
  return at;
}

function endOfNested(json: string, start: number): number {
  let depth = 0;
  // A search is several times as fast as a look at each character.
  const structure = /["[\]{}]/g;
  structure.lastIndex = start;
  for (let match = structure.exec(json); match !== null; match = structure.exec(json)) {
    const code = json.charCodeAt(match.index);
    if (code === QUOTE) structure.lastIndex = endOfString(json, match.index);
    // Brackets and braces differ in one bit: 0x5b and 0x7b open, 0x5d and 0x7d close.
    else if ((code | 0x20) === 0x7b) depth++;
    else if (--depth === 0) return match.index + 1;
  }
  return json.length;
}

/** @returns the place after the closing quote. */
function endOfString(json: string, start: number): number {
  let at = start + 1;
  for (;;) {
    const quote = json.indexOf('"', at);
    if (quote < 0) return json.length;
    let backslashes = 0;
    while (json.charCodeAt(quote - 1 - backslashes) === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return quote + 1;
    at = quote + 1;
  }
}

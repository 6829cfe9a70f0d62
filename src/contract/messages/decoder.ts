/**
 * How a message becomes bytes, and bytes a message that was checked. A message is JSON. Most have a version `v`: a
 * message that is newer than its reader is left to a newer one.
 */
import { Ajv, type ErrorObject } from 'ajv';
import { RETRY_IN_A_MOMENT_MS, RequestError, RequestErrorCode } from '../errors.ts';
import { integer, type Members, type Schema } from '../schema.ts';
import { shownValue } from '../shownValue.ts';

export const MESSAGE_VERSION = 1;
export const VERSION = versionOf(MESSAGE_VERSION);

/** The most characters of a name from a message in an error. */
const SHOWN_CHARACTERS = 40;

/** A message that its reader cannot use. The text names the member, the expected value and the one that came. */
export class MalformedMessage extends Error {}

/** A message of a newer process. A client that asks for it is told to ask a newer gateway. */
export class NewerMessage extends RequestError {
  constructor(v: number, newest: number) {
    super(
      RequestErrorCode.NewerGatewayNeeded,
      `message version ${v} is newer than ${newest}, the newest this process reads: ask a newer gateway, or try again after the upgrade`,
      // During an upgrade a balancer soon finds a gateway that reads it.
      { details: { retryAfterMs: RETRY_IN_A_MOMENT_MS } },
    );
  }
}

export function encodeMessage(message: object): string {
  return JSON.stringify(message);
}

/**
 * Makes the decoder of a message.
 *
 * @returns a function that throws {MalformedMessage} naming the member that is wrong, and {NewerMessage} if the message
 *   has a version beyond ours.
 */
export function decoderOf<T>(schema: Schema<T>): (data: Uint8Array) => T {
  const check = checkOf(schema);
  return (data) => check(parseMessage(data));
}

/** Parses JSON. Nothing about the message is known yet. @throws {MalformedMessage} */
export function parseMessage(data: Uint8Array): unknown {
  try {
    return JSON.parse(utf8.decode(data));
  } catch (cause) {
    throw new MalformedMessage('the message is not JSON', { cause });
  }
}

const utf8 = new TextDecoder();

/** The member `v` of a message whose newest version is the given one. */
export function versionOf(newest: number): Schema<number> {
  return integer(`the message version ${newest}`, newest, newest);
}

/** The version that a message, or one inside another, says it has. Nothing else about it is known. */
export function saidVersion(message: unknown): unknown {
  return typeof message === 'object' && message !== null && 'v' in message ? message.v : undefined;
}

/** @throws {NewerMessage} if a message, or one inside another, has a version beyond the newest that we read. */
export function refuseNewer(message: unknown, newest = MESSAGE_VERSION): void {
  const v = saidVersion(message);
  if (typeof v === 'number' && Number.isInteger(v) && v > newest) throw new NewerMessage(v, newest);
}

/** The same as `decoderOf`, for parsed JSON. Absent members with a default get it. */
export function checkOf<T>(schema: Schema<T>): (message: unknown) => T {
  const newest = 'properties' in schema ? (schema as ObjectSchema).properties.v?.maximum : undefined;
  let compiled: ReturnType<typeof compile<T>> | undefined;
  return (message) => {
    if (newest !== undefined) refuseNewer(message, newest);
    // Compiled with the first message: at the start it would cost every process some milliseconds for each schema.
    compiled ??= compile(schema);
    if (compiled(message)) return message;
    throw new MalformedMessage(problemIn(compiled.errors?.at(-1)));
  };
}

function compile<T>(schema: Schema<T>) {
  const ajv = new Ajv({
    // Makes errors carry the schema that failed, and the value.
    verbose: true,
    useDefaults: true,
    allowUnionTypes: true,
    // Lengths are those of JavaScript, as where texts are cut off. The option is deprecated, which ajv would log.
    unicode: false,
    logger: false,
    // The schemas are ours. Checking them would take ten times as long as compiling them.
    meta: false,
    validateSchema: false,
    // V8 optimizes the code anyway.
    code: { optimize: false },
  });
  ajv.addVocabulary(['expected']);
  return ajv.compile<T>(schema);
}

/** The schema of an object, as ajv hands it back. */
interface ObjectSchema extends Schema<unknown> {
  readonly properties: Members & { readonly v?: { readonly maximum?: number } };
}

function problemIn(error: ErrorObject | undefined): string {
  if (error === undefined) throw new Error('ajv tells what is wrong with a message that does not pass');
  const path = pathOf(error.instancePath);
  const { expected, properties } = error.parentSchema as ObjectSchema;
  if (error.keyword !== 'required')
    return path === ''
      ? problem('the message', `a JSON object, ${expected}`, error.data)
      : problem(path, expected, error.data);
  const { missingProperty } = error.params;
  const name = path === '' ? missingProperty : `${path}.${missingProperty}`;
  return problem(name, properties[missingProperty]?.expected ?? 'there', undefined);
}

/** The fault of a member, in words. */
export function problem(path: string, expected: string, got: unknown): string {
  return `${path} must be ${expected}, got ${shownValue(got)}`;
}

/** From a JSON pointer: "/errors/3/row" is "errors[3].row". */
function pathOf(pointer: string): string {
  const tokens = pointer.split('/').slice(1);
  return tokens
    .map((token) => (/^[0-9]+$/.test(token) ? `[${token}]` : `.${shortName(token)}`))
    .join('')
    .replace(/^\./, '');
}

function shortName(token: string): string {
  return token.replaceAll('~1', '/').replaceAll('~0', '~').slice(0, SHOWN_CHARACTERS);
}

/** Checks a rule between members, which a schema cannot express. @throws {MalformedMessage} if it is broken. */
export function requireThat(holds: boolean, path: string, expected: string, got: unknown): void {
  if (!holds) throw new MalformedMessage(problem(path, expected, got));
}

/** @throws {MalformedMessage} unless a member agrees with the subject of the message. */
export function requireAsInSubject(path: string, got: unknown, inSubject: string | number): void {
  if (got !== inSubject)
    throw new MalformedMessage(problem(path, `${JSON.stringify(inSubject)} as in the subject`, got));
}

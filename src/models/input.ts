/** Checks the input of a task against the manifest: before it is queued, and once more before it is run. */
import { badUserInput, type InputProblem, wrongValue } from '../contract/errors.ts';
import { shownValue } from '../contract/shownValue.ts';
import type { Value, Values } from '../contract/values.ts';
import { exactNumber, INTEGER_RANGES, wholeNumber } from './elements.ts';
import { localTime, localTimeAt, localTimeFault, NOW } from './localTime.ts';
import {
  isFloat,
  isMediaInput,
  isPlainInput,
  type Manifest,
  type ManifestInput,
  type NumberInput,
  type PlainInput,
  type TensorInput,
  UNKNOWN_UNIT,
} from './manifest.ts';
import type { MediaInput } from './mediaInput.ts';
import { expectedMedia, readMedia } from './mediaValue.ts';
import { expectedTensor, isTensorText, readTensor, TensorFault } from './tensorInput.ts';
import { tensorProblems } from './tensorProblems.ts';

/**
 * Checks one input and fills in defaults. A worker can run the answer. Given its own answer, it returns the same again.
 *
 * @param input by GraphQL name; the values may be anything.
 * @param now when the task was submitted, in milliseconds since the epoch (broker time): a local time `now` is this.
 * @returns the values in the manifest's order, with defaults; local times as readings of their time zone's clock.
 * @throws {RequestError} `BAD_USER_INPUT` naming every field that is wrong, what was expected and what came.
 */
export function validateInput(
  manifest: Manifest,
  input: Readonly<Record<string, unknown>>,
  now: number,
): Values {
  return inputAt(manifest, checkInput(manifest, input), now);
}

/** The same, but a local time `now` stays `now`, so that a retry a minute later has the same input. */
export function checkInput(manifest: Manifest, input: Readonly<Record<string, unknown>>): Values {
  const values: Record<string, Value> = {};
  const problems: InputProblem[] = [];
  for (const field of manifest.inputs) {
    const given = input[field.name] ?? field.default;
    const value = readValue(field, given);
    if (value === undefined) problems.push(inputProblem(field, given));
    else values[field.name] = value;
  }
  if (problems.length === 0) problems.push(...tensorProblems(manifest, values));
  const [first] = problems;
  if (first === undefined) return values;
  const message = problems.map(({ message }) => message).join('; ');
  throw badUserInput({
    message,
    details: { ...first.details, problems: problems.map(({ details }) => details) },
  });
}

/**
 * @param now when the task was submitted, in milliseconds since the epoch (broker time): a local time `now` is this.
 */
export function inputAt({ inputs }: Manifest, values: Values, now: number): Values {
  if (!inputs.some(({ type, name }) => type === 'dateTime' && values[name] === NOW)) return values;
  const readings = inputs.flatMap((field) =>
    field.type === 'dateTime' && values[field.name] === NOW
      ? [[field.name, localTimeAt(now, field.timeZone)] as const]
      : [],
  );
  return { ...values, ...Object.fromEntries(readings) };
}

/** @returns the value as a job carries it; undefined if the field cannot have it. */
export function readValue(field: ManifestInput, value: unknown): Value | undefined {
  if (!isPlainInput(field)) {
    const read = readTensorOrMedia(field, value);
    return read instanceof TensorFault ? undefined : read;
  }
  switch (field.type) {
    case 'string':
      return typeof value === 'string' && isTensorText(value, field.maxLength) ? value : undefined;
    case 'enum':
      return field.values.find(({ name }) => name === value)?.name;
    case 'boolean':
      return typeof value === 'boolean' ? value : undefined;
    case 'dateTime':
      if (typeof value !== 'string') return undefined;
      return value === NOW ? NOW : localTime(value, field.timeZone);
    default:
      if (field.exact === true) return readExact(field, value);
      if (field.size === undefined) return isNumberOf(field, value) ? value : undefined;
      return isVectorOf(field, field.size, value) ? value : undefined;
  }
}

function isNumberOf({ type, minimum, maximum }: NumberInput, value: unknown): value is number {
  return (
    typeof value === 'number' &&
    value >= minimum &&
    value <= maximum &&
    (isFloat(type) ? Number.isFinite(value) : Number.isInteger(value))
  );
}

function readExact({ type, minimum, maximum }: NumberInput, value: unknown): number | string | undefined {
  const whole = wholeNumber(value);
  const range = INTEGER_RANGES[type];
  if (whole === undefined || range === undefined || whole < range.minimum || whole > range.maximum)
    return undefined;
  return whole >= minimum && whole <= maximum ? exactNumber(whole) : undefined;
}

function isVectorOf(field: NumberInput, size: number, value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.length === size && value.every((item) => isNumberOf(field, item));
}

/** @returns the rule that a value of the field breaks, to be read after "must be"; undefined if the value is right. */
export function valueProblem(field: ManifestInput, value: unknown): string | undefined {
  if (readValue(field, value) !== undefined) return undefined;
  if (isPlainInput(field))
    return `${expectationOf(field)}, got ${describe(field, value)}${faultOf(field, value)}`;
  const { expected, got } = tensorFaultOf(field, value);
  return `${expected}, got ${got}`;
}

function readTensorOrMedia(field: TensorInput | MediaInput, given: unknown) {
  return isMediaInput(field) ? readMedia(field, given) : readTensor(field, given);
}

function tensorFaultOf(field: TensorInput | MediaInput, given: unknown): TensorFault {
  const fault = readTensorOrMedia(field, given);
  if (fault instanceof TensorFault) return fault;
  return new TensorFault(isMediaInput(field) ? expectedMedia(field) : expectedTensor(field), 'another');
}

export function inputProblem(field: ManifestInput, given: unknown): InputProblem {
  if (!isPlainInput(field)) {
    const { expected, got } = tensorFaultOf(field, given);
    return wrongValue(field.name, expected, got);
  }
  const limits = 'minimum' in field ? { minimum: field.minimum, maximum: field.maximum } : {};
  const why = faultOf(field, given);
  return wrongValue(field.name, expectationOf(field), describe(field, given), { why, limits });
}

/** The values that a field allows, to be read after "must be". */
function expectationOf(field: PlainInput): string {
  switch (field.type) {
    case 'string':
      return `a text of at most ${field.maxLength} characters, none of them NUL`;
    case 'enum':
      return `one of ${field.values.map(({ name }) => name).join(', ')}`;
    case 'boolean':
      return 'true or false';
    case 'dateTime':
      return `a time such as 2021-02-03T14:30:00 (on the clock of ${field.timeZone}) or 2021-02-03T14:30:00-05:00, or now`;
    default: {
      const unit = field.unit === UNKNOWN_UNIT ? '' : ` (${field.unit})`;
      const limits = `from ${field.minimum} to ${field.maximum}${unit}`;
      const kind = isFloat(field.type) ? 'number' : 'whole number';
      return field.size === undefined
        ? `a ${kind} ${limits}`
        : `a list of ${field.size} ${kind}s, each ${limits}`;
    }
  }
}

/** A remark for a value that looks right and is not, to be read after the value. */
function faultOf(field: PlainInput, given: unknown): string {
  const fault = field.type === 'dateTime' && typeof given === 'string' ? localTimeFault(given) : undefined;
  return fault === undefined ? '' : `: ${fault}`;
}

const SHOWN_CHARACTERS = 40;

/** A wrong value as messages show it, cut off if it is long. */
function describe(field: PlainInput, given: unknown): string {
  if (typeof given === 'number') return String(given);
  if (field.type === 'string' && typeof given === 'string' && isTensorText(given, Number.POSITIVE_INFINITY))
    return `${[...given].length} characters`;
  if ('size' in field && Array.isArray(given)) {
    if (given.length !== field.size) return `a list of ${given.length}`;
    const wrong = given.findIndex((item) => !isNumberOf(field, item));
    return `${cut(given[wrong])} at index ${wrong}`;
  }
  return cut(given);
}

function cut(value: unknown): string {
  if (typeof value === 'number') return String(value);
  if (typeof value === 'object' && value !== null) return shownValue(value);
  const text = JSON.stringify(value ?? null) ?? typeof value;
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
}

/**
 * Checks a manifest: its shape by the JSON Schema that editors use too, and the rules that JSON Schema cannot express.
 */
import { isDeepStrictEqual } from 'node:util';
import type { ErrorObject } from 'ajv';
import { ConfigurationError, messageOf } from '../contract/errors.ts';
import { ELEMENT_BYTES } from '../contract/tensor.ts';
import { shownJson } from '../process/jsonFile.ts';
import { INTEGER_RANGES } from './elements.ts';
import { checkInput, valueProblem } from './input.ts';
import { isTimeZone } from './localTime.ts';
import {
  completeBatching,
  completeNames,
  type EnumInput,
  enumTypesOf,
  graphQLNamesOf,
  isExact,
  isPlainInput,
  isPlainOutput,
  type Manifest,
  type ManifestInput,
  type ManifestOutput,
  numberOutputsOf,
  sizeOf,
  tensorTypeOf,
} from './manifest.ts';
import { manifestShape } from './manifestShape.ts';
import { mediaProblem } from './mediaProblem.ts';
import { shapeProblem } from './shapeProblem.ts';
import { trainingProblem } from './trainingProblem.ts';
import { CHARACTER_BYTES, largestBytesOfAll, NUMBER_BYTES } from './valueBytes.ts';

/**
 * The values of one task travel in one message, together with the members around them. In a dead letter base64 adds a
 * third. All that must fit into the 1 MiB that a broker takes by default.
 */
const MAX_VALUES_BYTES = 400 * 1024;

/**
 * @param folder the name of the model's folder.
 * @param file its path, for messages.
 * @returns the candidate with its defaults.
 * @throws {ConfigurationError} naming the file and every member of a wrong shape, or the first member with wrong
 *   content.
 */
export type ManifestCheck = (candidate: unknown, folder: string, file: string) => Manifest;

/**
 * @param withExample whether the example must be right, too. Code that makes a new example leaves this out. @default
 *   true
 */
export async function manifestCheck({ withExample = true } = {}): Promise<ManifestCheck> {
  const hasManifestShape = await manifestShape();
  return (candidate, folder, file) => {
    if (!hasManifestShape(candidate))
      throw new ConfigurationError(`${file}: ${memberProblems(hasManifestShape.errors ?? []).join('; ')}`);
    const problem =
      contentProblem(candidate, folder) ??
      trainingProblem(candidate) ??
      (withExample ? exampleProblem(candidate) : undefined);
    if (problem !== undefined) throw new ConfigurationError(`${file}: ${problem}`);
    const { graphql, batching } = candidate;
    return { ...candidate, graphql: completeNames(graphql), batching: completeBatching(batching) };
  };
}

function memberProblems(errors: readonly ErrorObject[]): readonly string[] {
  // Where several shapes are allowed, the title of the whole names them all. The errors of each single shape would
  // confuse.
  const choices = errors.filter(({ keyword }) => keyword === 'oneOf').map(({ schemaPath }) => schemaPath);
  // The rule of `type` itself reports a wrong or missing one, and lists the right ones.
  return errors
    .filter(({ keyword }) => keyword !== 'discriminator' && keyword !== 'if')
    .filter(({ schemaPath }) => !choices.some((choice) => schemaPath.startsWith(`${choice}/`)))
    .map(memberProblem);
}

function memberProblem({ instancePath, keyword, message, params, parentSchema, data }: ErrorObject): string {
  const subject = instancePath || 'the manifest';
  if (keyword === 'oneOf') return `${subject} must be ${parentSchema?.title}, got ${shownJson(data)}`;
  const detail = params.additionalProperty ?? params.allowedValues;
  return `${subject} ${message}${detail === undefined ? '' : ` (${JSON.stringify(detail)})`}`;
}

function contentProblem(manifest: Manifest, folder: string): string | undefined {
  const { name, inputs, outputs } = manifest;
  if (name !== folder) return `name must be that of its folder, ${folder}, got ${name}`;
  const twice =
    repeated(inputs.map(({ name }) => name)) ??
    repeated(inputs.map(({ tensor }) => tensor)) ??
    repeated(outputs.map(({ name }) => name));
  if (twice !== undefined) return `${twice} is named twice`;
  for (const [what, fields] of Object.entries({ inputs, outputs })) {
    const bytes = largestBytesOfAll(fields);
    if (bytes > MAX_VALUES_BYTES)
      return `the ${what} of one task must take at most ${MAX_VALUES_BYTES} bytes (${NUMBER_BYTES} a number, ${CHARACTER_BYTES} a character of a text), got ${bytes}`;
  }
  const shapes = shapeProblem(manifest) ?? mediaProblem(manifest);
  if (shapes !== undefined) return shapes;
  const enumTypes = enumTypesOf(manifest);
  for (const input of inputs) {
    const problem =
      (input.type === 'enum' ? enumProblem(input, enumTypes) : undefined) ?? fieldProblem(input);
    if (problem !== undefined) return `${input.name}: ${problem}`;
  }
  for (const field of [...inputs, ...outputs]) {
    const problem = numberProblem(field);
    if (problem !== undefined) return `${field.name}: ${problem}`;
  }
  const unitless = manifest.outputs.find(
    (output) => isPlainOutput(output) && isNumber(output) && !('unit' in output),
  );
  if (unitless !== undefined) return `${unitless.name}: unit must be given`;
  const empty = numberOutputsOf(manifest).find(
    ({ minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY }) => minimum > maximum,
  );
  return empty && `${empty.name}: minimum must not exceed maximum`;
}

/** @returns the fault of the example of a manifest that is otherwise right; undefined if there is none. */
export function exampleProblem(manifest: Manifest): string | undefined {
  const { inputs, example } = manifest;
  const unknown = Object.keys(example).find((key) => !inputs.some((field) => field.name === key));
  if (unknown !== undefined) return `example names ${unknown}, which is no input`;
  try {
    checkInput(manifest, example);
  } catch (error) {
    return `example: ${messageOf(error)}`;
  }
  return undefined;
}

/**
 * Two models cannot share a mutation or a type, because the second would silently replace the first. They may share an
 * enum type if its values are the same.
 *
 * @returns the GraphQL name of a manifest that is taken, and the manifest that has it (another one, or the same);
 *   undefined if none is taken.
 */
export function takenNameProblem(manifest: Manifest, others: readonly Manifest[]): string | undefined {
  const owners = new Map(others.flatMap((other) => graphQLNamesOf(other).map(([name]) => [name, other])));
  for (const [name, member] of graphQLNamesOf(manifest)) {
    const owner = owners.get(name);
    if (owner !== undefined && !shareEnum(name, manifest, owner))
      return `${member}: the GraphQL name ${name} is used by ${owner.name} already`;
    owners.set(name, manifest);
  }
  return undefined;
}

/** Whether both have an enum type of this name, with the same values. */
function shareEnum(name: string, one: Manifest, other: Manifest): boolean {
  const values = enumTypesOf(one).get(name)?.values;
  return (
    one !== other && values !== undefined && isDeepStrictEqual(values, enumTypesOf(other).get(name)?.values)
  );
}

function fieldProblem(input: ManifestInput): string | undefined {
  const { minimum, maximum } = { minimum: undefined, maximum: undefined, ...input };
  const missing = missingMember(input);
  if (missing !== undefined) return `${missing} must be given`;
  if (minimum !== undefined && maximum !== undefined && minimum > maximum)
    return 'minimum must not exceed maximum';
  if (input.type === 'dateTime' && !isTimeZone(input.timeZone))
    return `timeZone must be an IANA time zone such as America/New_York, got ${JSON.stringify(input.timeZone)}`;
  if (!('default' in input) || input.default === undefined) return undefined;
  const problem = valueProblem(input, input.default);
  return problem && `default must be ${problem}`;
}

/** @returns the rule about numbers that a field breaks; undefined if it breaks none. */
function numberProblem(field: ManifestInput | ManifestOutput): string | undefined {
  if ('kind' in field) return undefined;
  const { type, minimum, maximum } = { minimum: undefined, maximum: undefined, ...field };
  const size = sizeOf(field);
  const isWhole64 = type === 'int64' || type === 'uint64';
  if (isExact(field) && (!isWhole64 || size !== undefined || 'shape' in field))
    return 'exact may be true of a single int64 or uint64 only; tensors of them are always exact';
  if ('labels' in field && field.labels?.length !== size)
    return `labels must be as many as the numbers of the vector, its size, ${size ?? 'which it lacks'}, got ${field.labels?.length}`;
  const range = type in ELEMENT_BYTES ? INTEGER_RANGES[tensorTypeOf(field)] : undefined;
  if (range === undefined) return undefined;
  const [least, most] = [Number(range.minimum), Number(range.maximum)];
  if ((minimum ?? least) >= least && (maximum ?? most) <= most) return undefined;
  return `minimum and maximum must be from ${least} to ${most}, the numbers of ${type}`;
}

/** The member that only a tensor may lack, and this input lacks. */
function missingMember(input: ManifestInput): string | undefined {
  if (!isPlainInput(input)) return undefined;
  const members = isNumber(input)
    ? ['unit', 'minimum', 'maximum']
    : input.type === 'string'
      ? ['maxLength']
      : [];
  return members.find((member) => !(member in input));
}

function isNumber({ type }: ManifestInput | ManifestOutput): boolean {
  return type in ELEMENT_BYTES;
}

function enumProblem(
  { enumType, values }: EnumInput,
  enumTypes: ReadonlyMap<string, EnumInput>,
): string | undefined {
  const twice = repeated(values.map(({ name }) => name));
  if (twice !== undefined) return `values: ${twice} is named twice`;
  const isUniform =
    values.every(({ value }) => typeof value === 'string') ||
    values.every(({ value }) => Number.isSafeInteger(value));
  if (!isUniform) return 'values must stand for texts, or all for whole numbers within ±(2^53 − 1)';
  if (!isDeepStrictEqual(enumTypes.get(enumType)?.values, values))
    return `enumType ${enumType} is used for other values too`;
  return undefined;
}

function repeated(names: readonly string[]): string | undefined {
  return names.find((name, i) => names.indexOf(name) !== i);
}

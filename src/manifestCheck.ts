/** Checks a manifest: its shape by the JSON Schema that editors use too, and what JSON Schema cannot say. */
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { Ajv, type ErrorObject } from 'ajv';
import { ConfigurationError, messageOf } from './errors.ts';
import { checkInput, valueProblem } from './input.ts';
import { readJson } from './jsonFile.ts';
import { isTimeZone } from './localTime.ts';
import {
  completeBatching,
  completeNames,
  type EnumInput,
  enumTypesOf,
  type Manifest,
  type ManifestInput,
  numberOutputsOf,
} from './manifest.ts';
import { CHARACTER_BYTES, largestBytesOf, NUMBER_BYTES } from './valueBytes.ts';

/**
 * The values of one task are in one message: with all that is around them, and as a dead letter with a third more for
 * base64, they have to fit into the 1 MiB that a broker takes by default.
 */
const MAX_VALUES_BYTES = 400 * 1024;

const MANIFEST_SCHEMA = join(import.meta.dirname, '../models/manifest.schema.json');

/**
 * @param folder the name of the model's folder.
 * @param file for messages.
 * @returns the candidate, its defaults filled in.
 * @throws {ConfigurationError} naming the file and every member whose shape is wrong, or the first whose content is.
 */
export type ManifestCheck = (candidate: unknown, folder: string, file: string) => Manifest;

export async function manifestCheck(): Promise<ManifestCheck> {
  const ajv = new Ajv({ allErrors: true, useDefaults: true, discriminator: true, allowUnionTypes: true });
  const hasManifestShape = ajv.compile<Manifest>((await readJson(MANIFEST_SCHEMA)) as object);
  return (candidate, folder, file) => {
    if (!hasManifestShape(candidate)) {
      throw new ConfigurationError(
        `${file}: ${(hasManifestShape.errors ?? []).flatMap(shapeProblem).join('; ')}`,
      );
    }
    const problem = contentProblem(candidate, folder);
    if (problem !== undefined) throw new ConfigurationError(`${file}: ${problem}`);
    const { graphql, batching } = candidate;
    return { ...candidate, graphql: completeNames(graphql), batching: completeBatching(batching) };
  };
}

function shapeProblem({ instancePath, keyword, message, params }: ErrorObject): string[] {
  // A wrong or missing `type` is told by its own rule, which lists the right ones.
  if (keyword === 'discriminator') return [];
  const detail = params.additionalProperty ?? params.allowedValues;
  return [
    `${instancePath || 'the manifest'} ${message}${detail === undefined ? '' : ` (${JSON.stringify(detail)})`}`,
  ];
}

function contentProblem(manifest: Manifest, folder: string): string | undefined {
  const { name, inputs, outputs, example } = manifest;
  if (name !== folder) return `name must be that of its folder, ${folder}, got ${name}`;
  const twice =
    repeated(inputs.map(({ name }) => name)) ??
    repeated(inputs.map(({ tensor }) => tensor)) ??
    repeated(outputs.map(({ name }) => name));
  if (twice !== undefined) return `${twice} is named twice`;
  for (const [what, fields] of Object.entries({ inputs, outputs })) {
    const bytes = fields.reduce((sum, field) => sum + largestBytesOf(field), 0);
    if (bytes > MAX_VALUES_BYTES)
      return `the ${what} of one task must take at most ${MAX_VALUES_BYTES} bytes (${NUMBER_BYTES} a number, ${CHARACTER_BYTES} a character of a text), got ${bytes}`;
  }
  const enumTypes = enumTypesOf(manifest);
  for (const input of inputs) {
    const problem =
      (input.type === 'enum' ? enumProblem(input, enumTypes) : undefined) ?? fieldProblem(input);
    if (problem !== undefined) return `${input.name}: ${problem}`;
  }
  const empty = numberOutputsOf(manifest).find(
    ({ minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY }) => minimum > maximum,
  );
  if (empty !== undefined) return `${empty.name}: minimum must not exceed maximum`;
  const unknown = Object.keys(example).find((key) => !inputs.some((field) => field.name === key));
  if (unknown !== undefined) return `example names ${unknown}, which is no input`;
  try {
    checkInput(manifest, example);
  } catch (error) {
    return `example: ${messageOf(error)}`;
  }
  return undefined;
}

function fieldProblem(input: ManifestInput): string | undefined {
  if ('minimum' in input && input.minimum > input.maximum) return 'minimum must not exceed maximum';
  if (input.type === 'dateTime' && !isTimeZone(input.timeZone))
    return `timeZone must be an IANA time zone such as America/New_York, got ${JSON.stringify(input.timeZone)}`;
  if (input.default === undefined) return undefined;
  const problem = valueProblem(input, input.default);
  return problem && `default must be ${problem}`;
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

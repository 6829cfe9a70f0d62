/**
 * Models as they lie on disk: `models/<name>/model.json` (the manifest), and a folder per version with `model.onnx`,
 * `version.json` and `golden.json`; `catalog.ts` finds and follows them. Nothing here knows ONNX: the worker compares
 * manifest and graph.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv, type ErrorObject } from 'ajv';
import { ConfigurationError, messageOf, RequestError, RequestErrorCode } from './errors.ts';
import type { Values } from './task.ts';

export type ElementType = 'int64' | 'int32' | 'float32' | 'float64';

export interface ManifestOutput {
  readonly name: string;
  readonly tensor: string;
  readonly type: ElementType;
  readonly unit: string;
  readonly description: string;
}

export interface ManifestInput extends ManifestOutput {
  readonly minimum: number;
  readonly maximum: number;
  readonly default?: number;
}

/** `model.json`; `models/manifest.schema.json` says what each member means. */
export interface Manifest {
  readonly name: string;
  readonly description: string;
  readonly versions: 'all' | 'latest' | readonly number[];
  readonly graphql: {
    readonly mutation: string;
    readonly inputType: string;
    readonly predictionType: string;
  };
  readonly inputs: readonly ManifestInput[];
  readonly outputs: readonly ManifestOutput[];
  readonly batching: { readonly maxBatchSize: number; readonly maxWaitMs: number };
  readonly limits: {
    readonly timeoutMs: number;
    readonly runTimeoutMs: number;
    readonly maxAttempts: number;
  };
  readonly example: Values;
}

/** `version.json`: where a version came from and how good it is. */
export interface VersionRecord {
  /** Hex SHA-256 of `model.onnx`. */
  readonly sha256: string;
  /** RFC 3339. */
  readonly created: string;
  readonly trainedOn: readonly string[];
  readonly metrics: readonly {
    readonly data: string;
    readonly name: string;
    readonly unit: string;
    readonly value: number;
  }[];
}

export interface ModelVersion extends VersionRecord {
  /** A positive integer, as text: the folder's name. */
  readonly version: string;
  readonly folder: string;
}

export interface Model {
  readonly manifest: Manifest;
  /** The versions there are now, oldest first; empty once all were taken away. */
  readonly versions: readonly ModelVersion[];
}

/** The version that answers when a task pins none: the newest. */
export function defaultVersion(model: Model): ModelVersion {
  const newest = model.versions.at(-1);
  if (newest === undefined) throw new Error('a loaded model has at least one version');
  return newest;
}

/**
 * Checks one input against the manifest and fills in defaults.
 *
 * @param input as GraphQL delivered it: names and kinds of number are right already, ranges are not checked.
 * @returns the values in the manifest's order.
 * @throws {RequestError} `BAD_USER_INPUT` naming every field that is out of range, its limits and its value.
 */
export function validateInput(manifest: Manifest, input: Readonly<Record<string, unknown>>): Values {
  const wrong = manifest.inputs.flatMap((field) => rangeProblem(field, input[field.name] ?? field.default));
  const [first] = wrong;
  if (first !== undefined) {
    const message = wrong.map(({ message }) => message).join('; ');
    throw new RequestError(RequestErrorCode.BadUserInput, message, {
      details: { ...first.details, problems: wrong.map(({ details }) => details) },
    });
  }
  return Object.fromEntries(
    manifest.inputs.map((field) => [field.name, (input[field.name] ?? field.default) as number]),
  );
}

function rangeProblem({ name, type, unit, minimum, maximum }: ManifestInput, value: unknown) {
  const isNumber =
    typeof value === 'number' && Number.isFinite(value) && (isFloat(type) || Number.isInteger(value));
  if (isNumber && value >= minimum && value <= maximum) return [];
  const expected = `${isFloat(type) ? 'a number' : 'a whole number'} from ${minimum} to ${maximum}`;
  const got = typeof value === 'number' ? String(value) : JSON.stringify(value ?? null);
  return [
    {
      message: `${name} must be ${expected} (${unit}), got ${got}`,
      details: { field: name, minimum, maximum, value: got },
    },
  ];
}

export function isFloat(type: ElementType): boolean {
  return type === 'float32' || type === 'float64';
}

/** @throws {ConfigurationError} if the file is absent or no JSON. */
export async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (cause) {
    throw new ConfigurationError(`${file} must be a readable JSON file: ${messageOf(cause)}`, { cause });
  }
}

const MANIFEST_SCHEMA = join(import.meta.dirname, '../models/manifest.schema.json');

/** @throws {ConfigurationError} naming the file and what is wrong with it. */
export type ManifestCheck = (candidate: unknown, folder: string, file: string) => Manifest;

/** Compiles the check once for all manifests of a process. */
export async function manifestCheck(): Promise<ManifestCheck> {
  const hasManifestShape = new Ajv({ allErrors: true, useDefaults: true }).compile<Manifest>(
    (await readJson(MANIFEST_SCHEMA)) as object,
  );
  return (candidate, folder, file) => {
    if (!hasManifestShape(candidate)) {
      throw new ConfigurationError(
        `${file}: ${(hasManifestShape.errors ?? []).map(shapeProblem).join('; ')}`,
      );
    }
    const problem = contentProblem(candidate, folder);
    if (problem !== undefined) throw new ConfigurationError(`${file}: ${problem}`);
    return candidate;
  };
}

function shapeProblem({ instancePath, message, params }: ErrorObject): string {
  const detail = params.additionalProperty ?? params.allowedValues;
  return `${instancePath || 'the manifest'} ${message}${detail === undefined ? '' : ` (${JSON.stringify(detail)})`}`;
}

/** What JSON Schema cannot say. */
function contentProblem(manifest: Manifest, folder: string): string | undefined {
  const { name, inputs, outputs, example } = manifest;
  if (name !== folder) return `name must be that of its folder, ${folder}, got ${name}`;
  for (const fields of [inputs, outputs]) {
    const twice = fields.find((field, i) => fields.findIndex((other) => other.name === field.name) !== i);
    if (twice !== undefined) return `${twice.name} is named twice`;
  }
  const upsideDown = inputs.find(({ minimum, maximum }) => minimum > maximum);
  if (upsideDown !== undefined) return `${upsideDown.name}: minimum must not exceed maximum`;
  const badDefault = inputs.find(
    (field) => field.default !== undefined && rangeProblem(field, field.default).length > 0,
  );
  if (badDefault !== undefined) return `${badDefault.name}: default must lie within its own limits`;
  const unknown = Object.keys(example).find((key) => !inputs.some((field) => field.name === key));
  if (unknown !== undefined) return `example names ${unknown}, which is no input`;
  try {
    validateInput(manifest, example);
  } catch (error) {
    return `example: ${messageOf(error)}`;
  }
  return undefined;
}

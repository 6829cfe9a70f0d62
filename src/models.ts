/**
 * Models as they lie on disk: `models/<name>/model.json` (the manifest), and a folder per version with `model.onnx`,
 * `version.json` and `golden.json`. Nothing here knows ONNX: the worker compares manifest and graph.
 */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
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
  /** The served versions, oldest first; never empty. */
  readonly versions: readonly ModelVersion[];
}

/**
 * Reads every model of a folder, by name.
 *
 * @throws {ConfigurationError} naming the file and what is wrong with it; also when there is no model at all.
 */
export async function loadModels(modelsDir: string): Promise<readonly Model[]> {
  const names = await foldersIn(modelsDir);
  const checkManifest = await manifestCheck();
  const models: Model[] = [];
  for (const name of names.toSorted()) {
    const file = join(modelsDir, name, 'model.json');
    const manifest = checkManifest(await readManifest(file), name, file);
    models.push({ manifest, versions: await loadVersions(join(modelsDir, name), manifest) });
  }
  if (models.length === 0)
    throw new ConfigurationError(`${modelsDir} must hold a folder per model, found none`);
  refuseSharedNames(models);
  return models;
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

async function foldersIn(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
      .map((entry) => entry.name);
  } catch (cause) {
    throw new ConfigurationError(
      `MODELS_DIR must be a readable folder, got ${folder} (${messageOf(cause)})`,
      { cause },
    );
  }
}

async function readManifest(file: string): Promise<unknown> {
  if (existsSync(file)) return readJson(file);
  throw new ConfigurationError(
    `${file} must be there: each folder of MODELS_DIR is a model; move away what is none`,
  );
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

type ManifestCheck = (candidate: unknown, folder: string, file: string) => Manifest;

async function manifestCheck(): Promise<ManifestCheck> {
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

async function loadVersions(folder: string, { name, versions: served }: Manifest): Promise<ModelVersion[]> {
  const present = (await foldersIn(folder))
    .filter((entry) => /^[1-9][0-9]{0,8}$/.test(entry))
    .map(Number)
    .toSorted((a, b) => a - b);
  if (present.length === 0)
    throw new ConfigurationError(`${folder} must hold a version folder such as 1/, found none`);
  const missing = Array.isArray(served) ? served.find((version) => !present.includes(version)) : undefined;
  if (missing !== undefined)
    throw new ConfigurationError(
      `${name}: version ${missing} is to be served, but ${folder} has ${present.join(', ')}`,
    );
  const chosen =
    served === 'all'
      ? present
      : served === 'latest'
        ? present.slice(-1)
        : present.filter((version) => served.includes(version));
  return Promise.all(chosen.map((version) => loadVersion(join(folder, String(version)))));
}

async function loadVersion(folder: string): Promise<ModelVersion> {
  const file = join(folder, 'version.json');
  const record = (await readJson(file)) as Partial<VersionRecord>;
  const { sha256, created, trainedOn, metrics } = record;
  if (!/^[0-9a-f]{64}$/.test(sha256 ?? ''))
    throw new ConfigurationError(`${file}: sha256 must be 64 hex digits, got ${JSON.stringify(sha256)}`);
  if (Number.isNaN(Date.parse(created ?? '')))
    throw new ConfigurationError(`${file}: created must be an RFC 3339 time, got ${JSON.stringify(created)}`);
  if (!Array.isArray(trainedOn) || !Array.isArray(metrics))
    throw new ConfigurationError(`${file}: trainedOn and metrics must be lists`);
  return { ...(record as VersionRecord), version: basename(folder), folder };
}

/** Two models cannot share a mutation or a type: the second would silently replace the first. */
function refuseSharedNames(models: readonly Model[]): void {
  const owners = new Map<string, string>();
  for (const { manifest } of models) {
    for (const name of Object.values(manifest.graphql)) {
      const owner = owners.get(name);
      if (owner !== undefined)
        throw new ConfigurationError(`the GraphQL name ${name} is used by ${owner} and by ${manifest.name}`);
      owners.set(name, manifest.name);
    }
  }
}

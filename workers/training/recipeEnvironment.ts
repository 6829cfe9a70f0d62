/**
 * What a recipe runs in. A version that names it can be made again if the environment is pinned; the machine's own
 * Python is the last resort.
 */
import { execFile } from 'node:child_process';
import { hash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Artifacts } from '../../src/contract/artifact.ts';
import { isDigest } from '../../src/contract/blob.ts';
import type { ArtifactFile } from '../../src/contract/work.ts';
import { withoutSecrets } from '../../src/process/config.ts';
import { isObject, readJson } from '../../src/process/jsonFile.ts';
import { ensurePython, madePython, PythonError, pythonVersion } from '../../src/process/pythonEnvironment.ts';
import { RECORD_MAX_BYTES, readRegularFile } from '../../src/process/regularFile.ts';
import { fetchFile } from './artifactFiles.ts';
import { isPython, type RecipeSource } from './recipeLaunch.ts';

export interface RecipeEnvironment {
  /** Of a recipe in Python. */
  readonly python?: string;
  /** In words; a part of the run key. */
  readonly environment: string;
  /** Whether all of it is pinned. */
  readonly reproducible: boolean;
}

export interface EnvironmentOptions {
  /** The model's folder. */
  readonly folder: string;
  readonly recipe: RecipeSource;
  readonly artifacts: Artifacts;
  /** For files. */
  readonly scratch: string;
  /** Gets lines for people. */
  readonly report: (line: string) => void;
  readonly signal: AbortSignal;
}

export const WHEELS_FILE = 'wheels.json';
const run = promisify(execFile);
const LIST_PACKAGES =
  'import importlib.metadata as m; print("\\n".join(sorted({f"{d.name}=={d.version}" for d in m.distributions()})))';

/** @throws {PythonError} if the machine has no Python. @throws the reason of the signal. */
export async function environmentOf(options: EnvironmentOptions): Promise<RecipeEnvironment> {
  const { recipe } = options;
  if ('command' in recipe)
    return { environment: `the program ${recipe.command.join(' ')}`, reproducible: false };
  if (!isPython(recipe)) return { environment: `Node ${process.version}`, reproducible: true };
  const requirements = join(options.folder, 'requirements.txt');
  if (!existsSync(requirements)) return await machinePython();
  try {
    const { python } =
      (await madePython(requirements)) ??
      (await ensurePython({ ...options, requirements, wheels: await fetchWheels(options) }));
    const pins = hash('sha256', await readRegularFile(requirements, RECORD_MAX_BYTES), 'hex');
    const environment = `${await pythonVersion()} with the packages of requirements.txt (SHA-256 ${pins})`;
    return { python, environment, reproducible: true };
  } catch (error) {
    options.signal.throwIfAborted();
    if (!(error instanceof PythonError)) throw error;
    options.report(`${error.message}: the machine's Python is used, so the version cannot be reproduced`);
    return await machinePython();
  }
}

async function machinePython(): Promise<RecipeEnvironment> {
  const version = await pythonVersion();
  const { stdout } = await run('python3', ['-c', LIST_PACKAGES], { env: withoutSecrets(process.env) });
  const environment = `the ${version} of the machine, with ${stdout.trim().replaceAll('\n', ', ') || 'no package'}`;
  return { python: 'python3', environment, reproducible: false };
}

/** @returns the folder of the wheels that wheels.json names; undefined if there is no such file. */
async function fetchWheels({ folder, artifacts, scratch, signal }: EnvironmentOptions) {
  const file = join(folder, WHEELS_FILE);
  if (!existsSync(file)) return undefined;
  const wheels = join(scratch, 'wheels');
  await mkdir(wheels, { recursive: true });
  for (const wheel of await readWheels(file))
    await fetchFile(artifacts, wheel, join(wheels, wheel.path), signal);
  return wheels;
}

/** @throws {PythonError} if it is not as `npm run model -- wheels` writes it. */
async function readWheels(file: string): Promise<readonly ArtifactFile[]> {
  const content = await readJson(file);
  const wheels = isObject(content) ? content.wheels : undefined;
  if (Array.isArray(wheels) && wheels.every(isWheel)) return wheels;
  throw new PythonError(`${file} must be as npm run model -- wheels writes it`);
}

function isWheel(file: unknown): file is ArtifactFile {
  if (!isObject(file)) return false;
  const { path, sha256, bytes } = file;
  return (
    typeof path === 'string' &&
    /^[\w.+-]+\.whl$/.test(path) &&
    typeof sha256 === 'string' &&
    isDigest(sha256) &&
    Number.isSafeInteger(bytes)
  );
}

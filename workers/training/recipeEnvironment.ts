/**
 * What a recipe runs in. A version that names it can be made again if the environment is pinned; the machine's own
 * Python is the last resort.
 */
import { execFile } from 'node:child_process';
import { hash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { WHEELS_FOLDER } from '../../src/models/folders.ts';
import { ensurePython, madePython, PythonError, pythonVersion } from '../../src/process/pythonEnvironment.ts';
import { RECORD_MAX_BYTES, readRegularFile } from '../../src/process/regularFile.ts';
import { isPython, type RecipeSource } from './recipeLaunch.ts';
import { recipeVariables } from './recipeVariables.ts';

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
  /** As `launchOf` has them. */
  readonly variables: readonly string[];
  /** Gets lines for people. */
  readonly report: (line: string) => void;
  readonly signal: AbortSignal;
}

const run = promisify(execFile);
const LIST_PACKAGES =
  'import importlib.metadata as m; print("\\n".join(sorted({f"{d.name}=={d.version}" for d in m.distributions()})))';

/** @throws {PythonError} if the machine has no Python. @throws the reason of the signal. */
export async function environmentOf(options: EnvironmentOptions): Promise<RecipeEnvironment> {
  const { recipe, variables } = options;
  if ('command' in recipe)
    return { environment: `the program ${recipe.command.join(' ')}`, reproducible: false };
  if (!isPython(recipe)) return { environment: `Node ${process.version}`, reproducible: true };
  const requirements = join(options.folder, 'requirements.txt');
  if (!existsSync(requirements)) return await machinePython(variables);
  const wheels = join(options.folder, WHEELS_FOLDER);
  try {
    const { python } =
      (await madePython(requirements)) ??
      (await ensurePython({ ...options, requirements, wheels: existsSync(wheels) ? wheels : undefined }));
    const pins = hash('sha256', await readRegularFile(requirements, RECORD_MAX_BYTES), 'hex');
    const environment = `${await pythonVersion()} with the packages of requirements.txt (SHA-256 ${pins})`;
    return { python, environment, reproducible: true };
  } catch (error) {
    options.signal.throwIfAborted();
    if (!(error instanceof PythonError)) throw error;
    options.report(`${error.message}: the machine's Python is used, so the version cannot be reproduced`);
    return await machinePython(variables);
  }
}

async function machinePython(variables: readonly string[]): Promise<RecipeEnvironment> {
  const version = await pythonVersion();
  const { stdout } = await run('python3', ['-c', LIST_PACKAGES], {
    env: recipeVariables(process.env, variables),
  });
  const environment = `the ${version} of the machine, with ${stdout.trim().replaceAll('\n', ', ') || 'no package'}`;
  return { python: 'python3', environment, reproducible: false };
}

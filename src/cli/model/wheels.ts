/** `npm run model -- wheels <name>`: gathers the packages of a recipe in Python, for trainers without a network. */
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { WHEELS_FOLDER } from '../../models/folders.ts';
import { downloadWheels } from '../../process/pythonEnvironment.ts';
import { ModelFileError } from './modelFileError.ts';
import { readManifest } from './modelFolder.ts';

/** @returns the text to print. @throws {ModelFileError} @throws {PythonError} */
export async function gatherWheels(modelsDir: string, model: string): Promise<string> {
  await readManifest(modelsDir, model);
  const requirements = join(modelsDir, model, 'requirements.txt');
  if (!existsSync(requirements))
    throw new ModelFileError(`${requirements} must pin the packages of the recipe, and is not there`);
  const folder = join(modelsDir, model, WHEELS_FOLDER);
  const partial = join(modelsDir, model, `.${WHEELS_FOLDER}.partial`);
  await rm(partial, { recursive: true, force: true });
  try {
    await mkdir(partial);
    await downloadWheels(requirements, partial);
    await rm(folder, { recursive: true, force: true });
    await rename(partial, folder);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  const wheels = await readdir(folder);
  return `${folder} has ${wheels.length} wheels now. Trainers that see it ask no package index.`;
}

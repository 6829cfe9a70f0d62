/** Reads the folders of models for commands, each on its own: a fault of one model does not affect the others. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { foldersIn } from '../../models/folders.ts';
import type { Manifest } from '../../models/manifest.ts';
import { type ManifestCheck, manifestCheck } from '../../models/manifestCheck.ts';
import { readJson } from '../../process/jsonFile.ts';
import { ModelFileError } from './modelFileError.ts';

/** @throws {ConfigurationError} naming model.json and its fault. @throws {ModelFileError} if there is no model.json. */
export async function readManifest(modelsDir: string, model: string): Promise<Manifest> {
  return readCheckedBy(await manifestCheck(), modelsDir, model);
}

/** The same for commands that find or replace a wrong example: the example is not checked. */
export async function readManifestWithAnyExample(modelsDir: string, model: string): Promise<Manifest> {
  return readCheckedBy(await manifestCheck({ withExample: false }), modelsDir, model);
}

async function readCheckedBy(check: ManifestCheck, modelsDir: string, model: string): Promise<Manifest> {
  const file = join(modelsDir, model, 'model.json');
  if (!existsSync(file)) {
    const models = await modelsIn(modelsDir);
    throw new ModelFileError(
      `${file} is not there; the models in ${modelsDir}: ${models.join(', ') || 'none'}`,
    );
  }
  return check(await readJson(file), model, file);
}

/** The names of the folders that hold a manifest. @throws {ConfigurationError} if `modelsDir` cannot be read. */
export async function modelsIn(modelsDir: string): Promise<readonly string[]> {
  const names = await foldersIn(modelsDir);
  return names.filter((name) => existsSync(join(modelsDir, name, 'model.json'))).toSorted();
}

/** The folders of models, as commands need them: one at a time, however broken its neighbours are. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { foldersIn } from '../../models/folders.ts';
import type { Manifest } from '../../models/manifest.ts';
import { type ManifestCheck, manifestCheck } from '../../models/manifestCheck.ts';
import { readJson } from '../../process/jsonFile.ts';
import { ModelFileError } from './modelFileError.ts';

/** @throws {ConfigurationError} naming model.json and what is wrong with it. @throws {ModelFileError} if it is absent. */
export async function readManifest(modelsDir: string, model: string): Promise<Manifest> {
  return readCheckedBy(await manifestCheck(), modelsDir, model);
}

/** The same for who can make an example: that of the manifest may not fit it. */
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

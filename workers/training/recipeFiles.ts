/**
 * The digest of a recipe: of the files of its model's folder, and of the shared files of the models' folder that it
 * imports. A version's run key has it. Versions and the model card are left out.
 */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, normalize } from 'node:path';
import { isVersionName, WHEELS_FOLDER } from '../../src/models/folders.ts';
import { digestOfFiles, listFiles, type VersionFile } from '../../src/models/versionFiles.ts';
import { digestRegularFile, RECORD_MAX_BYTES, readRegularFile } from '../../src/process/regularFile.ts';

const MODEL_CARD = 'README.md';
const SOURCE = /\.(?:ts|js|mjs|py)$/;
/** In Python `import graph` and `from graph import …`; in TypeScript `from '../graph.ts'`. */
const IMPORT = /^\s*(?:import|from)\s+(\w+)|(?:from|import)\s*\(?\s*['"](\.[^'"]+)['"]/gm;

/** @param folder of the model. @throws {ConfigurationError} naming a file that cannot be read. */
export async function digestOfRecipe(folder: string): Promise<string> {
  const own = await ownFiles(folder);
  const shared = new Set<string>();
  for (const { path } of own) await addShared(folder, path, shared);
  const files: VersionFile[] = [...own];
  for (const path of shared) files.push({ path, ...(await digestRegularFile(join(folder, path))) });
  return digestOfFiles(files);
}

async function ownFiles(folder: string): Promise<readonly VersionFile[]> {
  const files: VersionFile[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const { name } = entry;
    if (name.startsWith('.') || name === MODEL_CARD || name === '__pycache__') continue;
    if (entry.isDirectory()) {
      // The wheels are pinned by requirements.txt.
      if (isVersionName(name) || name === WHEELS_FOLDER) continue;
      const inside = await listFiles(join(folder, name));
      files.push(...inside.map((file) => ({ ...file, path: `${name}/${file.path}` })));
    } else files.push({ path: name, ...(await digestRegularFile(join(folder, name))) });
  }
  return files;
}

/** Adds the shared files that a file imports, directly or through others, as paths relative to the model's folder. */
async function addShared(folder: string, path: string, shared: Set<string>): Promise<void> {
  if (!SOURCE.test(path)) return;
  const source = (await readRegularFile(join(folder, path), RECORD_MAX_BYTES)).toString();
  for (const [, module, relative] of source.matchAll(IMPORT)) {
    const imported =
      module === undefined ? normalize(join(path, '..', relative ?? '')) : join('..', `${module}.py`);
    // Only files that lie beside the folders of the models; others are Tidings' own.
    if (!/^\.\.[/\\][^/\\]+$/.test(imported) || shared.has(imported)) continue;
    if (!existsSync(join(folder, imported))) continue;
    shared.add(imported);
    await addShared(folder, imported, shared);
  }
}

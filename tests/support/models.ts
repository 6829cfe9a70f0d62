/** Models folders of a test's own, and a log that is heard by nobody. */
import { cp, mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLog } from '../../src/log.ts';

export const MODELS = join(import.meta.dirname, '../../models');

export const SILENT = createLog({ logLevel: 'silent', logFormat: 'json' }, 'test');

export interface ModelsFolder extends AsyncDisposable {
  /** A folder for MODELS_DIR. */
  readonly path: string;
  /** The folder of trip-duration in it. */
  readonly model: string;
}

/** A models folder with the committed trip-duration in it, version 1 alone, its manifest changed. */
export async function modelsWith(
  change: (manifest: Record<string, unknown>) => void = () => {},
): Promise<ModelsFolder> {
  const folder = await mkdtempDisposable(join(tmpdir(), 'tidings-models-'));
  const model = join(folder.path, 'trip-duration');
  await cp(join(MODELS, 'trip-duration/1'), join(model, '1'), { recursive: true });
  const manifest = JSON.parse(await readFile(join(MODELS, 'trip-duration/model.json'), 'utf8'));
  change(manifest);
  await writeFile(join(model, 'model.json'), JSON.stringify(manifest));
  return { path: folder.path, model, [Symbol.asyncDispose]: () => folder.remove() };
}

/** Checks that the GraphQL names of a model do not clash with those of the other models. */
import { messageOf } from '../../contract/errors.ts';
import type { Manifest } from '../../models/manifest.ts';
import { takenNameProblem } from '../../models/manifestCheck.ts';
import { modelsIn, readManifest } from './modelFolder.ts';

/** @returns a message on a name that another model of `modelsDir` or Tidings itself has; undefined if there is none. */
export async function namesProblem(manifest: Manifest, modelsDir: string): Promise<string | undefined> {
  const names = (await modelsIn(modelsDir)).filter((name) => name !== manifest.name);
  const read = await Promise.allSettled(names.map((name) => readManifest(modelsDir, name)));
  // A manifest that cannot be read is reported when its own model is checked.
  const others = read.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  return takenNameProblem(manifest, others) ?? (await schemaProblem([...others, manifest]));
}

/**
 * Builds the whole schema, as the gateway does. An error here would stop the gateway at its start. GraphQL is loaded here,
 * because most commands do without it: it takes half the time of `npm run model -- list`.
 */
async function schemaProblem(manifests: readonly Manifest[]): Promise<string | undefined> {
  const { buildSchema } = await import('../../../schema/index.ts');
  try {
    buildSchema(manifests.map((manifest) => ({ manifest, versions: [], unreadable: [] })));
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

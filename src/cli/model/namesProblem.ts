/** Whether the GraphQL names of a model can stand beside those of the others. */
import { buildSchema } from '../../../schema/index.ts';
import { messageOf } from '../../contract/errors.ts';
import type { Manifest } from '../../models/manifest.ts';
import { takenNameProblem } from '../../models/manifestCheck.ts';
import { modelsIn, readManifest } from './modelFolder.ts';

/** @returns which name is taken by another model of `modelsDir`, or by Tidings itself; undefined if none is. */
export async function namesProblem(manifest: Manifest, modelsDir: string): Promise<string | undefined> {
  const names = (await modelsIn(modelsDir)).filter((name) => name !== manifest.name);
  const read = await Promise.allSettled(names.map((name) => readManifest(modelsDir, name)));
  // A manifest that cannot be read is told of when its own model is checked.
  const others = read.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  return takenNameProblem(manifest, others) ?? schemaProblem([...others, manifest]);
}

/** The whole schema is made, as the gateway makes it: whatever it refuses would stop the gateway's start. */
function schemaProblem(manifests: readonly Manifest[]): string | undefined {
  try {
    buildSchema(manifests.map((manifest) => ({ manifest, versions: [], unreadable: [] })));
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

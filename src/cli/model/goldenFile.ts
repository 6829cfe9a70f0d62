/** Reads the `golden.json` of a version, for the commands. */
import { type GoldenRows, readGoldenRows } from '../../../workers/golden.ts';
import { messageOf } from '../../contract/errors.ts';
import type { Manifest } from '../../models/manifest.ts';
import type { ModelVersion } from '../../models/models.ts';
import { ModelFileError } from './modelFileError.ts';

/** @throws {ModelFileError} naming a row that does not fit the manifest, with advice if new rows can be made. */
export async function goldenRowsOf(manifest: Manifest, version: ModelVersion): Promise<GoldenRows> {
  try {
    return await readGoldenRows(manifest, version);
  } catch (error) {
    const advice = isFromTraining(version)
      ? ''
      : `. Make new ones: npm run model -- golden ${manifest.name}/${version.version}`;
    throw new ModelFileError(`${messageOf(error)}${advice}`);
  }
}

/** Whether the golden rows may be answers of the training code. Those prove more than the model's own answers. */
export function isFromTraining({ trainedOn }: ModelVersion): boolean {
  return trainedOn.length > 0;
}

/** `golden.json` of a version, as commands read and write it. */
import { type GoldenRows, readGoldenRows } from '../../../workers/golden.ts';
import { messageOf } from '../../contract/errors.ts';
import type { Manifest } from '../../models/manifest.ts';
import type { ModelVersion } from '../../models/models.ts';
import { printableLines } from '../../process/printable.ts';
import { ModelFileError } from './modelFileError.ts';

/** @throws {ModelFileError} naming what does not fit the manifest, with what to do where anything can be done. */
export async function goldenRowsOf(manifest: Manifest, version: ModelVersion): Promise<GoldenRows> {
  try {
    return await readGoldenRows(manifest, version);
  } catch (error) {
    const advice = isFromTraining(version)
      ? ''
      : `. Make them anew: npm run model -- golden ${manifest.name}/${version.version}`;
    throw new ModelFileError(`${messageOf(error)}${advice}`);
  }
}

/** Whether its golden rows may hold answers of the training code, which prove more than the model's own. */
export function isFromTraining({ trainedOn }: ModelVersion): boolean {
  return trainedOn.length > 0;
}

/** The file's text, a row a line. */
export function formatGoldenRows({ rows, tolerance }: GoldenRows): string {
  const lines = rows.map((row) => `    ${JSON.stringify(row)}`).join(',\n');
  return printableLines(`{\n  "tolerance": ${JSON.stringify(tolerance)},\n  "rows": [\n${lines}\n  ]\n}\n`);
}

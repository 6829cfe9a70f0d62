/** Makes the next version of an existing model. The manifest does not change, so the graph must fit it. */
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { signatureProblems } from '../../../workers/runtimes/onnx/signature.ts';
import type { Values } from '../../contract/values.ts';
import { versionsIn } from '../../models/folders.ts';
import type { Manifest } from '../../models/manifest.ts';
import type { ModelVersion } from '../../models/models.ts';
import { listFiles, MODEL_FILE, modelDigestOf, type VersionFile } from '../../models/versionFiles.ts';
import { readVersion } from '../../models/versionRecord.ts';
import { checkExamples } from './exampleRows.ts';
import { goldenRowsOf } from './goldenFile.ts';
import { ModelFileError } from './modelFileError.ts';
import { readManifest } from './modelFolder.ts';
import { pinRows } from './pin.ts';
import { loadDraft, type MadeVersion, type VersionDraft, writeRecords } from './versionDraft.ts';

/**
 * @returns the manifest of the model; every golden row was answered.
 * @throws {ModelFileError} if the file does not fit the manifest, or is a version already.
 */
export async function makeVersion(draft: VersionDraft): Promise<MadeVersion> {
  const { modelsDir, model, source, examples, folder, inspection } = draft;
  const manifest = await readManifest(modelsDir, model);
  const earlier = await readableVersions(join(modelsDir, model));
  const files = await listFiles(folder);
  const twin = earlier.find((version) => files.every((file) => hasFile(version, file)));
  if (twin !== undefined)
    throw new ModelFileError(
      `${source} is there already, as version ${twin.version}. To have it twice on purpose, copy the folder ${twin.folder}`,
    );
  refuseOtherGraph(draft, manifest);
  await takeTokenizers(manifest, earlier.at(-1), folder);
  await loadDraft(draft, manifest);
  const rows =
    examples.length > 0
      ? checkExamples(manifest, examples)
      : await rowsOfNewest(manifest, join(modelsDir, model));
  const golden = await pinRows({ inspection, manifest, rows, mayFail: false, source });
  await writeRecords(draft, golden);
  return { manifest, unanswered: golden.unanswered, decisions: [] };
}

function hasFile(version: ModelVersion, { path, sha256 }: VersionFile): boolean {
  if (path === MODEL_FILE) return modelDigestOf(version) === sha256;
  return version.files?.some((file) => file.path === path && file.sha256 === sha256) ?? false;
}

/** A new version makes tokens as the newest one does. */
async function takeTokenizers(
  { inputs }: Manifest,
  newest: ModelVersion | undefined,
  folder: string,
): Promise<void> {
  for (const input of inputs) {
    if (!('tokenizer' in input) || input.tokenizer === undefined) continue;
    if (newest === undefined)
      throw new ModelFileError(
        `${input.name} needs ${input.tokenizer}, and no version has it: add the version by hand, as models/README.md tells`,
      );
    await copyFile(join(newest.folder, input.tokenizer), join(folder, input.tokenizer));
  }
}

function refuseOtherGraph({ source, graph }: VersionDraft, manifest: Manifest): void {
  const problems = signatureProblems(manifest, graph.signature);
  if (problems.length === 0) return;
  throw new ModelFileError(
    `${source} is no version of ${manifest.name}:\n${problems.map((text) => `- ${text}`).join('\n')}\nAdd it under another --name.`,
  );
}

/** Reads the existing versions. Those that cannot be read are left out, because they must not prevent a new version. */
async function readableVersions(modelFolder: string): Promise<readonly ModelVersion[]> {
  const folders = (await versionsIn(modelFolder)).map((version) => join(modelFolder, version));
  const read = await Promise.allSettled(folders.map(readVersion));
  return read.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
}

/**
 * The golden inputs of the newest version, so that the two versions can be compared. If there is no version, the
 * example of the manifest.
 */
export async function rowsOfNewest(manifest: Manifest, modelFolder: string): Promise<readonly Values[]> {
  const newest = (await readableVersions(modelFolder)).at(-1);
  if (newest === undefined) return checkExamples(manifest, [manifest.example]);
  return (await goldenRowsOf(manifest, newest)).rows.map(({ input }) => input);
}

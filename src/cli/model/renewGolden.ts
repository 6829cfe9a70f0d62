/**
 * Makes new golden rows for a model whose manifest was edited: the old rows may have names and values that the manifest
 * no longer allows. The answers are the model's own, as with `add`. All rows are made before a file is written.
 */
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatGoldenRows } from '../../../workers/goldenFile.ts';
import { filesToLoad } from '../../../workers/loadVersion.ts';
import type { Values } from '../../contract/values.ts';
import type { Manifest } from '../../models/manifest.ts';
import { exampleProblem } from '../../models/manifestCheck.ts';
import type { ModelVersion, VersionRecord } from '../../models/models.ts';
import { digestOfFiles, listFiles, uncoveredFile } from '../../models/versionFiles.ts';
import { readVersion } from '../../models/versionRecord.ts';
import { readJson } from '../../process/jsonFile.ts';
import { checkExamples, type JsonRow, plainRows } from './exampleRows.ts';
import { isFromTraining } from './goldenFile.ts';
import { inspectVersion } from './inspectVersion.ts';
import { formatManifest } from './modelCard.ts';
import { ModelFileError } from './modelFileError.ts';
import { type PinnedRows, type PinOptions, pinRows } from './pin.ts';
import { formatRecord, LOADING } from './versionDraft.ts';

export interface RenewOptions {
  readonly modelsDir: string;
  /** A valid manifest. Only its example may be wrong. */
  readonly manifest: Manifest;
  readonly versions: readonly string[];
  /** Inputs of golden rows, by GraphQL name or by tensor. @default plain rows within the limits */
  readonly examples: readonly JsonRow[];
  /** The most memory of a model's process, see `workers/runtimes/memoryLimit.ts`; 0 means no limit. */
  readonly maxMib: number;
}

export interface Renewed {
  readonly versions: readonly (PinnedRows & { readonly version: string })[];
  /** The new example of model.json; undefined if the old one still fits. */
  readonly example: Values | undefined;
}

/**
 * Replaces the `golden.json` of versions, and the example of the manifest if it does not fit any more. A version whose
 * manifest has got a tokenizer lists its files from then on.
 *
 * @throws {ModelFileError} if a version's golden rows come from training, or a row has no good answer.
 * @throws {ConfigurationError} if a version.json is wrong. @throws {RequestError} naming a value that breaks the
 *   limits.
 * @throws {LoadRefused} if a version cannot be loaded. Errors of the file system pass through.
 */
export async function renewGolden(options: RenewOptions): Promise<Renewed> {
  const { modelsDir, manifest, examples, maxMib } = options;
  const mayFail = examples.length === 0;
  const rows = mayFail ? plainRows(manifest.inputs) : checkExamples(manifest, examples);
  const modelFolder = join(modelsDir, manifest.name);
  const versions = [];
  for (const name of options.versions) {
    const version = await withItsFiles(await readVersion(join(modelFolder, name)), manifest);
    refuseFromTraining(manifest, version);
    versions.push({ ...(await pin(version, { manifest, rows, mayFail, maxMib })), ...version });
  }
  for (const { folder, sha256, files, ...golden } of versions) {
    const record = (await readJson(join(folder, 'version.json'))) as VersionRecord;
    if (record.sha256 !== sha256)
      await replaceFile(join(folder, 'version.json'), formatRecord({ ...record, sha256, files }));
    await replaceFile(join(folder, 'golden.json'), formatGoldenRows(golden));
  }
  if (exampleProblem(manifest) === undefined) return { versions, example: undefined };
  const example = versions[0]?.rows[0]?.input ?? rows[0] ?? {};
  const file = join(modelFolder, 'model.json');
  // The manifest as it stands in the file, without the defaults that the check fills in.
  await replaceFile(file, formatManifest({ ...((await readJson(file)) as Manifest), example }));
  return { versions, example };
}

/** A manifest that was edited may name a tokenizer, which has become a file of the version. */
async function withItsFiles(version: ModelVersion, manifest: Manifest): Promise<ModelVersion> {
  if (version.files !== undefined || uncoveredFile(version, manifest) === undefined) return version;
  const files = await listFiles(version.folder);
  return { ...version, files, sha256: digestOfFiles(files) };
}

function refuseFromTraining({ name }: Manifest, version: ModelVersion): void {
  if (!isFromTraining(version)) return;
  throw new ModelFileError(
    `${name}/${version.version} was trained on ${version.trainedOn.join(', ')}: its golden rows may be answers of the training code, which prove more than the model's own. Only the training can make new ones`,
  );
}

async function pin(
  version: ModelVersion,
  { maxMib, ...options }: Omit<PinOptions, 'inspection' | 'source'> & Pick<RenewOptions, 'maxMib'>,
): Promise<PinnedRows> {
  const { manifest } = options;
  const files = filesToLoad(version);
  await using inspection = await inspectVersion(version, { ...LOADING, manifest, maxMib });
  await inspection.load({ ...files, manifest, ...LOADING });
  return await pinRows({ ...options, inspection, source: files.file });
}

/** Replaces a file in one step: a gateway or worker that watches the folder sees the old file or the new one. */
async function replaceFile(file: string, text: string): Promise<void> {
  // An older entry of that name may be a link to another file.
  await rm(`${file}.partial`, { force: true });
  await writeFile(`${file}.partial`, text, { flag: 'wx' });
  await rename(`${file}.partial`, file);
}

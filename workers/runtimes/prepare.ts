/** Prepares the start of a process for a version: the only place that chooses its runtime. */
import { join } from 'node:path';
import { ConfigurationError } from '../../src/contract/errors.ts';
import type { Manifest } from '../../src/models/manifest.ts';
import type { ModelVersion } from '../../src/models/models.ts';
import { uncoveredFile, verifyFiles } from '../../src/models/versionFiles.ts';
import { framedChild } from './framed/framedChild.ts';
import { type LaunchOptions, launchOf } from './framed/launch.ts';
import { withMedia } from './framed/withMedia.ts';
import type { StartChild } from './modelChild.ts';

export interface PrepareOptions extends Omit<LaunchOptions, 'model'> {
  readonly manifest: Pick<Manifest, 'name' | 'inputs'>;
  /** The memory limit of the process in MiB, see `memoryLimit.ts`; 0: no limit. */
  readonly maxMib: number;
}

/**
 * @returns how to start the process of a version that is code; undefined for an ONNX file, which any process for ONNX
 *   can load.
 * @throws {ConfigurationError} if a file is not the one that version.json lists, or is read and not listed.
 * @throws {PythonError} if the environment cannot be made.
 */
export async function prepare(
  version: ModelVersion,
  { manifest, ...options }: PrepareOptions,
): Promise<StartChild | undefined> {
  if (version.files !== undefined) await verifyFiles(version.folder, version.files);
  requireCovered(version, manifest);
  const launch = await launchOf(version, { ...options, model: manifest.name });
  if (launch === undefined) return undefined;
  const { maxMib, log } = options;
  return withMedia({ start: framedChild({ launch, maxMib, log }), folder: version.folder, maxMib });
}

/** Otherwise a changed file would give other answers, and the digest would be the same. */
function requireCovered(version: ModelVersion, manifest: PrepareOptions['manifest']): void {
  const uncovered = uncoveredFile(version, manifest);
  if (uncovered === undefined) return;
  const { folder } = version;
  throw new ConfigurationError(
    version.files === undefined
      ? `${join(folder, 'version.json')} must have "files", because the version reads ${uncovered}, and a digest of model.onnx alone does not cover it: npm run model -- golden ${manifest.name} lists them`
      : `${join(folder, uncovered)} must be there: the manifest names it as a tokenizer`,
  );
}

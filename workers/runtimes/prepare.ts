/** Prepares the start of a process for a version: the only place that chooses its runtime. */
import type { ModelVersion } from '../../src/models/models.ts';
import { verifyFiles } from '../../src/models/versionFiles.ts';
import { framedChild } from './framed/framedChild.ts';
import { type LaunchOptions, launchOf } from './framed/launch.ts';
import type { StartChild } from './modelChild.ts';

export interface PrepareOptions extends LaunchOptions {
  /** The memory limit of the process in MiB, see `memoryLimit.ts`; 0: no limit. */
  readonly maxMib: number;
}

/**
 * @returns how to start the process of a version that is code; undefined for an ONNX file, which any process for ONNX
 *   can load.
 * @throws {ConfigurationError} if a file is not the one that version.json lists. @throws {PythonError} if the
 *   environment cannot be made.
 */
export async function prepare(
  version: ModelVersion,
  options: PrepareOptions,
): Promise<StartChild | undefined> {
  if (version.files !== undefined) await verifyFiles(version.folder, version.files);
  const launch = await launchOf(version, options);
  return launch && framedChild({ launch, maxMib: options.maxMib, log: options.log });
}

/** Opens a process for a version, of whatever runtime, as a worker does. */
import { Inspection } from '../../../workers/runtimes/inspection.ts';
import { prepare } from '../../../workers/runtimes/prepare.ts';
import type { Manifest } from '../../models/manifest.ts';
import type { ModelVersion } from '../../models/models.ts';
import type { Config } from '../../process/config.ts';
import { createLog } from '../../process/log.ts';

export interface InspectOptions extends Pick<Config, 'executionProviders'> {
  readonly manifest: Pick<Manifest, 'name' | 'inputs'>;
  readonly threads: number;
  readonly maxMib: number;
}

const STDERR = 2;

/**
 * @throws {ConfigurationError} if a file is not the one that version.json lists, or is not listed. @throws {PythonError} if the packages
 *   cannot be installed.
 */
export async function inspectVersion(version: ModelVersion, options: InspectOptions): Promise<Inspection> {
  // What the version prints, and how far an installation is.
  const log = createLog({ logLevel: 'info', logFormat: 'pretty' }, 'model', STDERR);
  const start = await prepare(version, {
    ...options,
    cudaVisibleDevices: process.env.CUDA_VISIBLE_DEVICES,
    log,
  });
  return new Inspection({ maxMib: options.maxMib, ...(start && { start }) });
}

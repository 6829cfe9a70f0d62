/** How the process of a version that is code is started. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigurationError } from '../../../src/contract/errors.ts';
import { type ModelVersion, Runtime, type VersionCode } from '../../../src/models/models.ts';
import { compileCacheOf } from '../../../src/process/compileCache.ts';
import { type Config, withoutSecrets } from '../../../src/process/config.ts';
import type { Logger } from '../../../src/process/log.ts';
import { ensurePython, pythonVersion } from '../../../src/process/pythonEnvironment.ts';
import { BUS_ORDER } from '../onnx/onnxChild.ts';

export interface Launch {
  readonly model: string;
  readonly version: string;
  readonly runtime: VersionCode['runtime'];
  readonly command: string;
  readonly args: readonly string[];
  /** The version's folder, in which it is started. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  /** What it runs in, in words: everybody may read them. */
  readonly environment: string;
}

export interface LaunchOptions extends Pick<Config, 'executionProviders' | 'cudaVisibleDevices'> {
  readonly model: string;
  readonly threads: number;
  readonly log: Logger;
  /** Gives up the installation of packages. */
  readonly signal?: AbortSignal | undefined;
}

/** Read by OpenMP, and by the libraries for linear algebra that NumPy is built with. */
const THREAD_VARIABLES = [
  'OMP_NUM_THREADS',
  'OPENBLAS_NUM_THREADS',
  'MKL_NUM_THREADS',
  'NUMEXPR_NUM_THREADS',
];
/** Python leaves no compiled files in the folder, uses none that lie there, and prints at once. */
const PYTHON_VARIABLES = {
  PYTHONDONTWRITEBYTECODE: '1',
  PYTHONPYCACHEPREFIX: '/dev/null',
  PYTHONUNBUFFERED: '1',
  PYTHONUTF8: '1',
};
const REQUIREMENTS = 'requirements.txt';
const WHEELS = 'wheels';

/**
 * Finds out how a version is started, and makes the environment that it needs. Its files were checked before.
 *
 * @throws {ConfigurationError} if its entry is not among its files.
 * @throws {PythonError} if the environment cannot be made.
 */
export async function launchOf(version: ModelVersion, options: LaunchOptions): Promise<Launch | undefined> {
  const { code, files = [], folder } = version;
  if (code === undefined) return undefined;
  if ('entry' in code) {
    const [file = ''] = code.entry.split(':');
    if (!files.some(({ path }) => path === file))
      throw new ConfigurationError(`${folder}/version.json: entry names ${file}, which is not among files`);
  }
  const env = environmentFor(options);
  const named = { model: options.model, version: version.version, runtime: code.runtime, folder };
  switch (code.runtime) {
    case Runtime.Python: {
      const { python, environment } = await pythonFor(folder, options);
      const args = [join(import.meta.dirname, 'pythonChild.py'), code.entry];
      return { ...named, command: python, args, env: { ...env, ...PYTHON_VARIABLES }, environment };
    }
    case Runtime.Node: {
      const args = [join(import.meta.dirname, 'nodeChild.ts'), code.entry];
      return { ...named, command: process.execPath, args, env, environment: `Node ${process.version}` };
    }
    case Runtime.Command: {
      const [command = '', ...args] = code.command;
      return { ...named, command, args, env, environment: 'a program of its own' };
    }
  }
}

/** No login and no secret. A GPU is seen only if the configuration names one. */
function environmentFor({
  threads,
  executionProviders,
  cudaVisibleDevices,
}: LaunchOptions): NodeJS.ProcessEnv {
  const onGpu = executionProviders.some((provider) => provider !== 'cpu');
  const devices = cudaVisibleDevices ?? (onGpu ? undefined : '');
  return {
    ...withoutSecrets(process.env),
    ...compileCacheOf(process.env),
    ...BUS_ORDER,
    ...Object.fromEntries(THREAD_VARIABLES.map((name) => [name, String(threads)])),
    ...(devices === undefined ? {} : { CUDA_VISIBLE_DEVICES: devices }),
  };
}

async function pythonFor(
  folder: string,
  { log, model, signal }: LaunchOptions,
): Promise<{ readonly python: string; readonly environment: string }> {
  const version = await pythonVersion();
  const requirements = join(folder, REQUIREMENTS);
  if (!existsSync(requirements))
    return { python: 'python3', environment: `the ${version} of the machine, with the packages that it has` };
  const wheels = existsSync(join(folder, WHEELS)) ? join(folder, WHEELS) : undefined;
  const report = (step: string) => log.info({ model, step }, 'a version waits for its packages');
  const { python, place } = await ensurePython({ requirements, wheels, report, signal });
  return { python, environment: `${version} with the packages of ${REQUIREMENTS} (${place})` };
}

/**
 * Makes the Python that recipes and versions run in: a virtual environment with exactly the packages that a
 * `requirements.txt` pins by version and SHA-256, kept in the project's cache. Equal pins share one environment. The
 * machine's python3 and pip make it, as they are configured.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { withoutSecrets } from './config.ts';
import { takeLock } from './processLock.js';
import { RECORD_MAX_BYTES, readRegularFile } from './regularFile.ts';

const CACHE = fileURLToPath(new URL('../../.cache/python/', import.meta.url));
/** How long pip may take. Packages of gigabytes need minutes. */
const INSTALL_TIMEOUT_MS = 600_000;
/** While another process makes the same environment. */
const LOOK_EVERY_MS = 500;
const TELL_EVERY_MS = 15_000;
/**
 * The file names every package and its wheels, so that pip makes no choices. Packages that need a compiler are refused.
 */
const EXACTLY = ['--no-deps', '--only-binary', ':all:', '--require-hashes', '--requirement'];
const run = promisify(execFile);

/**
 * An error that the user can correct, such as a missing python3, pip or package. Shown in one line, without a stack.
 */
export class PythonError extends Error {
  override readonly name = 'PythonError';
}

export interface PythonOptions {
  /** Path of a file that pins every package, including indirect ones, by version and SHA-256. */
  readonly requirements: string;
  /** A folder with the packages as wheels: then no package index is asked. */
  readonly wheels?: string | undefined;
  /** Gets a line before an environment is made, and every 15 s while it is being made. */
  readonly report: (step: string) => void;
  /** Aborts the making. */
  readonly signal?: AbortSignal | undefined;
}

export interface MadePython {
  /** The path of its Python. */
  readonly python: string;
  /** Within the project, such as `.cache/python/0a1b2c3d4e5f6789`. */
  readonly place: string;
}

/**
 * Makes the environment of a requirements file, unless it exists. One process at a time makes it, and others wait.
 *
 * @throws {PythonError}
 */
export async function ensurePython(options: PythonOptions): Promise<MadePython> {
  const { folder, ...made } = await placeOf(options.requirements);
  if (existsSync(made.python)) return made;
  using _lock = await untilTaken(`${folder}.lock`, () => existsSync(made.python), options);
  if (!existsSync(made.python)) await make(folder, made.place, options);
  return made;
}

/** @returns the environment of a requirements file; undefined if it was not made yet. @throws {PythonError} */
export async function madePython(requirements: string): Promise<MadePython | undefined> {
  const { folder: _, ...made } = await placeOf(requirements);
  return existsSync(made.python) ? made : undefined;
}

/** Where an environment is, once it is made. */
async function placeOf(requirements: string): Promise<MadePython & { readonly folder: string }> {
  const packages = (await readRegularFile(requirements, RECORD_MAX_BYTES)).toString();
  // Packages are built for one version of Python, so an upgrade of the machine's Python leads to another environment.
  const version = await pythonVersion();
  const digest = createHash('sha256').update(`${version}\n${packages}`).digest('hex').slice(0, 16);
  const folder = join(CACHE, digest);
  return { folder, python: join(folder, 'bin/python'), place: `.cache/python/${digest}` };
}

/**
 * Downloads the wheels of a requirements file for this machine, from the package index that pip is configured with.
 *
 * @param folder an empty one. @throws {PythonError}
 */
export async function downloadWheels(requirements: string, folder: string): Promise<void> {
  const download = ['-m', 'pip', 'download', '--quiet', '--no-input', '--disable-pip-version-check'];
  const limits = { timeout: INSTALL_TIMEOUT_MS, killSignal: 'SIGKILL' } as const;
  const args = [...download, '--dest', folder, ...EXACTLY, requirements];
  await ask('python3', args, `pip cannot download ${requirements}`, limits);
}

/** The version of the machine's Python, such as `Python 3.11.7`. @throws {PythonError} if there is none. */
export async function pythonVersion(): Promise<string> {
  return await ask('python3', ['--version'], 'code in Python needs python3 with venv and pip');
}

/** Waits for the lock of an environment, or until it is made. */
async function untilTaken(file: string, isMade: () => boolean, options: PythonOptions): Promise<Disposable> {
  using _telling = tellNowAndThen(options, 'another process installs the same packages');
  for (;;) {
    const lock = takeLock(file);
    if (lock.taken) return { [Symbol.dispose]: () => lock.release() };
    if (isMade()) return { [Symbol.dispose]: () => {} };
    await sleep(LOOK_EVERY_MS, undefined, { signal: options.signal });
  }
}

async function make(folder: string, place: string, options: PythonOptions): Promise<void> {
  const { requirements, wheels, report, signal } = options;
  report(`installing Python packages into ${place}, once for these pins`);
  using _telling = tellNowAndThen(options, `installing Python packages into ${place}`);
  const limits = { timeout: INSTALL_TIMEOUT_MS, killSignal: 'SIGKILL', signal } as const;
  // Of a process that was killed while it had the lock there may be one.
  const partial = `${folder}.partial`;
  await rm(partial, { recursive: true, force: true });
  try {
    await mkdir(CACHE, { recursive: true });
    await ask('python3', ['-m', 'venv', partial], 'python3 cannot make a virtual environment', limits);
    const install = ['-m', 'pip', 'install', '--quiet', '--no-input', '--disable-pip-version-check'];
    const source = wheels === undefined ? [] : ['--no-index', '--find-links', wheels];
    const made = join(partial, 'bin/python');
    await ask(
      made,
      [...install, ...source, ...EXACTLY, requirements],
      `pip cannot install ${requirements}`,
      limits,
    );
    await ask(made, ['-m', 'pip', 'check'], `${requirements} must pin every package`, limits);
    await rename(partial, folder);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

function tellNowAndThen({ report }: PythonOptions, step: string): Disposable {
  const startedAt = performance.now();
  const tell = () => report(`${step}: ${Math.round((performance.now() - startedAt) / 1_000)} s so far`);
  const timer = setInterval(tell, TELL_EVERY_MS).unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

async function ask(
  command: string,
  args: readonly string[],
  problem: string,
  limits: {
    readonly timeout?: number;
    readonly killSignal?: NodeJS.Signals;
    readonly signal?: AbortSignal | undefined;
  } = {},
): Promise<string> {
  try {
    // Packages may run code when Python starts, and get no secrets.
    const { stdout } = await run(command, args, { ...limits, env: withoutSecrets(process.env) });
    return stdout.trim();
  } catch (cause) {
    throw new PythonError(`${problem}: ${reasonOf(cause)}`, { cause });
  }
}

/**
 * The reason of a failure. pip prints its retries first and the reason last, on a line that begins with ERROR. venv
 * prints the reason on either stream.
 */
function reasonOf(error: unknown): string {
  if (error instanceof Error && 'killed' in error && error.killed)
    return `it took longer than ${INSTALL_TIMEOUT_MS / 1_000} s`;
  const { stdout = '', stderr = '', message = '' } = error as Partial<Record<string, string>>;
  const lines = `${stdout}\n${stderr}`
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const reason = lines.findLast((line) => line.startsWith('ERROR:'));
  return otherHash(lines) ?? reason ?? lines.at(-1) ?? message;
}

/** @returns a message on a package with a wrong hash, if that is the error. pip prints that error in several lines. */
function otherHash(lines: readonly string[]): string | undefined {
  const got = lines.findIndex((line) => /^Got\s+[0-9a-f]{64}$/.test(line));
  if (got === -1) return undefined;
  const subject = lines.slice(0, got).findLast((line) => line.includes('==')) ?? 'a package';
  const [name] = subject.split(' from ');
  return `${name} came with the SHA-256 ${lines[got]?.split(/\s+/)[1]}, which is not among those pinned. If it is the wheel for this Python and machine, add it there as one more --hash`;
}

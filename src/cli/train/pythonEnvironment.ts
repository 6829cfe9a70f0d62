/**
 * Makes the Python that recipes run in: a virtual environment with exactly the packages that a `requirements.txt` pins
 * by version and SHA-256, kept in the project's cache. Equal pins share one environment. The machine's python3 and pip
 * make it, as they are configured.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { RECORD_MAX_BYTES, readRegularFile } from '../../process/regularFile.ts';

const CACHE = fileURLToPath(new URL('../../../.cache/python/', import.meta.url));
const run = promisify(execFile);

/**
 * An error that the user can correct, such as a missing python3, pip or package. Shown in one line, without a stack.
 */
export class PythonError extends Error {
  override readonly name = 'PythonError';
}

/**
 * Makes the environment of a requirements file, unless it exists.
 *
 * @param requirements path of a file that pins every package, including indirect ones, by version and SHA-256.
 * @param report gets a line before an environment is made.
 * @returns the path of its Python.
 * @throws {PythonError}
 */
export async function ensurePython(requirements: string, report: (step: string) => void): Promise<string> {
  const packages = (await readRegularFile(requirements, RECORD_MAX_BYTES)).toString();
  // Packages are built for one version of Python, so an upgrade of the machine's Python leads to another environment.
  const version = await ask('python3', ['--version'], 'a recipe in Python needs python3 with venv and pip');
  const digest = createHash('sha256').update(`${version}\n${packages}`).digest('hex').slice(0, 16);
  const folder = join(CACHE, digest);
  const python = join(folder, 'bin/python');
  if (existsSync(python)) return python;

  report(`installing Python packages into .cache/python/${digest}, once for these pins`);
  const partial = `${folder}.${process.pid}.partial`;
  try {
    await mkdir(CACHE, { recursive: true });
    await ask('python3', ['-m', 'venv', partial], 'python3 cannot make a virtual environment');
    const install = ['-m', 'pip', 'install', '--quiet', '--no-input', '--disable-pip-version-check'];
    // The file names every package and its wheels, so that pip makes no choices. Packages that need a compiler are
    // refused.
    const exactly = [
      '--no-deps',
      '--only-binary',
      ':all:',
      '--require-hashes',
      '--requirement',
      requirements,
    ];
    const made = join(partial, 'bin/python');
    await ask(made, [...install, ...exactly], `pip cannot install ${requirements}`);
    await ask(made, ['-m', 'pip', 'check'], `${requirements} must pin every package`);
    await rename(partial, folder).catch((error: unknown) => {
      // Another run has made the same environment meanwhile.
      if (!existsSync(python)) throw error;
    });
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  return python;
}

async function ask(command: string, args: readonly string[], problem: string): Promise<string> {
  try {
    const { stdout } = await run(command, args);
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

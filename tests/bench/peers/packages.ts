/**
 * The client libraries of the peers, in a folder of their own under .cache/. They are no dependencies, because set-up
 * installs all dependencies for every user of Tidings.
 */
import { execFile } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';

const FOLDER = join(import.meta.dirname, '../../../.cache/peers');
const INSTALL_LIMIT_MS = 120_000;

/** The pinned versions. BullMQ asks for ioredis beside it. */
const PACKAGES: Readonly<Record<string, string>> = {
  bullmq: '6.7.0',
  ioredis: '5.11.1',
  'pg-boss': '12.38.0',
};

/** Whether the pinned versions are installed. */
export async function packagesAreThere(): Promise<boolean> {
  const installed = await Promise.all(Object.keys(PACKAGES).map(installedVersion));
  return Object.values(PACKAGES).every((version, i) => version === installed[i]);
}

/** Installs the pinned versions. @throws npm's error, for example without a network. */
export async function installPackages(): Promise<void> {
  await mkdir(FOLDER, { recursive: true });
  const wanted = Object.entries(PACKAGES).map(([name, version]) => `${name}@${version}`);
  await promisify(execFile)('npm', ['install', '--no-save', '--prefix', FOLDER, ...wanted], {
    cwd: FOLDER,
    timeout: INSTALL_LIMIT_MS,
  });
}

/** Loads an installed package. It has no types here, so the caller says what it uses of it. */
export function loadPackage<Exports>(name: string): Exports {
  return createRequire(join(FOLDER, 'package.json'))(name) as Exports;
}

async function installedVersion(name: string): Promise<string | undefined> {
  try {
    return JSON.parse(await readFile(join(FOLDER, 'node_modules', name, 'package.json'), 'utf8')).version;
  } catch {
    return undefined;
  }
}

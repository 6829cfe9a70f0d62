// @ts-check
/** Builds the console, the web page of Tidings, from `console/`, if its sources have changed since the last build. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SetupError, say } from './report.js';

/** What the build is made from. */
const SOURCES = [
  'build',
  'public',
  'src',
  'index.html',
  'package-lock.json',
  'tsconfig.json',
  'vite.config.ts',
];

/**
 * Takes a few milliseconds: it reads the sources, about 300 KB.
 *
 * @param {string} folder
 */
export function isConsoleBuilt(folder) {
  if (!existsSync(join(folder, 'dist/index.html')) || !existsSync(stampOf(folder))) return false;
  return readFileSync(stampOf(folder), 'utf8') === digestOf(folder);
}

/**
 * @param {string} folder whose packages are installed
 * @param {string} node the program
 */
export function buildConsole(folder, node) {
  const startedAt = Date.now();
  say('building the console (about 5 s)');
  const vite = join(folder, 'node_modules/vite/bin/vite.js');
  const { status, error } = spawnSync(node, [vite, 'build', '--logLevel', 'warn'], {
    cwd: folder,
    stdio: ['ignore', 2, 'inherit'],
  });
  if (status !== 0)
    throw new SetupError(
      `the console could not be built (${error?.message ?? `status ${status}`}), the reason is above`,
    );
  writeFileSync(stampOf(folder), digestOf(folder));
  say(`console built in ${((Date.now() - startedAt) / 1000).toFixed(1)} s`);
}

/** @param {string} folder */
function digestOf(folder) {
  const digest = createHash('sha256');
  for (const source of SOURCES.flatMap((name) => filesIn(folder, name)).sort()) {
    digest
      .update(`${source}\0`)
      .update(readFileSync(join(folder, source)))
      .update('\0');
  }
  return digest.digest('hex');
}

/**
 * @param {string} folder
 * @param {string} name of a file or folder in it
 * @returns {string[]}
 */
function filesIn(folder, name) {
  const path = join(folder, name);
  if (!existsSync(path)) return [];
  if (!statSync(path).isDirectory()) return [name];
  return readdirSync(path).flatMap((entry) => filesIn(folder, join(name, entry)));
}

/** @param {string} folder */
function stampOf(folder) {
  return join(folder, 'node_modules/.console');
}

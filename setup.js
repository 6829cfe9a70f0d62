// @ts-check
/**
 * Installs what this checkout lacks, says so, and does nothing when all is there. Plain JavaScript without
 * dependencies, because it runs on whatever Node ≥ 20 the machine has, before anything is installed.
 *
 *   node setup.js         the dependencies, among them the Node that runs Tidings
 *   node setup.js start   those, the console and, unless NATS_URL or NATS_URL_FILE names a broker, nats-server. Without
 *                         the console the rest runs all the same, so a failure there is told only
 *   node setup.js test    those, nats-server, the console, and the packages of clients that only tests run: tests run
 *                         brokers of their own and ignore NATS_URL
 *   node setup.js console the dependencies and the console
 *
 * Where nats-server is goes to .cache/setup.json. The environment, besides NATS_URL:
 *   ONNXRUNTIME_NODE_INSTALL  as onnxruntime-node reads it: `true` brings the CUDA provider, `skip` leaves it out.
 *                             Unset, it stays as it was, at first `skip`.
 *   NATS_SERVER_RELEASES      another address for nats-server's official releases, for a mirror or a test; the
 *                             pinned SHA-256 holds all the same.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { delimiter, join, relative } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { buildConsole, isConsoleBuilt } from './src/launcher/setup/console.js';
import { fetchServer, findServer } from './src/launcher/setup/natsServer.js';
import { SetupError, say } from './src/launcher/setup/report.js';
import { takeLock } from './src/process/processLock.js';

const ROOT = fileURLToPath(new URL('.', import.meta.url));
const CACHE = join(ROOT, '.cache');
const MODULES = join(ROOT, 'node_modules');

/**
 * A folder with a lock file of its own.
 *
 * @typedef {{ readonly folder: string, readonly download: string, readonly omitsDev?: boolean }} Package
 */
/** @type {Package} */
const TIDINGS = { folder: ROOT, download: 'about 280 MB' };
/** @type {readonly Package[]} */
const CLIENTS = [
  { folder: join(ROOT, 'console'), download: 'about 150 MB' },
  { folder: join(ROOT, 'examples/react'), download: 'about 110 MB' },
  { folder: join(ROOT, 'tests/clients'), download: 'about 45 MB' },
];
/**
 * With what its build needs only.
 *
 * @type {Package}
 */
const CONSOLE = { folder: join(ROOT, 'console'), download: 'about 60 MB', omitsDev: true };

try {
  await setUp(process.argv[2]);
} catch (error) {
  // A folder that may not be written to, or a full disk, is the user's to mend as well.
  if (!(error instanceof SetupError) && !(error instanceof Error && 'syscall' in error)) throw error;
  say(error.message);
  process.exitCode = 1;
}

/** @param {string | undefined} mode */
async function setUp(mode) {
  if (mode !== undefined && mode !== 'start' && mode !== 'test' && mode !== 'console') {
    throw new SetupError(`the mode must be start, test, console or none, got ${mode}`);
  }
  checkMachine();
  const namesBroker = process.env.NATS_URL || process.env.NATS_URL_FILE;
  const needsServer = mode === 'test' || (mode === 'start' && !namesBroker);
  const server = needsServer ? findServer(CACHE) : undefined;
  const packages = mode === 'test' ? [TIDINGS, ...CLIENTS] : [TIDINGS];
  const isConsoleReady = mode === undefined || isConsoleBuilt(CONSOLE.folder);
  if (packages.every(isInstalled) && isConsoleReady && (server !== undefined || !needsServer)) {
    if (server !== undefined) remember(server);
    return;
  }
  const release = await waitForLock();
  try {
    // The process that had the lock before may have done the work already.
    for (const each of packages) if (!isInstalled(each)) installDependencies(each);
    if (needsServer) {
      const advice = mode === 'start' ? ', or set NATS_URL to a broker that runs already' : '';
      remember(server ?? findServer(CACHE) ?? (await fetchServer(CACHE, advice)));
    }
    if (mode !== undefined) makeConsole(mode);
  } finally {
    release();
  }
}

/** @param {string} mode */
function makeConsole(mode) {
  if (isConsoleBuilt(CONSOLE.folder)) return;
  try {
    if (!isInstalled(CONSOLE)) installDependencies(CONSOLE);
    buildConsole(CONSOLE.folder, nodeHere());
  } catch (error) {
    if (mode !== 'start' || !(error instanceof SetupError)) throw error;
    say(`${error.message}. Tidings starts without it; \`npm run console\` tries again`);
  }
}

/** The Node that comes with Tidings, or this one. */
function nodeHere() {
  const pinned = join(MODULES, '.bin/node');
  return existsSync(pinned) ? pinned : process.execPath;
}

function checkMachine() {
  if (major(process.versions.node) < 20) {
    throw new SetupError(`Node.js 20 or newer is needed, this is ${process.versions.node}`);
  }
  if (process.platform !== 'linux' && process.platform !== 'darwin') {
    throw new SetupError('Tidings runs on Linux and macOS; on Windows, run it inside WSL 2');
  }
}

/** @returns {Promise<() => void>} lets the lock go */
async function waitForLock() {
  for (let attempt = 0; ; attempt++) {
    const lock = takeLock(join(CACHE, 'setup.lock'));
    if (lock.taken) return lock.release;
    if (attempt === 0) say(`waiting for another set-up of this checkout (pid ${lock.heldBy.pid})`);
    await delay(100);
  }
}

/**
 * What an installation is made from: where it differs from what is wanted now, `npm ci` runs again.
 *
 * @param {Package} each
 */
function wantedStamp({ folder, omitsDev }) {
  const lockFile = createHash('sha256')
    .update(readFileSync(join(folder, 'package-lock.json')))
    .digest('hex');
  const platform = `${process.platform}-${process.arch}`;
  if (folder !== ROOT) return { lockFile, platform, ...(omitsDev && { omits: 'dev' }) };
  const before = readJson(stampOf(folder)).onnxruntime ?? 'skip';
  return { lockFile, platform, onnxruntime: process.env.ONNXRUNTIME_NODE_INSTALL ?? String(before) };
}

/** @param {string} folder */
function stampOf(folder) {
  return join(folder, 'node_modules/.setup.json');
}

/** @param {Package} each */
function isInstalled(each) {
  const found = JSON.stringify(readJson(stampOf(each.folder)));
  // All packages are more than enough.
  const stamps = each.omitsDev ? [each, { ...each, omitsDev: false }] : [each];
  return stamps.some((stamp) => found === JSON.stringify(wantedStamp(stamp)));
}

/** @param {Package} each */
function installDependencies(each) {
  const { folder, download } = each;
  const stamp = wantedStamp(each);
  const whose = folder === ROOT ? '' : ` of ${relative(ROOT, folder)}`;
  say(`installing the dependencies${whose} with npm ci (the first time ${download})`);
  const startedAt = Date.now();
  const [command, ...npm] = npmCommand();
  const dev = each.omitsDev ? '--omit=dev' : '--include=dev';
  const options = [dev, '--include=optional', '--engine-strict=false', '--loglevel=error'];
  const { status, error } = spawnSync(command, [...npm, 'ci', ...options], {
    cwd: folder,
    env: { ...process.env, PATH: pathOutside(), ONNXRUNTIME_NODE_INSTALL: stamp.onnxruntime ?? 'skip' },
    stdio: ['ignore', 2, 'inherit'],
  });
  if (error !== undefined) throw new SetupError(`npm could not be started: ${error.message}`);
  if (status !== 0) {
    throw new SetupError(
      `npm ci failed with status ${status}, its own message is above. Is the network reachable, is the disk full?`,
    );
  }
  if (folder === ROOT) checkNode();
  writeFileSync(stampOf(folder), JSON.stringify(stamp));
  say(`dependencies${whose} installed in ${((Date.now() - startedAt) / 1000).toFixed(0)} s`);
}

/**
 * The npm that runs us, under the Node that runs it: after the first set-up, `node` on the PATH is the pinned one,
 * which `npm ci` deletes while it works.
 *
 * @returns {[string, ...string[]]}
 */
function npmCommand() {
  const { npm_execpath: npm, npm_node_execpath: node } = process.env;
  if (!npm?.endsWith('npm-cli.js') || !node || node.startsWith(MODULES)) return ['npm'];
  return [node, npm];
}

/** The PATH without the programs of this checkout. */
function pathOutside() {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return folders.filter((folder) => !folder.startsWith(MODULES)).join(delimiter);
}

/** The pinned Node has to run here; where there is none for the platform, the machine's own has to do. */
function checkNode() {
  const pinned = join(MODULES, '.bin/node');
  if (!existsSync(pinned)) {
    if (major(process.versions.node) >= 24) return;
    throw new SetupError(
      `no Node.js comes with Tidings for ${process.platform}-${process.arch}: install Node.js 24 or newer yourself`,
    );
  }
  const { status, error } = spawnSync(pinned, ['--version']);
  if (status !== 0) {
    throw new SetupError(
      `the Node.js that comes with Tidings does not run here (${error?.message ?? `status ${status}`}): ` +
        'it needs macOS or a Linux with glibc, such as Debian, Ubuntu or Fedora',
    );
  }
}

/** @param {string} server */
function remember(server) {
  const file = join(CACHE, 'setup.json');
  if (readJson(file).natsServer === server) return;
  mkdirSync(CACHE, { recursive: true });
  writeFileSync(`${file}.${process.pid}`, `${JSON.stringify({ natsServer: server })}\n`);
  renameSync(`${file}.${process.pid}`, file);
}

/**
 * @param {string} file
 * @returns {Record<string, unknown>} empty if it is absent or no JSON: then the work is done anew
 */
function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return {};
  }
}

/** @param {string} version */
function major(version) {
  return Number.parseInt(version, 10);
}

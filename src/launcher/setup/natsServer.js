// @ts-check
/**
 * Finds nats-server on this machine, or brings it into the project's cache: from the official release of the version
 * pinned below, else from the archive of Debian or Ubuntu, of which the package is pinned too.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, join } from 'node:path';
import { SetupError, say } from './report.js';

const LEAST_VERSION = '2.12.0';
const RELEASES = 'https://github.com/nats-io/nats-server/releases/download';
const PINNED_VERSION = '2.15.0';

/**
 * The archives of the pinned version by platform as Node names it, with the digests of the release's SHA256SUMS.
 *
 * @type {Readonly<Record<string, { platform: string, sha256: string }>>}
 */
const PINNED_ARCHIVES = {
  'linux-x64': {
    platform: 'linux-amd64',
    sha256: '5d2c51caca950333aba84911df7d377f826f3a59ec36061c6539105084f65c92',
  },
  'linux-arm64': {
    platform: 'linux-arm64',
    sha256: 'cdc208f5a3f42963a52b6ab06ef65626bb870315dc936e26ba571780c6351112',
  },
  'darwin-x64': {
    platform: 'darwin-amd64',
    sha256: '5bd8b59ca5bf93fab3da2c5843cf564cd6e2e291e22ae3b861746e7ebe259b95',
  },
  'darwin-arm64': {
    platform: 'darwin-arm64',
    sha256: 'e1c4e22d70bd44abfa0bcb3c16f7cf0c66f648c2e728c58924e8a1ce88913cc8',
  },
};

/**
 * Looks on the PATH, then in the cache, there for the newest.
 *
 * @param {string} cache
 * @returns {string | undefined} the path of one that is new enough
 */
export function findServer(cache) {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  const onPath = folders.map((folder) => join(folder, 'nats-server')).find(existsSync);
  if (onPath !== undefined) {
    const version = versionOf(onPath);
    if (version !== undefined && compareVersions(version, LEAST_VERSION) >= 0) return onPath;
    say(`${onPath} ${version ? `is version ${version}, too old` : 'does not run'}: looking further`);
  }
  const kept = existsSync(join(cache, 'nats-server')) ? readdirSync(join(cache, 'nats-server')) : [];
  return kept
    .filter((version) => compareVersions(version, LEAST_VERSION) >= 0)
    .toSorted(compareVersions)
    .toReversed()
    .map((version) => join(cache, 'nats-server', version, 'nats-server'))
    .find((binary) => versionOf(binary) !== undefined);
}

/**
 * Brings nats-server into the cache.
 *
 * @param {string} cache
 * @param {string} advice what else the user can do if it fails
 * @returns {Promise<string>} its path
 * @throws {SetupError} if no way leads there
 */
export async function fetchServer(cache, advice) {
  const baseUrl = process.env.NATS_SERVER_RELEASES || RELEASES;
  try {
    return await fetchPinnedRelease(cache, baseUrl);
  } catch (error) {
    const source = baseUrl === RELEASES ? 'GitHub' : baseUrl;
    say(`could not download it from ${source} (${reasonOf(error)}); trying the archive of Debian or Ubuntu`);
  }
  try {
    return await fetchFromArchive(cache);
  } catch (error) {
    say(`could not get it from such an archive (${reasonOf(error)})`);
  }
  const brew = process.platform === 'darwin' ? ', for example with `brew install nats-server`' : '';
  throw new SetupError(
    `nats-server ${LEAST_VERSION} or newer is needed. Install it so that it is on the PATH${brew}${advice}`,
  );
}

/**
 * @param {string} cache
 * @param {string} baseUrl
 */
async function fetchPinnedRelease(cache, baseUrl) {
  const pinned = PINNED_ARCHIVES[`${process.platform}-${process.arch}`];
  if (pinned === undefined) throw new Error(`no release is pinned for ${process.platform}-${process.arch}`);
  return fetchRelease({ version: PINNED_VERSION, ...pinned, baseUrl, cache });
}

/**
 * Downloads an official release, checks it and puts it into the cache.
 *
 * @param {object} options
 * @param {string} options.version
 * @param {string} options.platform as in the archive's name
 * @param {string} options.sha256 of the archive, in hex
 * @param {string} options.baseUrl
 * @param {string} options.cache
 * @param {number} [options.silenceMs] gives the download up after so long without a byte. Behind many a firewall
 *   that is what happens, and the next way should not wait for it.
 * @returns {Promise<string>} the path of the binary
 */
export async function fetchRelease({ version, platform, sha256, baseUrl, cache, silenceMs = 5_000 }) {
  const name = `nats-server-v${version}-${platform}`;
  const url = `${baseUrl}/v${version}/${name}.tar.gz`;
  say(`downloading ${url}`);
  const archive = await download(url, silenceMs);
  const actual = createHash('sha256').update(archive).digest('hex');
  if (actual !== sha256) throw new Error(`what came has the SHA-256 ${actual}, pinned is ${sha256}`);
  return inTemporaryFolder(cache, (folder) => {
    writeFileSync(join(folder, 'release.tar.gz'), archive);
    run('tar', ['-xzf', 'release.tar.gz'], folder);
    return keep(join(folder, name, 'nats-server'), cache);
  });
}

/**
 * @param {string} url
 * @param {number} silenceMs
 */
async function download(url, silenceMs) {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(new Error(`nothing came for ${silenceMs} ms`)), silenceMs);
  try {
    const response = await fetch(url, { signal: abort.signal });
    if (!response.ok || response.body === null) throw new Error(`the answer was ${response.status}`);
    const chunks = [];
    for await (const chunk of response.body) {
      timer.refresh();
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Where each distribution keeps a new nats-server. Stable suites are years behind, and the binary needs nothing but
 * glibc.
 *
 * @type {Readonly<Record<string, { suites: readonly string[], component: string }>>}
 */
const ARCHIVES = {
  debian: { suites: ['sid', 'testing'], component: 'main' },
  ubuntu: { suites: ['devel'], component: 'universe' },
};

/**
 * The packages that were looked at, by archive, version and architecture, with the digests of the archive's own lists.
 * Ubuntu's development archive keeps none for long.
 *
 * @type {Readonly<Record<string, { version: string, sha256: Readonly<Record<string, string>> }>>}
 */
const PINNED_PACKAGES = {
  debian: {
    version: '2.15.1-1',
    sha256: {
      amd64: '31ef4ceaa84e8248d449e508472e3770c17c3695cb5cb0ee96e03912724ea884',
      arm64: '68923b614b6b5594bbd63ffdce7258c2155ec448fb4cb7efd099bf9273eca128',
    },
  },
};

/**
 * Takes nats-server from the distribution's archive without installing it: lists, cache and settings of apt lie in
 * a folder of ours, so no root is needed and the machine stays as it is. The mirror and the way to it are the
 * machine's own; apt checks the signatures against the distribution's keyring.
 *
 * @param {string} cache
 */
async function fetchFromArchive(cache) {
  const { ID: id = '', VERSION_CODENAME: codename } = readOsRelease();
  const archive = ARCHIVES[id];
  if (archive === undefined) throw new Error('this system is neither Debian nor Ubuntu');
  const keyring = ['gpg', 'pgp']
    .map((ending) => `/usr/share/keyrings/${id}-archive-keyring.${ending}`)
    .find(existsSync);
  if (keyring === undefined) throw new Error(`the keyring of the ${id} archive is not installed`);
  const sources = run('apt-get', ['update', '--print-uris']).matchAll(/'(.+)\/dists\/([^/]+)\/InRelease'/g);
  const mirror = [...sources].find(([, , suite]) => suite === codename)?.[1];
  if (mirror === undefined) throw new Error(`apt has no source for ${id} ${codename}`);
  const architecture = run('dpkg', ['--print-architecture']).trim();
  const pinned = pinnedPackage(id, architecture);

  const failures = [];
  for (const suite of archive.suites) {
    say(`getting nats-server from the ${id} archive, ${mirror} ${suite}`);
    try {
      return inTemporaryFolder(cache, (folder) => {
        for (const needed of ['lists/partial', 'cache/archives/partial']) {
          mkdirSync(join(folder, needed), { recursive: true });
        }
        const options = `[arch=${architecture} signed-by=${keyring}]`;
        writeFileSync(
          join(folder, 'sources.list'),
          `deb ${options} ${mirror} ${suite} ${archive.component}\n`,
        );
        writeFileSync(join(folder, 'apt.conf'), aptSettings(folder));
        run('apt-get', ['-c', 'apt.conf', 'update'], folder);
        const file = downloadPackage(folder, pinned);
        run('dpkg-deb', ['-x', file, 'unpacked'], folder);
        return keep(join(folder, 'unpacked/usr/sbin/nats-server'), cache);
      });
    } catch (error) {
      failures.push(`${suite}: ${reasonOf(error)}`);
    }
  }
  throw new Error(failures.join('; '));
}

/**
 * @param {string} id of the distribution
 * @param {string} architecture
 */
function pinnedPackage(id, architecture) {
  const { version, sha256 } = PINNED_PACKAGES[id] ?? {};
  const digest = sha256?.[architecture];
  return version === undefined || digest === undefined ? undefined : { version, sha256: digest };
}

/**
 * Downloads the pinned package. An archive keeps no version for ever: where it has only others, its newest is taken,
 * which its signature vouches for, and the user is told.
 *
 * @param {string} folder with apt's settings and lists
 * @param {{ version: string, sha256: string } | undefined} pinned undefined if none is for this machine
 * @returns {string} the name of the file in the folder
 * @throws {Error} if the archive has the pinned version with other bytes
 */
export function downloadPackage(folder, pinned) {
  const offered = run('apt-cache', ['-c', 'apt.conf', 'madison', 'nats-server'], folder)
    .split('\n')
    .flatMap((line) => line.split('|')[1]?.trim() ?? []);
  const isPinned = pinned !== undefined && offered.includes(pinned.version);
  if (!isPinned) {
    const why = pinned
      ? `it has no ${pinned.version} any more, which is pinned`
      : 'none of its packages is pinned';
    say(`${why}: taking ${offered[0] ?? 'what it has'}, for which only the archive's signature vouches`);
  }
  const wanted = isPinned ? `nats-server=${pinned.version}` : 'nats-server';
  run('apt-get', ['-c', 'apt.conf', 'download', wanted], folder);
  const [file = ''] = readdirSync(folder).filter((name) => name.endsWith('.deb'));
  if (!isPinned) return file;
  const actual = createHash('sha256')
    .update(readFileSync(join(folder, file)))
    .digest('hex');
  if (actual === pinned.sha256) return file;
  throw new Error(
    `the package ${pinned.version} that came has the SHA-256 ${actual}, pinned is ${pinned.sha256}`,
  );
}

/** @returns {Record<string, string | undefined>} */
function readOsRelease() {
  const text = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '';
  return Object.fromEntries(text.split('\n').map((line) => line.replaceAll('"', '').split('=')));
}

/** @param {string} folder */
export function aptSettings(folder) {
  const settings = {
    'Dir::Etc::sourcelist': join(folder, 'sources.list'),
    'Dir::Etc::sourceparts': '/dev/null',
    'Dir::Etc::preferences': '/dev/null',
    'Dir::Etc::preferencesparts': '/dev/null',
    'Dir::State::lists': join(folder, 'lists'),
    'Dir::Cache': join(folder, 'cache'),
    'APT::Default-Release': '',
    'APT::Get::AllowUnauthenticated': 'false',
    'APT::Sandbox::User': '', // apt's own user may not enter this folder
    'Acquire::AllowInsecureRepositories': 'false',
    'Acquire::Languages': 'none',
    'Acquire::Retries': '1',
    'Acquire::http::Timeout': '10',
    'Acquire::https::Timeout': '10',
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} "${value}";`);
  // What this machine does after updates of its own is not for this one.
  return [...lines, '#clear APT::Update::Post-Invoke;', '#clear APT::Update::Post-Invoke-Success;', ''].join(
    '\n',
  );
}

/**
 * Moves a binary into the cache, if it is of use.
 *
 * @param {string} binary
 * @param {string} cache
 */
function keep(binary, cache) {
  const version = versionOf(binary);
  if (version === undefined) throw new Error('what came does not run on this machine');
  if (compareVersions(version, LEAST_VERSION) < 0) throw new Error(`it has only version ${version}`);
  const folder = join(cache, 'nats-server', version);
  mkdirSync(folder, { recursive: true });
  // A copy beside its place, then a rename: whoever finds a binary in the cache finds a whole one.
  copyFileSync(binary, join(folder, 'new'));
  renameSync(join(folder, 'new'), join(folder, 'nats-server'));
  say(`nats-server ${version} is ready`);
  return join(folder, 'nats-server');
}

/**
 * @param {string} binary
 * @returns {string | undefined} undefined if it does not run
 */
function versionOf(binary) {
  const { stdout } = spawnSync(binary, ['--version'], { encoding: 'utf8', timeout: 10_000 });
  return /v(\d+\.\d+\.\d+)/.exec(stdout ?? '')?.[1];
}

/**
 * @param {string} a
 * @param {string} b
 */
function compareVersions(a, b) {
  return a.localeCompare(b, 'en', { numeric: true });
}

/**
 * @param {string} parent
 * @param {(folder: string) => string} work
 */
function inTemporaryFolder(parent, work) {
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(join(parent, 'new-'));
  try {
    return work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {string} [cwd]
 * @returns {string} what it printed
 */
function run(command, args, cwd) {
  const env = { ...process.env, LC_ALL: 'C' };
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8', env });
  if (error !== undefined) throw new Error(`${command} could not be started: ${error.message}`);
  if (status !== 0) throw new Error(`${command} failed: ${stderr.trim().split('\n').at(-1)}`);
  return stdout;
}

/** @param {unknown} error */
function reasonOf(error) {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}

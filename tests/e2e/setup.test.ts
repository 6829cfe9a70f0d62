import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmod, cp, mkdir, mkdtempDisposable, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { aptSettings, downloadPackage, fetchRelease } from '../../src/launcher/setup/natsServer.js';
import { takeLock } from '../../src/process/processLock.js';

const ROOT = join(import.meta.dirname, '../..');

describe('the official release of nats-server', () => {
  const release = { version: '2.15.0', platform: 'linux-amd64' };
  const path = '/v2.15.0/nats-server-v2.15.0-linux-amd64.tar.gz';

  test('goes to the cache if its SHA-256 is the pinned one', async () => {
    await using folder = await temporaryFolder();
    const archive = await packRelease(folder.path, 'nats-server-v2.15.0-linux-amd64');
    await using server = await serve((request, response) => {
      if (request.url === path) response.end(archive);
      else response.writeHead(404).end();
    });
    const cache = join(folder.path, 'cache');
    const binary = await fetchRelease({ ...release, sha256: sha256(archive), baseUrl: server.url, cache });
    expect(binary).toBe(join(cache, 'nats-server/2.15.0/nats-server'));
    expect(execFileSync(binary, ['--version'], { encoding: 'utf8' })).toContain('v2.15.0');
    expect(await readdir(cache)).toEqual(['nats-server']);
  });

  test('is refused with both digests if its SHA-256 is another', async () => {
    await using folder = await temporaryFolder();
    await using server = await serve((_request, response) => response.end('something else'));
    const sha256Pinned = sha256('the real one');
    await expect(
      fetchRelease({ ...release, sha256: sha256Pinned, baseUrl: server.url, cache: folder.path }),
    ).rejects.toThrow(`what came has the SHA-256 ${sha256('something else')}, pinned is ${sha256Pinned}`);
    expect(await readdir(folder.path)).toEqual([]);
  });

  test.for<[string, RequestListener]>([
    ['before the answer', () => {}],
    ['in the middle of the file', (_request, response) => response.writeHead(200).write('the beginning')],
  ])('is given up after a silence %s', async ([, listener]) => {
    await using folder = await temporaryFolder();
    await using server = await serve(listener);
    await expect(
      fetchRelease({ ...release, sha256: '', baseUrl: server.url, cache: folder.path, silenceMs: 100 }),
    ).rejects.toThrow('nothing came for 100 ms');
  });

  test('is given up if the server has none', async () => {
    await using folder = await temporaryFolder();
    await using server = await serve((_request, response) => response.writeHead(404).end());
    await expect(
      fetchRelease({ ...release, sha256: '', baseUrl: server.url, cache: folder.path }),
    ).rejects.toThrow('the answer was 404');
  });
});

describe.skipIf(!hasApt())('the package of nats-server from the archive', () => {
  test('is the pinned one, if its SHA-256 is', async () => {
    await using archive = await openArchive(['2.15.1-1', '2.16.0-1']);
    const pinned = { version: '2.15.1-1', sha256: await archive.digestOf('2.15.1-1') };
    expect(downloadPackage(archive.path, pinned)).toBe('nats-server_2.15.1-1_all.deb');
  });

  test('is refused with both digests if the pinned version has other bytes', async () => {
    await using archive = await openArchive(['2.15.1-1']);
    const pinned = { version: '2.15.1-1', sha256: sha256('the one that was looked at') };
    expect(() => downloadPackage(archive.path, pinned)).toThrow(
      `has the SHA-256 ${await archive.digestOf('2.15.1-1')}, pinned is ${pinned.sha256}`,
    );
  });

  test.each([
    ['the pinned one is there no more', { version: '2.15.1-1', sha256: sha256('gone') }],
    ['none is pinned for this machine', undefined],
  ])('is the newest where %s', async (_why, pinned) => {
    await using archive = await openArchive(['2.15.9-1', '2.16.0-1']);
    expect(downloadPackage(archive.path, pinned)).toBe('nats-server_2.16.0-1_all.deb');
  });
});

describe('the search for nats-server', () => {
  test('takes the one on the PATH before the one in the cache', async () => {
    await using project = await createProject();
    await project.addServer('2.12.3', 'bin');
    await project.addServer('2.15.1', '.cache/nats-server/2.15.1');
    expect(await project.setUp('test')).toMatchObject({ code: 0 });
    expect(await project.natsServer()).toBe(join(project.path, 'bin/nats-server'));
  });

  test('passes over one on the PATH that is too old, and takes the newest of the cache', async () => {
    await using project = await createProject();
    await project.addServer('2.9.10', 'bin');
    for (const version of ['2.9.25', '2.12.10', '2.12.9']) {
      await project.addServer(version, `.cache/nats-server/${version}`);
    }
    const { code, output } = await project.setUp('test');
    expect(code).toBe(0);
    expect(output).toContain('bin/nats-server is version 2.9.10, too old');
    expect(await project.natsServer()).toBe(join(project.path, '.cache/nats-server/2.12.10/nats-server'));
  });

  test('is left out by `start` when NATS_URL names a broker, but not by `test`', async () => {
    await using project = await createProject();
    await using server = await serve((_request, response) => response.writeHead(404).end());
    const env = { NATS_URL: 'nats://127.0.0.1:4222', NATS_SERVER_RELEASES: server.url };
    expect(await project.setUp('start', env)).toMatchObject({ code: 0 });
    expect(await project.setUp('test', env)).toMatchObject({ code: 1 });
  });

  test('says what it tried and what the user can do when nothing works', async () => {
    await using project = await createProject();
    await using server = await serve((_request, response) => response.end('something else'));
    const { code, output } = await project.setUp('start', { NATS_SERVER_RELEASES: server.url });
    expect(code).toBe(1);
    expect(output).toMatch(
      /setup: downloading http:.*\nsetup: not to be had there \(what came has the SHA-256/,
    );
    expect(output).toMatch(/nats-server 2\.12\.0 or newer is needed\. Install it so that it is on the PATH/);
    expect(output).toMatch(/or set NATS_URL to a broker that runs already\n$/);
  });
});

describe('set-up', () => {
  test('installs the dependencies once, and then only after the lock file changed', async () => {
    await using project = await createProject();
    expect((await project.setUp()).output).toMatch(
      /installing the dependencies(.|\n)*dependencies installed/,
    );
    expect(await project.setUp()).toEqual({ code: 0, output: '' });
    await writeFile(join(project.path, 'package-lock.json'), `${LOCK_FILE}\n`);
    expect((await project.setUp()).output).toContain('dependencies installed');
  });

  test('remembers that the CUDA provider was asked for', async () => {
    await using project = await createProject();
    await project.setUp();
    const asked = await project.setUp(undefined, { ONNXRUNTIME_NODE_INSTALL: 'true' });
    expect(asked.output).toContain('dependencies installed');
    expect(await project.setUp()).toEqual({ code: 0, output: '' });
  });

  test('run twice at once installs once', async () => {
    await using project = await createProject();
    const results = await Promise.all([project.setUp(), project.setUp()]);
    expect(results.map(({ code }) => code)).toEqual([0, 0]);
    expect(results.filter(({ output }) => output.includes('installing the dependencies'))).toHaveLength(1);
    expect(await readdir(join(project.path, '.cache'))).toEqual([]);
  });

  test('waits for one that is at work, and says for which', async () => {
    await using project = await createProject();
    const lock = takeLock(join(project.path, '.cache/setup.lock'));
    const { code, output } = await project.setUp(undefined, {}, () => lock.taken && lock.release());
    expect(code).toBe(0);
    expect(output).toContain(`waiting for another set-up of this checkout (pid ${process.pid})`);
  });

  test('takes over the lock of a set-up that was killed', async () => {
    await using project = await createProject();
    // This pid lives, but what runs under it is not the set-up that took the lock.
    const dead = { pid: process.pid, command: 'node setup.js', note: '' };
    await mkdir(join(project.path, '.cache'));
    await writeFile(join(project.path, '.cache/setup.lock'), JSON.stringify(dead));
    expect(await project.setUp()).toMatchObject({ code: 0 });
  });

  test('says so when npm fails, and tries again the next time', async () => {
    await using project = await createProject();
    await writeFile(join(project.path, 'package-lock.json'), '{}');
    const { code, output } = await project.setUp();
    expect(code).toBe(1);
    expect(output).toMatch(/npm ci failed with status \d+/);
    await writeFile(join(project.path, 'package-lock.json'), LOCK_FILE);
    expect(await project.setUp()).toMatchObject({ code: 0 });
  });

  test('refuses a mode that it does not know', async () => {
    await using project = await createProject();
    expect(await project.setUp('tset')).toEqual({
      code: 1,
      output: 'setup: the mode must be start, test or none, got tset\n',
    });
  });
});

const PACKAGE = { name: 'project', version: '1.0.0', dependencies: { tiny: 'file:tiny' } };
const LOCK_FILE = JSON.stringify({
  ...PACKAGE,
  lockfileVersion: 3,
  packages: {
    '': PACKAGE,
    'node_modules/tiny': { resolved: 'tiny', link: true },
    tiny: { version: '1.0.0' },
  },
});

/**
 * A project with our set-up and one dependency that lies inside it, so that the real npm installs it in no time. Its
 * PATH has node, npm and what the test adds, and so no apt.
 */
async function createProject() {
  const folder = await temporaryFolder();
  const path = folder.path;
  await cp(join(ROOT, 'setup.js'), join(path, 'setup.js'));
  await cp(join(ROOT, 'src/launcher/setup'), join(path, 'src/launcher/setup'), { recursive: true });
  await cp(join(ROOT, 'src/process/processLock.js'), join(path, 'src/process/processLock.js'));
  await writeFile(join(path, 'package.json'), JSON.stringify({ ...PACKAGE, type: 'module' }));
  await writeFile(join(path, 'package-lock.json'), LOCK_FILE);
  await mkdir(join(path, 'tiny'));
  await writeFile(join(path, 'tiny/package.json'), JSON.stringify({ name: 'tiny', version: '1.0.0' }));
  await mkdir(join(path, 'bin'));
  await symlink(process.execPath, join(path, 'bin/node'));
  await symlink(findNpm(), join(path, 'bin/npm'));

  return {
    path,
    async setUp(mode?: string, env: Record<string, string> = {}, onOutput = () => {}) {
      const child = spawn(process.execPath, ['setup.js', ...(mode === undefined ? [] : [mode])], {
        cwd: path,
        env: { PATH: join(path, 'bin'), HOME: path, ...env },
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      let output = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        onOutput();
      });
      const [code] = await once(child, 'close');
      return { code, output };
    },
    async natsServer() {
      return JSON.parse(await readFile(join(path, '.cache/setup.json'), 'utf8')).natsServer;
    },
    addServer: (version: string, place: string) => addServer(join(path, place), version),
    [Symbol.asyncDispose]: () => folder.remove(),
  };
}

/** A program that says it is this version of nats-server. */
async function addServer(folder: string, version: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const file = join(folder, 'nats-server');
  await writeFile(file, `#!/bin/sh\necho 'nats-server: v${version}'\n`);
  await chmod(file, 0o755);
}

function hasApt(): boolean {
  return ['apt-get', 'apt-cache', 'dpkg-deb'].every(
    (name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).error === undefined,
  );
}

/** A real archive of packages that say they are these versions, as apt's settings in `path` name it. */
async function openArchive(versions: readonly string[]) {
  const folder = await temporaryFolder();
  const { path } = folder;
  const pool = join(path, 'pool');
  const fileOf = (version: string) => join(pool, `nats-server_${version}_all.deb`);
  const index: string[] = [];
  for (const version of versions) {
    const control = `Package: nats-server\nVersion: ${version}\nArchitecture: all\nMaintainer: nobody <nobody@example.com>\nDescription: a test\n`;
    const tree = join(path, 'trees', version);
    await mkdir(join(tree, 'DEBIAN'), { recursive: true });
    await mkdir(pool, { recursive: true });
    await writeFile(join(tree, 'DEBIAN/control'), control);
    execFileSync('dpkg-deb', ['--build', '--root-owner-group', tree, fileOf(version)], { stdio: 'ignore' });
    const bytes = await readFile(fileOf(version));
    index.push(
      `${control}Filename: ./nats-server_${version}_all.deb\nSize: ${bytes.length}\nSHA256: ${sha256(bytes)}\n`,
    );
  }
  await writeFile(join(pool, 'Packages'), index.join('\n'));
  for (const needed of ['lists/partial', 'cache/archives/partial'])
    await mkdir(join(path, needed), { recursive: true });
  await writeFile(join(path, 'sources.list'), `deb [trusted=yes] file:${pool} ./\n`);
  await writeFile(join(path, 'apt.conf'), aptSettings(path));
  execFileSync('apt-get', ['-c', 'apt.conf', 'update'], { cwd: path, stdio: 'ignore' });
  return {
    path,
    digestOf: async (version: string) => sha256(await readFile(fileOf(version))),
    [Symbol.asyncDispose]: () => folder.remove(),
  };
}

async function packRelease(folder: string, name: string): Promise<Buffer> {
  await addServer(join(folder, name), '2.15.0');
  return execFileSync('tar', ['-cz', name], { cwd: folder });
}

function findNpm(): string {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return execFileSync('/bin/sh', ['-c', 'command -v npm'], {
    encoding: 'utf8',
    env: { PATH: folders.filter((folder) => !folder.includes('node_modules')).join(delimiter) },
  }).trim();
}

async function serve(listener: RequestListener) {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await server[Symbol.asyncDispose]();
    },
  };
}

function temporaryFolder() {
  return mkdtempDisposable(join(tmpdir(), 'tidings-setup-'));
}

function sha256(bytes: Buffer | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

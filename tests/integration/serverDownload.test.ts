/** How set-up gets nats-server: from its official release, or from the package archive of the machine. */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtempDisposable, readdir, readFile, writeFile } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { aptSettings, downloadPackage, fetchRelease } from '../../src/launcher/setup/natsServer.js';
import { addServer, serve } from '../support/serverSources.ts';

describe('the official release of nats-server', () => {
  const release = { version: '2.15.0', platform: 'linux-amd64' };
  const path = '/v2.15.0/nats-server-v2.15.0-linux-amd64.tar.gz';

  test('is stored in the cache if its SHA-256 is the pinned one', async () => {
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

  test('is refused if its SHA-256 is not the pinned one, and the error has both', async () => {
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
  ])('fails after a silence %s', async ([, listener]) => {
    await using folder = await temporaryFolder();
    await using server = await serve(listener);
    await expect(
      fetchRelease({ ...release, sha256: '', baseUrl: server.url, cache: folder.path, silenceMs: 100 }),
    ).rejects.toThrow('nothing came for 100 ms');
  });

  test('fails if the server does not have it', async () => {
    await using folder = await temporaryFolder();
    await using server = await serve((_request, response) => response.writeHead(404).end());
    await expect(
      fetchRelease({ ...release, sha256: '', baseUrl: server.url, cache: folder.path }),
    ).rejects.toThrow('the answer was 404');
  });
});

describe.skipIf(!hasApt())('the package of nats-server from the archive', () => {
  test('is the pinned version if its SHA-256 matches', async () => {
    await using archive = await openArchive(['2.15.1-1', '2.16.0-1']);
    const pinned = { version: '2.15.1-1', sha256: await archive.digestOf('2.15.1-1') };
    expect(downloadPackage(archive.path, pinned)).toBe('nats-server_2.15.1-1_all.deb');
  });

  test('is refused if its SHA-256 is not the pinned one, and the error has both', async () => {
    await using archive = await openArchive(['2.15.1-1']);
    const pinned = { version: '2.15.1-1', sha256: sha256('the one that was looked at') };
    expect(() => downloadPackage(archive.path, pinned)).toThrow(
      `has the SHA-256 ${await archive.digestOf('2.15.1-1')}, pinned is ${pinned.sha256}`,
    );
  });

  test.each([
    ['the pinned version is no longer there', { version: '2.15.1-1', sha256: sha256('gone') }],
    ['no version is pinned for this machine', undefined],
  ])('is the newest version where %s', async (_why, pinned) => {
    await using archive = await openArchive(['2.15.9-1', '2.16.0-1']);
    expect(downloadPackage(archive.path, pinned)).toBe('nats-server_2.16.0-1_all.deb');
  });
});

function hasApt(): boolean {
  return ['apt-get', 'apt-cache', 'dpkg-deb'].every(
    (name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).error === undefined,
  );
}

/** A real package archive with these versions. `path` is the file with apt's settings for it. */
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

function temporaryFolder() {
  return mkdtempDisposable(join(tmpdir(), 'tidings-download-'));
}

function sha256(bytes: Buffer | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** `node setup.js`, which `npm start` and `npm test` run first. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import {
  cp,
  mkdir,
  mkdtempDisposable,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually, PATIENCE_MS, tailOf, within } from '../support/eventually.ts';
import { addServer, serve } from '../support/serverSources.ts';

const ROOT = join(import.meta.dirname, '../..');

type Project = Awaited<ReturnType<typeof createProject>>;

/** A project that is set up for tests. Most tests begin with a copy of it: npm takes half a second of CPU each time. */
let whole: Project;
/** What was printed when it was set up, first as by `npm start` and then as by `npm test`. */
let printed: { readonly start: string; readonly test: string };

beforeAll(async () => {
  whole = await createProject();
  await whole.addServer('2.12.3', 'bin');
  printed = {
    start: (await whole.setUp('start')).output,
    test: (await whole.setUp('test')).output,
  };
});

afterAll(() => whole?.[Symbol.asyncDispose]());

/** Another project that is set up, without a nats-server. */
async function copyProject(): Promise<Project> {
  const project = await createProject();
  for (const folder of ['node_modules', 'examples', 'tests', 'console'])
    await cp(join(whole.path, folder), join(project.path, folder), {
      recursive: true,
      verbatimSymlinks: true,
    });
  return project;
}

describe.concurrent('the search for nats-server', () => {
  test('prefers the one on the PATH to the one in the cache', async () => {
    await using project = await copyProject();
    await project.addServer('2.12.3', 'bin');
    await project.addServer('2.15.1', '.cache/nats-server/2.15.1');
    expect(await project.setUp('start')).toMatchObject({ code: 0 });
    expect(await project.natsServer()).toBe(join(project.path, 'bin/nats-server'));
  });

  test('skips one on the PATH that is too old, and takes the newest in the cache', async () => {
    await using project = await copyProject();
    await project.addServer('2.9.10', 'bin');
    for (const version of ['2.9.25', '2.12.10', '2.12.9']) {
      await project.addServer(version, `.cache/nats-server/${version}`);
    }
    const { code, output } = await project.setUp('start');
    expect(code).toBe(0);
    expect(output).toContain('bin/nats-server is version 2.9.10, too old');
    expect(await project.natsServer()).toBe(join(project.path, '.cache/nats-server/2.12.10/nats-server'));
  });

  test('is skipped by `start` if NATS_URL is set, but not by `test`', async () => {
    await using project = await copyProject();
    await using server = await serve((_request, response) => response.writeHead(404).end());
    const env = { NATS_URL: 'nats://127.0.0.1:4222', NATS_SERVER_RELEASES: server.url };
    expect(await project.setUp('start', env)).toMatchObject({ code: 0 });
    expect(await project.setUp('test', env)).toMatchObject({ code: 1 });
  });

  test('reports the failed tries and what the user can do if nothing works', async () => {
    await using project = await copyProject();
    await using server = await serve((_request, response) => response.end('something else'));
    const { code, output } = await project.setUp('start', { NATS_SERVER_RELEASES: server.url });
    expect(code).toBe(1);
    expect(output).toMatch(
      /setup: downloading http:.*\nsetup: could not download it from http:.* \(what came has the SHA-256 .*\); trying the archive of Debian or Ubuntu\n/,
    );
    expect(output).toContain('setup: could not get it from such an archive (');
    expect(output).toMatch(/nats-server 2\.12\.0 or newer is needed\. Install it so that it is on the PATH/);
    expect(output).toMatch(/or set NATS_URL to a broker that runs already\n$/);
  });
});

describe.concurrent('set-up', () => {
  test('installs the dependencies once, and then only after the lock file changed', async () => {
    await using project = await createProject();
    expect((await project.setUp()).output).toMatch(
      /installing the dependencies(.|\n)*dependencies installed/,
    );
    expect(await project.setUp()).toEqual({ code: 0, output: '' });
    await writeFile(join(project.path, 'package-lock.json'), `${LOCK_FILE}\n`);
    expect((await project.setUp()).output).toContain('dependencies installed');
  });

  test('installs the packages of clients only for tests', async () => {
    expect(printed.start).toContain('dependencies of console installed');
    expect(printed.start).not.toContain('examples/react');
    expect(printed.test).toMatch(
      /dependencies of examples\/react installed(.|\n)*dependencies of tests\/clients installed/,
    );
    expect(await whole.setUp('test')).toEqual({ code: 0, output: '' });
  });

  test('builds the console at first and after a change of its sources, and starts without it if that fails', async () => {
    expect(printed.start).toContain('setup: console built in');
    await using project = await copyProject();
    await project.addServer('2.12.3', 'bin');
    expect(await project.setUp('start')).toEqual({ code: 0, output: '' });
    await writeFile(join(project.path, 'console/index.html'), 'broken');
    const failed = await project.setUp('start');
    expect(failed.code).toBe(0);
    expect(failed.output).toContain('Tidings starts without it; `npm run console` tries again');
    expect(await project.setUp('console')).toMatchObject({ code: 1 });
    await writeFile(join(project.path, 'console/index.html'), 'mended');
    expect((await project.setUp('console')).output).toContain('setup: console built in');
  });

  test('remembers that the CUDA provider was requested', async () => {
    await using project = await copyProject();
    const asked = await project.setUp(undefined, { ONNXRUNTIME_NODE_INSTALL: 'true' });
    expect(asked.output).toContain('dependencies installed');
    expect(await project.setUp()).toEqual({ code: 0, output: '' });
  });

  test('waits for another running set-up, prints its process id, and repeats no work', async () => {
    await using project = await createProject();
    const npm = await project.holdNpm();
    const first = project.startSetUp();
    await npm.called;
    const second = project.startSetUp();
    await second.said(`waiting for another set-up of this checkout (pid ${first.pid})`);
    await npm.goOn();
    expect((await first.ended).output).toContain('dependencies installed');
    expect(await second.ended).toMatchObject({
      code: 0,
      output: expect.not.stringContaining('installing the dependencies'),
    });
    expect(await readdir(join(project.path, '.cache'))).toEqual([]);
  });

  test('takes the lock of a set-up that was killed', async () => {
    await using project = await createProject();
    // A process with this pid runs, but it is not the set-up that took the lock.
    const dead = { pid: process.pid, command: 'node setup.js', note: '' };
    await mkdir(join(project.path, '.cache'));
    await writeFile(join(project.path, '.cache/setup.lock'), JSON.stringify(dead));
    expect(await project.setUp()).toMatchObject({ code: 0 });
  });

  test('fails with the status of npm if npm fails, and tries again the next time', async () => {
    await using project = await copyProject();
    await writeFile(join(project.path, 'package-lock.json'), '{}');
    const { code, output } = await project.setUp();
    expect(code).toBe(1);
    expect(output).toMatch(/npm ci failed with status \d+/);
    await writeFile(join(project.path, 'package-lock.json'), LOCK_FILE);
    expect(await project.setUp()).toMatchObject({ code: 0 });
  });

  test('refuses an unknown mode', async () => {
    await using project = await createProject();
    expect(await project.setUp('tset')).toEqual({
      code: 1,
      output: 'setup: the mode must be start, test, console or none, got tset\n',
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
 * A project with our set-up and one dependency inside it, so that the real npm installs it quickly. Its PATH has node,
 * npm and the programs that the test adds, and so no apt.
 */
async function createProject() {
  const folder = await mkdtempDisposable(join(tmpdir(), 'tidings-setup-'));
  const path = folder.path;
  await cp(join(ROOT, 'setup.js'), join(path, 'setup.js'));
  await cp(join(ROOT, 'src/launcher/setup'), join(path, 'src/launcher/setup'), { recursive: true });
  await cp(join(ROOT, 'src/process/processLock.js'), join(path, 'src/process/processLock.js'));
  for (const folder of ['.', 'examples/react', 'tests/clients']) await addPackage(join(path, folder));
  await addConsole(join(path, 'console'));
  await mkdir(join(path, 'bin'));
  await symlink(process.execPath, join(path, 'bin/node'));
  await symlink(findNpm(), join(path, 'bin/npm'));

  function startSetUp(mode?: string, env: Record<string, string> = {}) {
    const child = spawn(process.execPath, ['setup.js', ...(mode === undefined ? [] : [mode])], {
      cwd: path,
      env: { PATH: join(path, 'bin'), HOME: path, ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let output = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    const closed = once(child, 'close').then(([code]) => ({ code: code as number | null, output }));
    return {
      pid: child.pid,
      said: (text: string) =>
        eventually(
          () => output,
          (so) => so.includes(text),
        ),
      ended: within(PATIENCE_MS, closed, () => `set-up did not end: ${tailOf(output)}`),
    };
  }

  return {
    path,
    startSetUp,
    setUp: (mode?: string, env: Record<string, string> = {}) => startSetUp(mode, env).ended,
    /** Makes npm wait when it is called, until `goOn` is called. */
    async holdNpm() {
      const [called, goOn] = [join(path, 'called'), join(path, 'goOn')];
      const npm = join(path, 'bin/npm');
      await rm(npm);
      await writeFile(
        npm,
        `#!/bin/sh\n/bin/touch '${called}'\nuntil [ -e '${goOn}' ]; do /bin/sleep 0.05; done\nexec '${findNpm()}' "$@"\n`,
        { mode: 0o755 },
      );
      return { called: eventually(() => existsSync(called), Boolean), goOn: () => writeFile(goOn, '') };
    },
    async natsServer() {
      return JSON.parse(await readFile(join(path, '.cache/setup.json'), 'utf8')).natsServer;
    },
    addServer: (version: string, place: string) => addServer(join(path, place), version),
    [Symbol.asyncDispose]: () => folder.remove(),
  };
}

/** A package with one dependency inside it. */
async function addPackage(folder: string): Promise<void> {
  await mkdir(join(folder, 'tiny'), { recursive: true });
  await writeFile(join(folder, 'package.json'), JSON.stringify({ ...PACKAGE, type: 'module' }));
  await writeFile(join(folder, 'package-lock.json'), LOCK_FILE);
  await writeFile(join(folder, 'tiny/package.json'), JSON.stringify({ name: 'tiny', version: '1.0.0' }));
}

/** A console whose dependency takes the place of Vite: it fails if the page is broken. */
async function addConsole(folder: string): Promise<void> {
  await addPackage(folder);
  for (const file of ['package.json', 'package-lock.json', 'tiny/package.json']) {
    const text = await readFile(join(folder, file), 'utf8');
    await writeFile(join(folder, file), text.replaceAll('tiny', 'vite'));
  }
  await rename(join(folder, 'tiny'), join(folder, 'vite'));
  await mkdir(join(folder, 'vite/bin'));
  await writeFile(join(folder, 'index.html'), 'page');
  await writeFile(
    join(folder, 'vite/bin/vite.js'),
    `import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
const page = readFileSync('index.html', 'utf8');
if (page === 'broken') process.exit(1);
mkdirSync('dist', { recursive: true });
writeFileSync('dist/index.html', page);
`,
  );
  await writeFile(join(folder, 'vite/bin/package.json'), '{ "type": "module" }');
}

function findNpm(): string {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return execFileSync('/bin/sh', ['-c', 'command -v npm'], {
    encoding: 'utf8',
    env: { PATH: folders.filter((folder) => !folder.includes('node_modules')).join(delimiter) },
  }).trim();
}

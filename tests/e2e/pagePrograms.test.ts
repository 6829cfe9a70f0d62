/** The programs of docs/in-your-app.md that stand for whole pages: they go on when the gateway is killed under them. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtempDisposable, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { blockOfTest } from '../support/documents.ts';
import { eventually, PATIENCE_MS, within } from '../support/eventually.ts';
import { freePort } from '../support/freePort.ts';
import { startNats } from '../support/natsServer.ts';
import { startGateway, startWorker } from '../support/processes.ts';

const ROOT = join(import.meta.dirname, '../..');
const CLIENTS = join(ROOT, 'tests/clients');
const DOCUMENT = 'docs/in-your-app.md';

test('the pages of urql, Relay and graphql-sse follow many rows over the death of their gateway', async () => {
  const PORT = String(await freePort());
  await using nats = await startNats();
  const first = await startGateway(nats, { PORT });
  await using folder = await relayApp(`127.0.0.1:${PORT}`);
  const atGateway = (name: string) =>
    blockOfTest(DOCUMENT, name).replaceAll('127.0.0.1:4000', `127.0.0.1:${PORT}`);
  const programs = [
    runProgram(['--input-type=module', '--eval', atGateway('urql-page')], ROOT),
    runProgram(['--input-type=module', '--eval', atGateway('graphql-sse-page')], ROOT),
    runProgram(['app/page.js'], folder.path),
  ];
  // Each page shows the tasks of all: with three, its own is among them, and no request is under way.
  const shown = (text: string) => new Set(text.match(/^\S+(?= QUEUED 0 of 250 rows)/gm));
  for (const { output } of programs) await eventually(output, (text) => shown(text).size === programs.length);

  first.kill('SIGKILL');
  await first.ended;
  await using _second = await startGateway(nats, { PORT });
  await using _worker = await startWorker(nats);
  for (const { output, ended } of programs) {
    const failure = () => `a page did not end:\n${output()}`;
    expect(await within(PATIENCE_MS, ended, failure), output()).toBe(0);
    expect(output()).toContain('SUCCEEDED 250 of 250 rows');
    // Three pages of predictions.
    expect(output().match(/^\[/gm)).toHaveLength(3);
  }
});

/** A folder with the program for Relay, compiled as its configuration says. */
async function relayApp(host: string) {
  const folder = await mkdtempDisposable(join(tmpdir(), 'tidings-relay-'));
  const file = (name: string) => join(folder.path, name);
  await mkdir(file('app'));
  const page = blockOfTest(DOCUMENT, 'relay-page').replaceAll('127.0.0.1:4000', host);
  await writeFile(file('app/page.js'), page);
  await writeFile(file('relay.config.json'), blockOfTest(DOCUMENT, 'relay-config'));
  await writeFile(file('package.json'), JSON.stringify({ type: 'module' }));
  await copyFile(join(ROOT, 'schema/schema.graphql'), file('schema.graphql'));
  await symlink(join(CLIENTS, 'node_modules'), file('node_modules'));
  const compiler = runProgram(['node_modules/.bin/relay-compiler'], folder.path);
  expect(await compiler.ended, compiler.output()).toBe(0);
  await writeFile(file('app/page.js'), bundled(page));
  return folder;
}

/** The program as Node can run it. In an app, Relay's Babel plugin and the bundler do this. */
function bundled(program: string): string {
  return program
    .replace(
      /import \{([^}]*)\} from 'relay-runtime';/,
      "import relay from 'relay-runtime';\nconst {$1} = relay;",
    )
    .replaceAll(
      /graphql`\s*\w+ (\w+)[^`]*`/g,
      (_tag, name: string) => `(await import('./__generated__/${name}.graphql.js')).default`,
    );
}

function runProgram(args: readonly string[], cwd: string) {
  const child = spawn(process.execPath, args, {
    cwd,
    env: { ...process.env, NODE_ENV: 'production' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  return {
    output: () => output,
    ended: once(child, 'close').then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals),
  };
}

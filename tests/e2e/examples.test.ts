/** Runs the programs and commands of the documents unchanged, with a real gateway and worker. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtempDisposable, readFile, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { blockOfTest } from '../support/documents.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { openDirectModel } from '../support/predictDirectly.ts';
import { type Gateway, type Process, startGateway, startWorker } from '../support/processes.ts';

const ROOT = join(import.meta.dirname, '../..');
const run = promisify(execFile);

let nats: NatsServer;
let gateway: Gateway;
let worker: Process;

beforeAll(async () => {
  nats = await startNats();
  [gateway, worker] = await Promise.all([startGateway(nats), startWorker(nats)]);
});

afterAll(async () => {
  for (const started of [worker, gateway, nats]) await started?.[Symbol.asyncDispose]();
});

const example = (address: string) =>
  run(process.execPath, ['examples/apollo/main.ts', address], { cwd: ROOT });

test('the Apollo example prints each trip when the cache changes, from the mutation to the prediction', async () => {
  await using model = await openDirectModel();
  const { stdout, stderr } = await example(gateway.url);
  expect(stderr).toBe('');
  const lines = stdout.trimEnd().split('\n');
  const trips = new Set(lines.map((line) => line.split(': ')[0]));
  expect(trips.size).toBe(3);
  for (const trip of trips) {
    const [pickupLocationId = 0, dropoffLocationId = 0, tripDistanceMiles = 0] = (
      trip?.match(/[\d.]+/g) ?? []
    ).map(Number);
    const minutes = await model.predict({ pickupLocationId, dropoffLocationId, tripDistanceMiles });
    expect(lines.filter((line) => line.startsWith(`${trip}: `))).toEqual([
      `${trip}: QUEUED`,
      `${trip}: SUCCEEDED, ${minutes.toFixed(2)} minutes`,
    ]);
  }
});

test('the Apollo example ends with a message and exit code 1 if no gateway runs', async () => {
  await expect(example('http://127.0.0.1:1/graphql')).rejects.toMatchObject({
    code: 1,
    stderr: 'http://127.0.0.1:1/graphql: fetch failed; does npm start run?\n',
  });
});

test("the README's curl commands submit a trip and receive its minutes", async () => {
  const stdout = await runShell('README.md', 'curl');
  expect(stdout).toContain('"state":"QUEUED"');
  expect(stdout).toContain('"state":"SUCCEEDED"');
  const [, minutes] = /"durationMinutes":([\d.]+)/.exec(stdout) ?? [];
  expect(Number(minutes)).toBeCloseTo(7.848074721, 4);
  expect(stdout).toMatch(/event: complete/);
});

test.each([
  ['README.md', 'websocket'],
  ['README.md', 'apollo'],
  ['docs/in-your-app.md', 'graphql-ws'],
  ['docs/in-your-app.md', 'apollo'],
  ['docs/in-your-app.md', 'urql'],
  ['docs/in-your-app.md', 'graphql-sse'],
  ['docs/in-your-app.md', 'persisted'],
])('%s has a program for %s that prints the minutes of its trip', async (document, client) => {
  const program = atGateway(blockOfTest(document, client));
  const { stdout, stderr } = await run(
    process.execPath,
    ['--input-type=module-typescript', '--eval', program],
    { cwd: ROOT, env: { ...process.env, NODE_ENV: 'production' } },
  );
  expect(stderr).toBe('');
  expect(stdout).toMatch(/state: 'SUCCEEDED'/);
  expect(stdout).toMatch(/durationMinutes: 7\.848/);
});

test('the program of docs/in-your-app.md that lists tasks shows its trip until it has ended', async () => {
  const program = atGateway(blockOfTest('docs/in-your-app.md', 'task-list'));
  const arguments_ = ['--input-type=module-typescript', '--eval', program];
  const { stdout, stderr } = await run(process.execPath, arguments_, { cwd: ROOT });
  expect(stderr).toBe('');
  expect(stdout).toMatch(/state: 'SUCCEEDED'/);
  expect(stdout).toMatch(/labels: \[ 'rides of today' \]/);
});

test('the shell commands of docs/in-your-app.md wait in the mutation, and read many rows page by page', async () => {
  expect(await runShell('docs/in-your-app.md', 'waiting')).toMatch(/"SUCCEEDED".*"durationMinutes":7\.848/);
  const rows = await runShell('docs/in-your-app.md', 'many-rows');
  expect(rows).toMatch(/"rowCount":2/);
  expect(rows).toMatch(/"SUCCEEDED","batch":\{"rowsDone":2,"rowsFailed":0/);
  expect(rows).toMatch(
    /"durationMinutes":\[7\.848.*\],?.*"errors":\[\],"pageInfo":\{"endCursor":"1","hasNextPage":false/,
  );
});

test('the configuration for graphql-codegen in docs/in-your-app.md makes types from a running gateway', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'tidings-codegen-'));
  const file = (name: string) => join(folder.path, name);
  await mkdir(file('app'));
  await writeFile(
    file('app/page.ts'),
    "import { graphql } from './gql';\ngraphql(`query Names { models { name } }`);\n",
  );
  await writeFile(file('codegen.ts'), atGateway(blockOfTest('docs/in-your-app.md', 'codegen')));
  await symlink(join(ROOT, 'examples/react/node_modules'), file('node_modules'));
  await run(process.execPath, ['node_modules/.bin/graphql-codegen'], { cwd: folder.path });
  expect(await readFile(file('app/gql/graphql.ts'), 'utf8')).toContain('export type NamesQuery =');
});

test('the shell commands of docs/models.md report how long a trip took, and show the live error', async () => {
  const stdout = await runShell('docs/models.md', 'live-error');
  expect(stdout).toMatch(/"reportActual":\{"modelVersion":"1","errors":\[\{"output":"durationMinutes"/);
  expect(stdout).toMatch(/"liveError":\[\{"output":"durationMinutes","unit":"minutes","count":1,/);
});

async function runShell(document: string, test: string): Promise<string> {
  const { stdout } = await run('sh', ['-c', atGateway(blockOfTest(document, test))]);
  return stdout;
}

/** Replaces the address of `npm start` in the text of a document. */
function atGateway(text: string): string {
  return text.replaceAll('127.0.0.1:4000', new URL(gateway.url).host);
}

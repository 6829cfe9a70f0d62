/** What the documentation tells a reader to run, run as it is written against a real gateway and worker. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
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

test('the Apollo example prints each trip as the cache changes from the mutation to the prediction', async () => {
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

test('the Apollo example ends with a message and code 1 where no gateway is', async () => {
  await expect(example('http://127.0.0.1:1/graphql')).rejects.toMatchObject({
    code: 1,
    stderr: 'http://127.0.0.1:1/graphql: fetch failed; does npm start run?\n',
  });
});

test("the README's curl commands submit a trip and receive its minutes", async () => {
  const commands = await curlCommands();
  const { stdout } = await run('sh', [
    '-c',
    commands.replaceAll('http://127.0.0.1:4000', new URL(gateway.url).origin),
  ]);
  expect(stdout).toContain('"state":"QUEUED"');
  expect(stdout).toContain('"state":"SUCCEEDED"');
  const [, minutes] = /"durationMinutes":([\d.]+)/.exec(stdout) ?? [];
  expect(Number(minutes)).toBeCloseTo(7.848074721, 4);
  expect(stdout).toMatch(/event: complete/);
});

/** The shell block after the marker. */
async function curlCommands(): Promise<string> {
  const readme = await readFile(join(ROOT, 'README.md'), 'utf8');
  const [, commands] = /<!-- test: curl -->\s+```sh\n(.*?)```/s.exec(readme) ?? [];
  if (commands === undefined)
    throw new Error('README.md has a block of shell commands after <!-- test: curl -->');
  return commands;
}

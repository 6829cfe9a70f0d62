/** Runs the curl commands of the documents unchanged, with a gateway and a worker for the committed models. */
import { execFile } from 'node:child_process';
import { mkdtempDisposable, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { blocksIn, DOCUMENTS, readDocument } from '../support/documents.ts';
import { MODELS } from '../support/models.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { type Gateway, type Process, startGateway, startWorker } from '../support/processes.ts';

const ADDRESS = 'http://127.0.0.1:4000';
const OPERATOR_TOKEN = 'a-token-of-operators';
const run = promisify(execFile);

/** The commands of each page, in order: a later one may use a variable of an earlier one. */
const pages = DOCUMENTS.map((document) => ({
  document,
  commands: blocksIn(readDocument(document))
    .filter(({ language, text }) => language === 'sh' && text.includes('curl ') && text.includes(ADDRESS))
    .map(({ text }) => text),
})).filter(({ commands }) => commands.length > 0);

let nats: NatsServer;
let gateway: Gateway;
let worker: Process;

beforeAll(async () => {
  nats = await startNats();
  const models = { MODELS_DIR: MODELS };
  [gateway, worker] = await Promise.all([
    startGateway(nats, { ...models, OPERATOR_TOKEN }),
    startWorker(nats, models),
  ]);
});

afterAll(async () => {
  for (const started of [worker, gateway, nats]) await started?.[Symbol.asyncDispose]();
});

test.each(pages)('the curl commands of $document are answered without an error', async ({ commands }) => {
  const script = commands.join('\n').replaceAll(ADDRESS, new URL(gateway.url).origin);
  // Some of them write files, and some read models.
  await using folder = await mkdtempDisposable(join(tmpdir(), 'tidings-documents-'));
  await symlink(MODELS, join(folder.path, 'models'));
  const { stdout } = await run('sh', ['-ec', script], {
    cwd: folder.path,
    env: { PATH: process.env.PATH, OPERATOR_TOKEN },
  });
  expect(stdout).not.toBe('');
  expect(stdout).not.toContain('"errors":[{"message"');
});

/** The React example: its types, and its page in Chromium, from another origin, with a gateway that dies under it. */
import { execFile } from 'node:child_process';
import { cp, mkdtempDisposable, readdir, readFile, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { findBrowser, openBrowser } from '../support/browser.ts';
import { submitTrip } from '../support/client.ts';
import { freePort } from '../support/freePort.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { tripNumber } from '../support/predictDirectly.ts';
import { type Gateway, startGateway, startWorker } from '../support/processes.ts';
import { type StaticFiles, serveFiles } from '../support/staticFiles.ts';
import { inspectStreams } from '../support/streams.ts';

const ROOT = join(import.meta.dirname, '../..');
const EXAMPLE = join(ROOT, 'examples/react');
const run = promisify(execFile);
const browserPath = findBrowser();

/** Runs a program of the example's packages. */
function runOfExample(program: string, args: readonly string[], env = {}, cwd = EXAMPLE) {
  const bin = join(EXAMPLE, 'node_modules/.bin', program);
  return run(process.execPath, [bin, ...args], { cwd, env: { ...process.env, ...env } });
}

test('the example has no type errors', async () => {
  await run(join(EXAMPLE, 'node_modules/.bin/tsc'), [], { cwd: EXAMPLE });
});

test('the committed types of the example are those of its operations: `npm run codegen` writes them', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'tidings-codegen-'));
  const copy = join(folder.path, 'examples/react');
  await cp(join(ROOT, 'schema/schema.graphql'), join(folder.path, 'schema/schema.graphql'));
  for (const part of ['src/operations.ts', 'codegen.ts', 'package.json'])
    await cp(join(EXAMPLE, part), join(copy, part));
  await symlink(join(EXAMPLE, 'node_modules'), join(copy, 'node_modules'));
  await runOfExample('graphql-codegen', [], {}, copy);
  const committed = join(EXAMPLE, 'src/gql');
  for (const file of await readdir(join(copy, 'src/gql')))
    expect(await readFile(join(committed, file), 'utf8'), file).toBe(
      await readFile(join(copy, 'src/gql', file), 'utf8'),
    );
});

describe.skipIf(browserPath === undefined)('in Chromium, the page', () => {
  const cleanUp = new AsyncDisposableStack();
  let port: string;
  let pages: StaticFiles;
  let nats: NatsServer;
  let gateway: Gateway;
  /** One tab for all tests, which keeps the compiled code of the page. */
  let page: Page;
  let cards: Locator;

  beforeAll(async () => {
    port = String(await freePort());
    const folder = cleanUp.use(await mkdtempDisposable(join(tmpdir(), 'tidings-react-')));
    await runOfExample('vite', ['build', '--outDir', folder.path, '--emptyOutDir', '--logLevel', 'warn'], {
      VITE_GATEWAY: `http://127.0.0.1:${port}/graphql`,
    });
    pages = cleanUp.use(await serveFiles(folder.path));
    const browser = await openBrowser(browserPath ?? '');
    cleanUp.defer(() => browser.close());
    page = await browser.newPage();
    cards = page.getByRole('article', { name: 'Task' });
  });

  /** A system without tasks: the page lists all that there are. */
  beforeEach(async () => {
    nats = await startNats();
    gateway = await startOne();
    // The tab keeps the login of the test before.
    await page.goto(pages.origin);
    await page.evaluate('sessionStorage.clear()');
  });

  afterEach(async () => {
    for (const started of [gateway, nats]) await started?.[Symbol.asyncDispose]();
  });

  afterAll(() => cleanUp.disposeAsync());

  const startOne = () => startGateway(nats, { PORT: port, ALLOWED_ORIGINS: pages.origin });
  const click = (name: string, where: Page | Locator = page) =>
    where.getByRole('button', { name, exact: true }).click();
  const showsState = (state: string) => page.getByRole('status').getByText(state, { exact: true }).waitFor();

  async function submitRows(count: number): Promise<void> {
    await page.getByLabel('Made-up trips').fill(String(count));
    await click('Predict rows');
  }

  test('follows a trip from the mutation to its minutes, and shows it again after a reload', async () => {
    await page.goto(pages.origin);
    await showsState('connected');
    await click('Predict trip');
    await cards.getByText('QUEUED').waitFor();
    await using _worker = await startWorker(nats);
    await cards.getByText('SUCCEEDED 7.85 minutes').waitFor();
    await page.reload();
    await cards.getByText('SUCCEEDED 7.85 minutes').waitFor();
  });

  test('lists what was submitted elsewhere, before and after it was opened, and older tasks by pages', async () => {
    for (let i = 0; i < 25; i++) await submitTrip(gateway.url, tripNumber(i));
    await page.goto(pages.origin);
    await cards.nth(19).waitFor();
    expect(await cards.count()).toBe(20);
    await click('Older tasks');
    await cards.nth(24).waitFor();
    await submitTrip(gateway.url, tripNumber(25));
    await cards.nth(25).waitFor();
    expect(await cards.count()).toBe(26);
    await page.getByRole('button', { name: 'Older tasks' }).waitFor({ state: 'detached' });
  });

  test('shows the progress of many rows, and then their pages', async () => {
    await page.goto(pages.origin);
    await submitRows(2_150);
    await cards.getByText('0 of 2150 rows').waitFor();
    await using _worker = await startWorker(nats);
    await cards.getByText('2150 of 2150 rows').waitFor();
    await cards.getByText('Rows 1 to 100').click();
    await click('Next page', cards);
    await cards.getByText('Rows 101 to 200').click();
    expect(await cards.getByRole('listitem').count()).toBe(100);
    await click('Previous page', cards);
    await cards.getByText('Rows 1 to 100').waitFor();
  });

  test('cancels a task', async () => {
    await page.goto(pages.origin);
    await click('Predict trip');
    await click('Cancel', cards);
    await cards.getByText('CANCELED').waitFor();
  });

  test('shows why a trip is refused', async () => {
    await page.goto(pages.origin);
    await page.getByLabel('From zone').fill('412');
    await click('Predict trip');
    await page.getByRole('alert').getByText('(BAD_USER_INPUT)').waitFor();
    expect(await cards.count()).toBe(0);
  });

  test('goes on when the gateway is killed and started again, also with what is submitted meanwhile', async () => {
    await page.goto(pages.origin);
    await click('Predict trip');
    await submitRows(150);
    await cards.getByText('0 of 150 rows').waitFor();
    await cards.nth(1).waitFor();

    gateway.kill('SIGKILL');
    await gateway.ended;
    await showsState('reconnecting');
    await click('Predict trip');
    gateway = await startOne();
    await showsState('connected');
    await using _worker = await startWorker(nats);
    await cards.nth(2).waitFor();
    for (const i of [0, 1, 2]) await cards.nth(i).getByText('SUCCEEDED').waitFor();
    expect(await cards.count()).toBe(3);
    await using streams = await inspectStreams(nats);
    expect(await streams.ended()).toHaveLength(3);
  });

  test('sends the token of a login with each request and each WebSocket, and forgets it on logout', async () => {
    const init = Promise.withResolvers<string>();
    page.on('websocket', (socket) =>
      socket.on('framesent', ({ payload }) => {
        if (String(payload).includes('Bearer')) init.resolve(String(payload));
      }),
    );
    await page.goto(pages.origin);
    await page.getByLabel('Token').fill('of-a-user');
    await click('Log in');
    expect(JSON.parse(await init.promise)).toEqual({
      type: 'connection_init',
      payload: { authorization: 'Bearer of-a-user' },
    });
    await showsState('connected');
    const [request] = await Promise.all([
      page.waitForRequest((each) => each.method() === 'POST'),
      click('Predict trip'),
    ]);
    expect(request.headers().authorization).toBe('Bearer of-a-user');
    await click('Log out');
    await page.getByLabel('Token').waitFor();
    await page.reload();
    await page.getByLabel('Token').waitFor();
  });
});

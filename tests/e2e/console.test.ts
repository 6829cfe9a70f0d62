/** The console: how the gateway serves it, and its pages in Chromium, with a real system behind them. */
import { execFile } from 'node:child_process';
import { cp, mkdtempDisposable, readFile, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findBrowser } from '../support/browser.ts';
import { post, submitTrip } from '../support/client.ts';
import { type ConsolePage, openConsole, WIDE } from '../support/console.ts';
import { freePort } from '../support/freePort.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { type Gateway, type Process, ROOT, startGateway, startWorker } from '../support/processes.ts';

const CONSOLE = join(ROOT, 'console');
const browserPath = findBrowser();
/** The models that come with Tidings, and what happened to each task. */
const SETTINGS = { MODELS_DIR: join(ROOT, 'models'), TASK_HISTORY: 'true' };

const OPERATOR = { authorization: 'Bearer only-operators-know' };

/** Each task has a trace. Nothing takes it. */
const TRACED = {
  OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
  OTEL_TRACES_SAMPLER: 'always_on',
  TRACE_URL: 'https://traces.example/{traceId}',
};

let nats: NatsServer;
let gateway: Gateway;
let worker: Process;
let port: string;

/** Always at the same address, as one that is started again. */
const startOne = () =>
  startGateway(nats, { ...SETTINGS, ...TRACED, OPERATOR_TOKEN: 'only-operators-know', PORT: port });

beforeAll(async () => {
  nats = await startNats();
  port = String(await freePort());
  // Tasks of other models wait.
  const served = { ...SETTINGS, WORKER_MODELS: 'trip-duration,digits' };
  [gateway, worker] = await Promise.all([startOne(), startWorker(nats, served)]);
});

afterAll(async () => {
  for (const started of [worker, gateway, nats]) await started?.[Symbol.asyncDispose]();
});

test('the console has no type errors, and its generated types are those of its operations and of the schema', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'tidings-console-'));
  const copy = join(folder.path, 'console');
  await cp(join(ROOT, 'schema/schema.graphql'), join(folder.path, 'schema/schema.graphql'));
  for (const part of ['src', 'codegen.ts', 'package.json'])
    await cp(join(CONSOLE, part), join(copy, part), { recursive: true });
  await symlink(join(CONSOLE, 'node_modules'), join(copy, 'node_modules'));
  const run = (cwd: string, program: string, ...args: readonly string[]) =>
    promisify(execFile)(process.execPath, [join(CONSOLE, 'node_modules/.bin', program), ...args], { cwd });
  // With threads it checks what they share once in each.
  await Promise.all([run(CONSOLE, 'tsc', '--singleThreaded'), run(copy, 'graphql-codegen')]);
  for (const file of ['gql.ts', 'graphql.ts'])
    expect(await readFile(join(CONSOLE, 'src/api/gql', file), 'utf8'), file).toBe(
      await readFile(join(copy, 'src/api/gql', file), 'utf8'),
    );
});

describe('the gateway', () => {
  const get = (path: string, init: RequestInit = {}) =>
    fetch(new URL(path, gateway.url), { redirect: 'manual', ...init });

  test('answers every address of the console with its page, whose policy allows no foreign or inline script', async () => {
    expect((await get('/console')).headers.get('location')).toBe('/console/');
    const pages = await Promise.all(['/console/', '/console/tasks/some_task'].map((path) => get(path)));
    for (const page of pages) {
      expect(page.status).toBe(200);
      const policy = page.headers.get('content-security-policy') ?? '';
      expect(policy.split('; ')).toEqual(
        expect.arrayContaining(["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"]),
      );
      expect(policy).not.toMatch(/unsafe|https?:|\*/);
      const nonce = /'nonce-([^']+)'/.exec(policy)?.[1];
      expect(await page.text()).toContain(`nonce="${nonce}"`);
    }
    const policies = pages.map(({ headers }) => headers.get('content-security-policy'));
    expect(policies[0]).not.toBe(policies[1]);
  });

  test('sends the files of the page compressed, for good, and only once', async () => {
    const html = await (await get('/console/')).text();
    const script = /src="([^"]+\.js)"/.exec(html)?.[1] ?? '';
    const sizes: number[] = [];
    for (const encoding of ['br', 'gzip', 'identity']) {
      const headers = { 'accept-encoding': encoding };
      const answer = await get(script, { method: 'HEAD', headers });
      expect(answer.headers.get('cache-control')).toContain('immutable');
      expect(answer.headers.get('content-encoding')).toBe(encoding === 'identity' ? null : encoding);
      sizes.push(Number(answer.headers.get('content-length')));
      const etag = answer.headers.get('etag') ?? '';
      expect((await get(script, { headers: { ...headers, 'if-none-match': etag } })).status).toBe(304);
    }
    expect(sizes).toEqual(sizes.toSorted((a, b) => a - b));
    expect((await get('/console/assets/no-such-file.js')).status).toBe(404);
    expect((await get('/console/', { method: 'POST' })).status).toBe(405);
  });

  test('serves no console if CONSOLE is off', async () => {
    await using own = await startGateway(nats, { CONSOLE: 'off' });
    expect((await fetch(new URL('/console/', own.url))).status).toBe(404);
    const start = await fetch(new URL('/', own.url), { redirect: 'manual' });
    expect(start.headers.get('location')).toBe('/graphql');
  });
});

describe.skipIf(browserPath === undefined)('in Chromium, the console', () => {
  let opened: ConsolePage;
  let page: Page;
  let result: Locator;

  beforeAll(async () => {
    opened = await openConsole(browserPath ?? '', gateway.url);
    page = opened.page;
    result = page.getByRole('region', { name: 'Result' });
  });

  afterAll(() => opened?.[Symbol.asyncDispose]());

  const click = (name: string, where: Page | Locator = page) =>
    where.getByRole('button', { name, exact: true }).click();
  const chooser = (name: string) => page.getByRole('combobox', { name });

  test('predicts a trip between two zones that are clicked on the map, and shows where its time went', async () => {
    await opened.open('/try/trip-duration');
    await page.locator('path[data-zone="132"]').click();
    await page.locator('path[data-zone="161"]').click();
    expect(await chooser('Pickup location id').inputValue()).toBe('132 · JFK Airport, Queens');
    expect(await chooser('Dropoff location id').inputValue()).toBe('161 · Midtown Center, Manhattan');
    await page.getByRole('button', { name: 'Use 16.4 miles' }).click();
    expect(await page.getByRole('textbox', { name: 'Trip distance' }).inputValue()).toBe('16.4');
    await click('More about Pickup location ID');
    await page.getByText(/Taxi Zone Lookup Table on TLC's page/).waitFor();
    await click('Submit');
    await result.getByText('Succeeded').waitFor();
    expect(await result.innerText()).toMatch(/Duration\s+\d+(\.\d+)? minutes/);
    await result.getByText('Version 3 answered.').waitFor();
    await page.getByRole('region', { name: 'Where the time went' }).getByText('Compute').waitFor();

    await click('Show the GraphQL that was sent');
    for (const form of ['curl', 'Apollo', 'Python']) {
      await page.getByRole('tab', { name: form }).click();
      expect(await page.getByRole('region', { name: `${form}: code` }).innerText()).toContain('predictTrip(');
    }
    await opened.expectAccessible();

    const elsewhere = [...opened.asked].filter(
      (url) => !/^(data|blob):/.test(url) && new URL(url).hostname !== '127.0.0.1',
    );
    expect(elsewhere).toEqual([]);
    expect(opened.problems).toEqual([]);
  });

  test('a click on Submit counts right after typing: nothing moves when a field is left', async () => {
    // The whole form is in sight: a page that scrolls back would hide that the button moved.
    await page.setViewportSize({ ...WIDE, height: 1_400 });
    await opened.open('/try/trip-duration');
    await page.getByRole('textbox', { name: 'Trip distance' }).fill('2.5');
    const box = await page.getByRole('button', { name: 'Submit', exact: true }).boundingBox();
    if (box === null) throw new Error('the button is shown');
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await page.mouse.down();
    await page.mouse.up();
    await result.getByText('Succeeded').waitFor();
    await page.setViewportSize(WIDE);
  });

  test('answers by the version that is chosen, and explains the address of a model that is not there', async () => {
    await opened.open('/try/trip-duration');
    await chooser('Version that answers').click();
    await page.getByRole('option', { name: 'Version 1' }).click();
    await click('Submit');
    await result.getByText('Version 1 answered.').waitFor();
    await opened.open('/try/nosuch');
    await page.getByText('There is no model nosuch.').waitFor();
  });

  test('can be used without a mouse: zones are chosen by name, and problems stand at their fields', async () => {
    await opened.open('/try/trip-duration');
    await chooser('Pickup location id').focus();
    await page.keyboard.press('Control+A');
    await page.keyboard.type('Outside New York');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    expect(await chooser('Pickup location id').inputValue()).toBe('265 · Outside New York');
    const miles = page.getByRole('textbox', { name: 'Trip distance (miles)' });
    await miles.focus();
    await page.keyboard.press('Control+A');
    await page.keyboard.type('5000');
    await page.keyboard.press('Enter');
    await page.getByText('Must be a number from 0 to 1000 (miles), got 5000').waitFor();
    expect(await miles.getAttribute('aria-invalid')).toBe('true');
    await miles.focus();
    await page.keyboard.press('Control+A');
    await page.keyboard.type('12.5');
    await page.keyboard.press('Enter');
    await result.getByText('Succeeded').waitFor();
    expect(await miles.getAttribute('aria-invalid')).toBeNull();
  });

  test('sends a picture that was chosen, and one that was drawn', async () => {
    await opened.open('/try/digits');
    await click('Submit');
    await result.getByText('Succeeded').waitFor();
    expect(await result.getByRole('listitem').first().innerText()).toMatch(/^6/);

    await page.getByText('Draw', { exact: true }).click();
    const area = await page.getByRole('img', { name: /An area to draw in/ }).boundingBox();
    if (area === null) throw new Error('the area to draw in is shown');
    // A ring.
    for (let turn = 0; turn <= 1; turn += 0.05) {
      const angle = 2 * Math.PI * turn;
      await page.mouse.move(area.x + 112 + 55 * Math.sin(angle), area.y + 112 - 85 * Math.cos(angle));
      if (turn === 0) await page.mouse.down();
    }
    await page.mouse.up();
    await click('Submit');
    await result.getByRole('listitem').first().filter({ hasText: /^0/ }).waitFor();
    await opened.expectAccessible();
    expect(opened.problems).toEqual([]);
  });

  test('submits the rows of a file as one task, says which rows are wrong, and has a sample file', async () => {
    await opened.open('/try/trip-duration');
    await page.getByText('Many rows from a file').click();
    const choose = (text: string) =>
      page.locator('input[type=file]').setInputFiles({
        name: 'trips.csv',
        mimeType: 'text/csv',
        buffer: Buffer.from(`pickupLocationId,dropoffLocationId,tripDistanceMiles,note,pickupAt\n${text}`),
      });
    const rows = '74,75,1.44,a,\n74,75,2.5,"b, c",\n132,161,17,,\n';
    await choose(`${rows}74,75,1,,yesterday\n`);
    await page.getByText('4 rows are ready. Not used: note.').waitFor();
    await click('Submit the rows');
    await page.getByText(/Row 4, pickupAt: Must be/).waitFor();
    await choose(rows);
    await click('Submit the rows');
    await result.getByText('3 of 3 rows').waitFor();
    await result.getByRole('row').nth(3).waitFor();
    expect(await result.getByRole('row').count()).toBe(4);
    const download = page.waitForEvent('download');
    await click('CSV', result);
    const saved = await (await download).createReadStream();
    const lines = Buffer.concat(await saved.toArray())
      .toString()
      .split('\r\n');
    expect(lines[0]).toBe(
      'row,pickupLocationId,dropoffLocationId,tripDistanceMiles,pickupAt,durationMinutes,error',
    );
    expect(lines[3]).toMatch(/^3,132,161,17,,\d/);
    expect(lines).toHaveLength(5);
    await opened.expectAccessible();

    await choose('74,999,1.44,a,\n74,75,far,b,\n74,75,-3,c,\n');
    for (const problem of [
      /Row 1, dropoffLocationId: Must be a whole number from 1 to 265 \(TLC taxi zone\), got 999/,
      /Row 2, tripDistanceMiles: Must be a number, got far/,
      /Row 3, tripDistanceMiles: Must be a number from 0 to 1000 \(miles\), got -3/,
    ])
      await page.getByText(problem).waitFor();
    expect(await result.innerText()).not.toContain('Succeeded');
    const sample = page.waitForEvent('download');
    await click('Save a sample file');
    await page.locator('input[type=file]').setInputFiles(await (await sample).path());
    await page.getByText('1 row is ready.').waitFor();
  });

  test('lists tasks as they come from elsewhere; one that waits can be cancelled and tried again', async () => {
    await opened.open('/tasks');
    const model = await post(gateway.url, '{ models { name mutation inputType example } }');
    const housing = (model.data as unknown as { models: Record<string, string>[] }).models.find(
      ({ name }) => name === 'housing',
    );
    const mutation = `mutation($input: ${housing?.inputType}!) { task: ${housing?.mutation}(input: $input, options: { labels: ["waits"] }) { id } }`;
    await post(gateway.url, mutation, { input: JSON.parse(housing?.example ?? '{}') });
    const rows = page.getByRole('table', { name: 'Tasks' }).getByRole('row');
    await rows.filter({ hasText: 'housing' }).getByText('Waiting').waitFor();
    await opened.expectAccessible();

    await page.getByRole('textbox', { name: 'Label' }).fill('waits');
    await page.getByRole('status').getByText('1 task', { exact: true }).waitFor();
    await rows.getByRole('link', { name: 'housing' }).click();
    const drawer = page.getByRole('dialog', { name: 'housing' });
    await drawer.getByText(/Waits for a worker/).waitFor();
    await drawer.getByText(/roomsPerDwelling: 6\.1/).waitFor();
    const trace = await drawer.getByRole('link', { name: 'Its trace' }).getAttribute('href');
    expect(trace).toMatch(/^https:\/\/traces\.example\/[0-9a-f]{32}$/);
    await opened.expectAccessible();
    await post(gateway.url, 'mutation { pauseModel(model: "housing") { id } }', {}, OPERATOR);
    await drawer.getByText('This model is paused').waitFor();
    await post(gateway.url, 'mutation { resumeModel(model: "housing") { id } }', {}, OPERATOR);
    await click('Cancel the task', drawer);
    await drawer.getByText('Cancelled').waitFor();
    await drawer.getByText('Ended: CANCELED').waitFor();
    await click('Try it again', drawer);
    await drawer.getByText('Earlier tries').waitFor();
    await click('Close', drawer);
    await page.getByRole('status').getByText('2 tasks').waitFor();
    await page.getByText('Waiting', { exact: true }).first().click();
    await page.getByRole('status').getByText('1 task', { exact: true }).waitFor();
    await page.reload();
    await page.getByRole('status').getByText('1 task', { exact: true }).waitFor();
    expect(await page.getByRole('textbox', { name: 'Label' }).inputValue()).toBe('waits');
    const download = page.waitForEvent('download');
    await click('JSON');
    const saved = await (await download).createReadStream();
    const text = Buffer.concat(await saved.toArray()).toString();
    expect(JSON.parse(text)).toEqual([
      expect.objectContaining({ modelName: 'housing', state: 'QUEUED', errorCode: null, tookMs: null }),
    ]);
    expect(text).not.toContain('__typename');
    expect(opened.problems).toEqual([]);
  });

  test('goes on by itself after the gateway was killed', async () => {
    await opened.open('/tasks');
    const status = page.getByRole('banner').getByRole('status');
    await status.getByText('Live').waitFor();
    gateway.kill('SIGKILL');
    await status.getByText('Reconnecting').waitFor();
    await gateway[Symbol.asyncDispose]();
    gateway = await startOne();
    await status.getByText('Live').waitFor();
    await submitTrip(
      gateway.url,
      { pickupLocationId: 1, dropoffLocationId: 2, tripDistanceMiles: 3 },
      { labels: ['after'] },
    );
    await page.getByRole('cell', { name: 'after' }).waitFor();
  });

  test('takes the operator token, and says at once that another one is wrong', async () => {
    await opened.open('/');
    await click('Signed in as anonymous, submitter');
    await page.getByRole('menuitem', { name: 'Sign in with a key or token' }).click();
    const dialog = page.getByRole('dialog', { name: 'Sign in' });
    await dialog.getByLabel('Key or token').fill('a-guess');
    await click('Sign in', dialog);
    await dialog.getByRole('alert').getByText('This is not the operator token of the gateway.').waitFor();
    await opened.expectAccessible();
    await dialog.getByLabel('Key or token').fill('only-operators-know');
    await click('Sign in', dialog);
    await page.getByRole('button', { name: 'Signed in as anonymous, operator' }).waitFor();
    expect(await page.evaluate('Object.keys(localStorage).filter((name) => name.includes("token"))')).toEqual(
      [],
    );
    await click('Signed in as anonymous, operator');
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await page.getByRole('button', { name: 'Signed in as anonymous, submitter' }).waitFor();
  });

  test('asks for a key where the gateway must know who asks, and shows the pages of its role', async () => {
    await using guarded = await startGateway(nats, { AUTH: 'keys', OPERATOR_TOKEN: 'only-operators-know' });
    await page.goto(new URL('/console/tasks', guarded.url).href);
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await opened.expectAccessible();
    await page.getByLabel('Key or token').fill('tid_0123456789ab_wrong');
    await click('Sign in');
    await page.getByRole('alert').waitFor();
    await page.getByLabel('Key or token').fill('only-operators-know');
    await click('Sign in');
    await page.getByRole('heading', { name: 'Tasks' }).waitFor();
    await page.reload();
    await click('Signed in as operator, operator');
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  });
});

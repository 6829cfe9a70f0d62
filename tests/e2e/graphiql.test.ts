/** GraphiQL as a newcomer meets it: the page as it is delivered, and the first trip in a real browser. */
import { request } from 'node:http';
import { gunzipSync } from 'node:zlib';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newTaskAddress } from '../../src/contract/task.ts';
import { findBrowser, openBrowser } from '../support/browser.ts';
import { HOME } from '../support/jobs.ts';
import { modelsWith } from '../support/models.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { type Gateway, type Process, startGateway, startWorker } from '../support/processes.ts';
import { eventually, inspectStreams } from '../support/streams.ts';

const browserPath = findBrowser();

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

describe('the page', () => {
  test('is compressed, and sent again only when it has changed', async () => {
    const page = await get();
    expect(page).toMatchObject({
      status: 200,
      headers: { 'content-encoding': 'gzip', 'cache-control': 'no-cache' },
    });
    expect(page.headers['content-length']).toBe(String(page.body.length));
    expect(page.body.length).toBeLessThan(3_000_000);
    expect(gunzipSync(page.body).toString()).toContain('<title>Tidings</title>');

    const etag = String(page.headers.etag);
    const again = await get({ 'if-none-match': etag });
    expect(again).toMatchObject({ status: 304, headers: { etag } });
    expect(again.body).toHaveLength(0);
  });

  test('answers HEAD as GET, without the page', async () => {
    const { headers } = await get();
    const head = await get({}, 'HEAD');
    expect(head).toMatchObject({
      status: 200,
      headers: {
        'content-length': headers['content-length'],
        etag: headers.etag,
        'content-type': headers['content-type'],
      },
    });
    expect(head.body).toHaveLength(0);
  });

  test('may load nothing from elsewhere, and be framed by nobody', async () => {
    const policy = String((await get()).headers['content-security-policy']).split('; ');
    expect(policy).toEqual(
      expect.arrayContaining(["default-src 'self'", "connect-src 'self' ws: wss:", "frame-ancestors 'none'"]),
    );
    expect(policy.join()).not.toMatch(/https?:|\*|unsafe-eval/);
  });

  test('is for those who ask for HTML: others get JSON at the same address', async () => {
    const headers = { 'apollo-require-preflight': '1' };
    const response = await fetch(`${gateway.url}?query={health{name}}`, { headers });
    expect(await response.json()).toEqual({ data: { health: { name: 'Tidings' } } });
  });
});

describe.skipIf(browserPath === undefined)('in Chromium', () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await openBrowser(browserPath ?? '');
  });

  afterAll(() => browser?.close());

  test('the prepared tabs bring a trip from its mutation to its minutes, and no request leaves the gateway', async () => {
    await using page = await browser.newPage();
    const asked = new Set<string>();
    const problems: string[] = [];
    page.on('request', (made) => asked.add(made.url()));
    page.on('websocket', (opened) => asked.add(opened.url()));
    page.on('pageerror', ({ message }) => problems.push(message));
    page.on('console', (line) => line.type() === 'error' && problems.push(line.text()));
    await page.goto(gateway.url);

    const execute = page.getByRole('button', { name: /execute query/i });
    const answer = page.getByRole('region', { name: 'Result Window' });
    await execute.click();
    await answer.getByText('QUEUED').waitFor();
    // The editor wraps a long line.
    const submitted = JSON.parse((await answer.innerText()).replaceAll(/\s/g, ''));

    // Nothing has to be pasted.
    await page.getByRole('button', { name: 'Result', exact: true }).click({ position: { x: 5, y: 5 } });
    await execute.click();
    await answer.getByText('durationMinutes').waitFor();
    await answer.getByText('SUCCEEDED').waitFor();
    const pushed = await answer.innerText();
    expect(pushed).toMatch(/"durationMinutes":\s7\.848/);
    expect(pushed.replaceAll(/\s/g, '')).toContain(submitted.data.predictTrip.id);

    await page.getByText('paste_the_id_here').dblclick();
    await page.keyboard.insertText('no_such_task');
    await execute.click();
    await answer.getByText('TASK_NOT_FOUND').waitFor();

    // GraphiQL has put what was edited into the address: that is still a page.
    await page.reload();
    await page.getByText('taskResult').waitFor();

    await page.getByRole('button', { name: 'PredictTrips', exact: true }).click({ position: { x: 5, y: 5 } });
    // Until GraphiQL has read the tab it executes it under the name of the one before.
    await page.waitForURL(
      ({ searchParams }) => searchParams.get('query')?.includes('predictTrips(') === true,
    );
    await execute.click();
    await answer.getByText('rowsDone').waitFor();
    expect((await answer.innerText()).replaceAll(/\s/g, '')).toMatch(
      /"rowsDone":2.*"durationMinutes":\[7\.848/,
    );

    const { host } = new URL(gateway.url);
    const elsewhere = [...asked].filter(
      (url) => !url.startsWith('data:') && new URL(url.replace('blob:', '')).host !== host,
    );
    expect(elsewhere).toEqual([]);
    expect(asked).toContain(`ws://${host}/graphql`);
    expect(problems).toEqual([]);
  });

  test('the tab Result tells what it needs, what became of many rows, and that the gateway is gone', async () => {
    await using own = await startGateway(nats);
    await using page = await browser.newPage();
    await page.goto(own.url);
    const execute = page.getByRole('button', { name: /execute query/i });
    const answer = page.getByRole('region', { name: 'Result Window' });
    const open = async (title: string, field: string) => {
      await page.getByRole('button', { name: title, exact: true }).click({ position: { x: 5, y: 5 } });
      await page.waitForURL(({ searchParams }) => searchParams.get('query')?.includes(field) === true);
    };
    await open('Result', 'taskResult(');
    await execute.click();
    await answer.getByText('submitted from this page yet: run the first tab').waitFor();

    await open('PredictTrips', 'predictTrips(');
    await execute.click();
    await answer.getByText('durationMinutes').waitFor();
    await open('Result', 'taskResult(');
    await execute.click();
    await answer.getByText('rowsFailed').waitFor();
    expect((await answer.innerText()).replaceAll(/\s/g, '')).toContain(
      '"batch":{"rowCount":2,"rowsDone":2,"rowsFailed":0}',
    );

    await own[Symbol.asyncDispose]();
    for (const [title, field] of [
      ['PredictTrip', 'predictTrip('],
      ['Result', 'taskResult('],
    ] as const) {
      await open(title, field);
      await execute.click();
      await answer.getByText('The gateway does not answer. Does npm start run?').waitFor();
      expect(await answer.innerText()).not.toMatch(/stack|Failed to fetch/);
    }
  });

  test('headers reach a subscription over WebSocket, however their names are written, and count from the next run on', async () => {
    await using operated = await startGateway(nats, { OPERATOR_TOKEN: 'only-operators-know' });
    await using streams = await inspectStreams(nats);
    await using page = await browser.newPage();
    const subscription = 'subscription { deadLetterAdded(model: "trip-duration") { id reason } }';
    await page.goto(`${operated.url}?query=${encodeURIComponent(subscription)}`);
    const execute = page.getByRole('button', { name: /execute query/i });
    const answer = page.getByRole('region', { name: 'Result Window' });
    await page.getByText('deadLetterAdded').waitFor();
    await page.getByRole('button', { name: 'Headers', exact: true }).click();
    const type = async (headers: string) => {
      await page.getByRole('region', { name: 'Headers' }).click();
      await page.keyboard.press('Control+A');
      // Typed over a selection, the editor would close the bracket once more.
      await page.keyboard.press('Delete');
      await page.keyboard.insertText(headers);
    };

    await execute.click();
    await answer.getByText('FORBIDDEN').waitFor();
    await type('{ "Authorization": "Bearer only-operators-know" }');
    await execute.click();
    // Letters are shown that are stored once the gateway listens.
    await eventually(
      async () => {
        const letter = deadLetter();
        await streams.publish(`dead.trip-duration.${letter.taskId}`, JSON.stringify(letter));
        return answer.innerText();
      },
      (text) => text.includes(REASON),
    );

    await page.getByRole('button', { name: /stop query/i }).click();
    await type('{ "authorization": "Bearer made up" }');
    await execute.click();
    await answer.getByText('FORBIDDEN').waitFor();
  });

  test('a model that takes 2,048 numbers is submitted with one press, its values in the variables', async () => {
    await using folder = await modelsWith((manifest) => {
      const vector = { type: 'float32', size: 2_048, unit: 'parts', minimum: 0, maximum: 1 };
      manifest.inputs = [
        { name: 'pixels', tensor: 'p', description: 'Made by a </script> test.', ...vector },
      ];
      manifest.example = { pixels: Array.from({ length: 2_048 }, (_, i) => i / 2_048) };
    });
    await using own = await startNats();
    await using large = await startGateway(own, { MODELS_DIR: folder.path });
    await using page = await browser.newPage();
    await page.goto(large.url);
    await page.getByRole('button', { name: /execute query/i }).click();
    await page.getByRole('region', { name: 'Result Window' }).getByText('QUEUED').waitFor();
  });

  test('a reload opens the tab that was open, and no other', async () => {
    await using page = await browser.newPage();
    const tabs = page.locator('.graphiql-tab');
    const active = page.locator('.graphiql-tab-active');
    await page.goto(gateway.url);
    await active.waitFor();
    const titles = await tabs.allInnerTexts();
    const open = async (title: string) => {
      await page.getByRole('button', { name: title, exact: true }).click({ position: { x: 5, y: 5 } });
      await page.waitForFunction(
        (index) => JSON.parse(localStorage.getItem('graphiql:tabState') ?? '{}').activeTabIndex === index,
        titles.indexOf(title),
      );
    };
    // The last one is opened already: a second reload must add nothing either.
    for (const title of ['Result', 'PredictTrip', 'PredictTrip']) {
      if ((await active.innerText()) !== title) await open(title);
      await page.reload();
      await active.waitFor();
      expect(await tabs.allInnerTexts()).toEqual(titles);
      expect(await active.innerText()).toBe(title);
    }
  });
});

const REASON = 'dead-for-a-test';

function deadLetter() {
  const taskId = newTaskAddress({ model: 'trip-duration', home: HOME, deadline: Date.now() }).id;
  const death = { code: 'WORKER_CRASHED', reason: REASON, attempts: 3, worker: 'x', diedAt: Date.now() };
  return { v: 1, taskId, model: 'trip-duration', ...death, subject: 'x', job: '' };
}

interface Page {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/** As it goes over the wire: fetch would unpack it. */
async function get(headers: Record<string, string> = {}, method = 'GET'): Promise<Page> {
  const { promise, resolve, reject } = Promise.withResolvers<Page>();
  request(gateway.url, { method, headers: { accept: 'text/html,*/*', ...headers } }, async (response) => {
    const body = Buffer.concat(await Array.fromAsync(response));
    resolve({ status: response.statusCode, headers: response.headers, body });
  })
    .on('error', reject)
    .end();
  return promise;
}

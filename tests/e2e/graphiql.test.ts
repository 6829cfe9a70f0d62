/** GraphiQL for a new user: the delivered page, and the first trip in a real browser. */
import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { isDeepStrictEqual } from 'node:util';
import { gunzipSync } from 'node:zlib';
import type { Browser, ConsoleMessage, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findBrowser, openBrowser } from '../support/browser.ts';
import { eventually } from '../support/eventually.ts';
import { modelsWith } from '../support/models.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { type Gateway, type Process, startGateway, startWorker } from '../support/processes.ts';
import { inspectStreams } from '../support/streams.ts';

const browserPath = findBrowser();

let nats: NatsServer;
let gateway: Gateway;
let worker: Process;

beforeAll(async () => {
  nats = await startNats();
  [gateway, worker] = await Promise.all([
    startGateway(nats, { OPERATOR_TOKEN: 'only-operators-know' }),
    startWorker(nats),
  ]);
});

afterAll(async () => {
  for (const started of [worker, gateway, nats]) await started?.[Symbol.asyncDispose]();
});

describe('the page of GraphiQL', () => {
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

  test('may run its own scripts only, speak with its gateway only, and not be in a frame', async () => {
    const { headers } = await get();
    const policy = String(headers['content-security-policy']).split('; ');
    expect(policy).toEqual(
      expect.arrayContaining([
        "default-src 'none'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
      ]),
    );
    expect(policy.join()).not.toMatch(/https?:|wss?:|\*|unsafe-eval/);
    expect(policy.find((rule) => rule.startsWith('script-src'))).toMatch(
      /^script-src( 'sha256-[\w+/]{43}=')+$/,
    );
    // A browser that has the page gets the rules of now with the answer that it has not changed.
    const again = await get({ 'if-none-match': String(headers.etag) });
    expect(again.headers['content-security-policy']).toBe(headers['content-security-policy']);
  });

  test('is only sent to clients that accept HTML; others get JSON at the same address', async () => {
    const headers = { 'apollo-require-preflight': '1' };
    const response = await fetch(`${gateway.url}?query={health{name}}`, { headers });
    expect(await response.json()).toEqual({ data: { health: { name: 'Tidings' } } });
  });
});

describe.skipIf(browserPath === undefined)('in Chromium', () => {
  let browser: Browser;
  /** One tab for all tests. Opening a page mostly takes the time to compile GraphiQL's code, which a tab keeps. */
  let page: Page;
  let execute: Locator;
  let answer: Locator;

  beforeAll(async () => {
    browser = await openBrowser(browserPath ?? '');
    page = await browser.newPage({ reducedMotion: 'reduce' });
    execute = page.getByRole('button', { name: /execute query/i });
    answer = page.getByRole('region', { name: 'Result Window' });
  });

  afterAll(() => browser?.close());

  /** Opens the page without stored data, as for a first visit. */
  async function openForTheFirstTime(url: string): Promise<void> {
    // GraphiQL stores its tabs again when the page is closed.
    await page.goto('about:blank');
    const devTools = await page.context().newCDPSession(page);
    const { origin } = new URL(url);
    await devTools.send('Storage.clearDataForOrigin', { origin, storageTypes: 'local_storage' });
    await devTools.detach();
    await page.goto(url);
  }

  /** Opens a tab by its title, and waits until GraphiQL would execute its content. */
  async function openTab(title: string, field: string): Promise<void> {
    await page.getByRole('button', { name: title, exact: true }).click({ position: { x: 5, y: 5 } });
    await page.waitForURL(({ searchParams }) => searchParams.get('query')?.includes(field) === true);
  }

  test('the prepared tabs lead from the mutation to the minutes of a trip, and all requests go to the gateway', async () => {
    await page.goto('about:blank');
    using seen = watch(page);
    await openForTheFirstTime(gateway.url);
    await execute.click();
    await answer.getByText('QUEUED').waitFor();
    // The editor wraps long lines.
    const submitted = JSON.parse((await answer.innerText()).replaceAll(/\s/g, ''));

    // The id does not have to be pasted.
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

    // GraphiQL has put the edited operation into the address, which still delivers the page.
    await page.reload();
    await page.getByText('taskResult').waitFor();

    await openTab('PredictTrips', 'predictTrips(');
    await execute.click();
    await answer.getByText('rowsDone').waitFor();
    expect((await answer.innerText()).replaceAll(/\s/g, '')).toMatch(
      /"rowsDone":2.*"durationMinutes":\[7\.848/,
    );

    const { host } = new URL(gateway.url);
    const elsewhere = [...seen.asked].filter(
      (url) => !url.startsWith('data:') && new URL(url.replace('blob:', '')).host !== host,
    );
    expect(elsewhere).toEqual([]);
    expect(seen.asked).toContain(`ws://${host}/graphql`);
    expect(seen.problems).toEqual([]);
  });

  test('a script that gets into the page does not run, and the page reaches nothing but its gateway', async () => {
    await page.goto(gateway.url);
    await execute.waitFor();
    const refused = new Set<string>();
    await page.exposeFunction('noteRefused', (directive: string) => refused.add(directive));
    await page.evaluate(`addEventListener('securitypolicyviolation', (event) => {
      noteRefused(event.effectiveDirective);
    })`);
    await page.evaluate(() => {
      const run = 'globalThis.wasRun = true';
      const add = (name: string, members: object) =>
        document.body.appendChild(Object.assign(document.createElement(name), members));
      add('script', { textContent: run });
      add('script', { src: URL.createObjectURL(new Blob([run])) });
      add('div', { innerHTML: `<img src="data:," onerror="${run}">` });
      add('img', { src: 'http://127.0.0.1:9/taken.png' });
      add('iframe', { src: '/console/' });
      add('object', { data: '/console/' });
      add('base', { href: 'http://127.0.0.1:9/' });
      add('form', { action: '/graphql', id: 'sent' });
      document.querySelector<HTMLFormElement>('#sent')?.submit();
      void fetch('http://127.0.0.1:9/taken').catch(() => {});
    });
    const everything = [
      ...['base-uri', 'connect-src', 'form-action', 'frame-src', 'img-src', 'object-src'],
      ...['script-src-attr', 'script-src-elem'],
    ];
    await eventually(
      () => [...refused].sort(),
      (seen) => isDeepStrictEqual(seen, everything),
    );
    expect(await page.evaluate(() => 'wasRun' in globalThis)).toBe(false);
  });

  test('the tab Result shows that it needs a task, the result of many rows, and that the gateway is gone', async () => {
    await using own = await startGateway(nats);
    await openForTheFirstTime(own.url);
    await openTab('Result', 'taskResult(');
    await execute.click();
    await answer.getByText('submitted from this page yet: run the first tab').waitFor();

    await openTab('PredictTrips', 'predictTrips(');
    await execute.click();
    await answer.getByText('durationMinutes').waitFor();
    await openTab('Result', 'taskResult(');
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
      await openTab(title, field);
      await execute.click();
      await answer.getByText('The gateway does not answer. Does npm start run?').waitFor();
      expect(await answer.innerText()).not.toMatch(/stack|Failed to fetch/);
    }
  });

  test('headers reach a subscription over WebSocket, in upper or lower case, and apply from the next run', async () => {
    await using streams = await inspectStreams(nats);
    const subscription = 'subscription { deadLetterAdded(model: "trip-duration") { id reason } }';
    await openForTheFirstTime(`${gateway.url}?query=${encodeURIComponent(subscription)}`);
    await page.getByText('deadLetterAdded').waitFor();
    await page.getByRole('button', { name: 'Headers', exact: true }).click();
    const type = async (headers: string) => {
      await page.getByRole('region', { name: 'Headers' }).click();
      await page.keyboard.press('Control+A');
      // If the text replaced a selection, the editor would add a second closing bracket.
      await page.keyboard.press('Delete');
      await page.keyboard.insertText(headers);
    };

    await execute.click();
    await answer.getByText('FORBIDDEN').waitFor();
    await type('{ "Authorization": "Bearer only-operators-know" }');
    await execute.click();
    // Only letters that are stored after the gateway listens are shown.
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

  test('a gateway with a login is usable with the key in the Headers editor, until the page is left', async () => {
    await using own = await startNats();
    await using guarded = await startGateway(own, { AUTH: 'keys', OPERATOR_TOKEN: 'only-operators-know' });
    await openForTheFirstTime(`${guarded.url}?query=${encodeURIComponent('{ health { name } }')}`);
    await execute.click();
    await answer.getByText('UNAUTHENTICATED').waitFor();
    await page.getByRole('button', { name: 'Headers', exact: true }).click();
    await page.getByRole('region', { name: 'Headers' }).click();
    await page.keyboard.press('Control+A');
    await page.keyboard.press('Delete');
    await page.keyboard.insertText('{ "authorization": "Bearer only-operators-know" }');
    await execute.click();
    await answer.getByText('"Tidings"', { exact: false }).waitFor();
    await page.getByRole('button', { name: /re-fetch graphql schema/i }).click();
    await page.getByRole('button', { name: /show documentation explorer/i }).click();
    await page.getByText('Root Types').waitFor();

    // The browser does not keep it.
    await page.reload();
    await execute.click();
    await answer.getByText('UNAUTHENTICATED').waitFor();
    expect(await page.evaluate(() => JSON.stringify(localStorage))).not.toContain('only-operators-know');
  });

  test('a model that takes 2,048 numbers is submitted with one click, with the values as variables', async () => {
    await using folder = await modelsWith((manifest) => {
      const vector = { type: 'float32', size: 2_048, unit: 'parts', minimum: 0, maximum: 1 };
      manifest.inputs = [
        { name: 'pixels', tensor: 'p', description: 'Made by a </script> test.', ...vector },
      ];
      manifest.example = { pixels: Array.from({ length: 2_048 }, (_, i) => i / 2_048) };
    });
    await using own = await startNats();
    await using large = await startGateway(own, { MODELS_DIR: folder.path });
    await openForTheFirstTime(large.url);
    await execute.click();
    await answer.getByText('QUEUED').waitFor();
  });

  test('a reload opens the same tab, and adds no other', async () => {
    const tabs = page.locator('.graphiql-tab');
    const active = page.locator('.graphiql-tab-active');
    await openForTheFirstTime(gateway.url);
    await active.waitFor();
    const titles = await tabs.allInnerTexts();
    const open = async (title: string) => {
      await page.getByRole('button', { name: title, exact: true }).click({ position: { x: 5, y: 5 } });
      await page.waitForFunction(
        (index) => JSON.parse(localStorage.getItem('graphiql:tabState') ?? '{}').activeTabIndex === index,
        titles.indexOf(title),
      );
    };
    // The second time the tab is already open, and another reload must add no tab, either.
    for (const title of ['Result', 'Result']) {
      if ((await active.innerText()) !== title) await open(title);
      await page.reload();
      await active.waitFor();
      expect(await tabs.allInnerTexts()).toEqual(titles);
      expect(await active.innerText()).toBe(title);
    }
  });
});

const REASON = 'dead-for-a-test';

/** A dead letter as a worker stores it (docs/protocol.md). */
function deadLetter() {
  const now = Date.now();
  const taskId = `trip_duration_0a0b0c0d_${Math.ceil(now / 1_000)}_${randomBytes(12).toString('hex')}`;
  const death = { code: 'WORKER_CRASHED', reason: REASON, attempts: 3, worker: 'x', diedAt: now };
  return { v: 1, taskId, model: 'trip-duration', ...death, subject: 'x', job: '' };
}

/** Collects the requests and the errors of a page. */
function watch(page: Page) {
  const asked = new Set<string>();
  const problems: string[] = [];
  const onRequest = (made: { url(): string }) => asked.add(made.url());
  const onError = ({ message }: Error) => problems.push(message);
  const onConsole = (line: ConsoleMessage) => line.type() === 'error' && problems.push(line.text());
  page.on('request', onRequest).on('websocket', onRequest).on('pageerror', onError).on('console', onConsole);
  return {
    asked,
    problems,
    [Symbol.dispose]() {
      page.off('request', onRequest).off('websocket', onRequest);
      page.off('pageerror', onError).off('console', onConsole);
    },
  };
}

interface Delivered {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/** The raw answer, which fetch would decompress. */
async function get(headers: Record<string, string> = {}, method = 'GET'): Promise<Delivered> {
  const { promise, resolve, reject } = Promise.withResolvers<Delivered>();
  request(gateway.url, { method, headers: { accept: 'text/html,*/*', ...headers } }, async (response) => {
    const body = Buffer.concat(await Array.fromAsync(response));
    resolve({ status: response.statusCode, headers: response.headers, body });
  })
    .on('error', reject)
    .end();
  return promise;
}

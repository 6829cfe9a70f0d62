/** The console: how the gateway serves it, and its pages in Chromium, with a real system behind them. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findBrowser } from '../support/browser.ts';
import { type ConsolePage, openConsole } from '../support/console.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { type Gateway, type Process, startGateway, startWorker } from '../support/processes.ts';

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

  beforeAll(async () => {
    opened = await openConsole(browserPath ?? '', gateway.url);
  });

  afterAll(() => opened?.[Symbol.asyncDispose]());

  test('takes the operator token, and says at once that another one is wrong', async () => {
    const { page } = opened;
    await opened.open('/');
    await page.getByRole('button', { name: 'Signed in as anonymous, submitter' }).click();
    await page.getByRole('menuitem', { name: 'Sign in with a key or token' }).click();
    const field = page.getByLabel('Key or token');
    const signIn = page.getByRole('dialog').getByRole('button', { name: 'Sign in', exact: true });
    await field.fill('a-guess');
    await signIn.click();
    await page.getByRole('alert').getByText('This is not the operator token of the gateway.').waitFor();
    await field.fill('only-operators-know');
    await signIn.click();
    await page.getByRole('button', { name: 'Signed in as anonymous, operator' }).waitFor();
    expect(await page.evaluate('Object.keys(localStorage).filter((name) => name.includes("token"))')).toEqual(
      [],
    );
  });
});

/** Pages of other origins in Chromium: the rights of an allowed origin and of another one. */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type * as urql from '@urql/core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findBrowser, openBrowser } from '../../support/browser.ts';
import { submitTrip, TASK_RESULT, TASK_UPDATES } from '../../support/client.ts';
import { type NatsServer, startNats } from '../../support/natsServer.ts';
import { tripNumber } from '../../support/predictDirectly.ts';
import { type Gateway, type Process, startGateway, startWorker } from '../../support/processes.ts';

const ROOT = join(import.meta.dirname, '../../..');
/** Libraries for the pages, by their import names. */
const LIBRARIES = {
  '@urql/core': 'node_modules/@urql/core/dist/urql-core.mjs',
  wonka: 'node_modules/wonka/dist/wonka.mjs',
  '@0no-co/graphql.web': 'node_modules/@0no-co/graphql.web/dist/graphql.web.mjs',
};
const FILES = [...Object.values(LIBRARIES), 'node_modules/@urql/core/dist/urql-core-chunk.mjs'];
const HEALTH = '{ health { name } }';
const browserPath = findBrowser();

describe.skipIf(browserPath === undefined)('in Chromium', () => {
  let pages: Server;
  let port: number;
  let nats: NatsServer;
  let gateway: Gateway;
  let worker: Process;
  let browser: Browser;
  /** A page of the allowed origin. The same server under its other name is not allowed. */
  let allowed: Page;
  let foreign: Page;

  beforeAll(async () => {
    pages = await servePages();
    ({ port } = pages.address() as AddressInfo);
    nats = await startNats();
    [gateway, worker, browser] = await Promise.all([
      startGateway(nats, { ALLOWED_ORIGINS: `https://other.example,http://127.0.0.1:${port}` }),
      startWorker(nats),
      openBrowser(browserPath ?? ''),
    ]);
    [allowed, foreign] = await Promise.all([browser.newPage(), browser.newPage()]);
    await allowed.goto(`http://127.0.0.1:${port}/`);
    await foreign.goto(`http://localhost:${port}/`);
  });

  afterAll(async () => {
    await browser?.close();
    for (const started of [worker, gateway, nats]) await started?.[Symbol.asyncDispose]();
    pages?.close();
  });

  test('a plain EventSource of an allowed origin receives all events of a task', async () => {
    const { id } = await submitTrip(gateway.url, tripNumber(1));
    const events = await allowed.evaluate(hearEvents, urlOf(TASK_UPDATES, { id }));
    expect(events.at(-1)).toBe('complete');
    expect(JSON.parse(events.at(-2) ?? '')).toMatchObject({
      data: { taskUpdates: { id, state: 'SUCCEEDED' } },
    });
  });

  test('a plain EventSource of a foreign origin receives nothing, and the log has the setting that would allow it', async () => {
    const { id } = await submitTrip(gateway.url, tripNumber(2));
    expect(await foreign.evaluate(hearEvents, urlOf(TASK_RESULT, { id }))).toEqual(['error']);
    await gateway.logged(
      `ALLOWED_ORIGINS=https://other.example,http://127.0.0.1:${port},http://localhost:${port} admits it`,
    );
  });

  test('fetch from an allowed origin can send any headers, and can read refusals too', async () => {
    const post = (headers: Record<string, string>, body: string) =>
      allowed.evaluate(postFrom, { url: gateway.url, headers, body });
    const json = { 'content-type': 'application/json', 'x-of-my-own': '1', authorization: 'Bearer x' };
    const body = JSON.stringify({ query: HEALTH });
    expect(await post(json, body)).toEqual({ status: 200, codes: [] });
    expect(await post({}, body)).toEqual({ status: 415, codes: ['UNSUPPORTED_MEDIA_TYPE'] });
    expect(await post({ ...json, accept: 'image/png' }, body)).toEqual({
      status: 406,
      codes: ['NOT_ACCEPTABLE'],
    });
    expect(await post(json, 'x'.repeat(3_000_000))).toEqual({ status: 413, codes: ['PAYLOAD_TOO_LARGE'] });
    expect(await post(json, '{')).toEqual({ status: 400, codes: ['BAD_REQUEST'] });
  });

  test('urql works from an allowed origin with its defaults: queries over GET, subscriptions over SSE', async () => {
    const { id } = await submitTrip(gateway.url, tripNumber(3));
    const [health, result] = await allowed.evaluate(
      async ({ url, HEALTH, TASK_RESULT, id }) => {
        const { Client, fetchExchange } = (globalThis as unknown as { urql: typeof urql }).urql;
        const client = new Client({ url, exchanges: [fetchExchange], fetchSubscriptions: true });
        return [
          (await client.query(HEALTH, {}).toPromise()).data,
          (await client.subscription(TASK_RESULT, { id }).toPromise()).data,
        ];
      },
      { url: gateway.url, HEALTH, TASK_RESULT, id },
    );
    expect(health).toEqual({ health: { name: 'Tidings' } });
    expect(result).toMatchObject({ taskResult: { id, state: 'SUCCEEDED' } });
  });

  test('a WebSocket opens only for an allowed origin', async () => {
    const url = gateway.url.replace('http', 'ws');
    expect(await allowed.evaluate(openSocketFrom, url)).toBe('open');
    expect(await foreign.evaluate(openSocketFrom, url)).toBe('error');
    expect(await foreign.evaluate(sandboxed, `(${openSocketFrom})(${JSON.stringify(url)})`)).toBe('error');
  });

  test('operations of a foreign page, or of a sandboxed frame in it, are not executed', async () => {
    const rollout =
      'mutation { setRollout(model: "trip-duration", weights: [{ version: "1", percent: 100 }]) { model { name } } }';
    const json = { 'content-type': 'application/json' };
    const request = { url: gateway.url, headers: json, body: JSON.stringify({ query: rollout }) };
    expect(await foreign.evaluate(postFrom, request)).toBe('TypeError');
    expect(await foreign.evaluate(sandboxed, `(${postFrom})(${JSON.stringify(request)})`)).toBe('TypeError');
    const image = await foreign.evaluate(
      (src) =>
        new Promise((resolve) => {
          const picture = new Image();
          picture.onload = () => resolve('load');
          picture.onerror = () => resolve('error');
          picture.src = src;
        }),
      urlOf(HEALTH, {}),
    );
    expect(image).toBe('error');
    const simple = await foreign.evaluate(async ({ url, body }) => {
      const answers = [
        await fetch(url, { method: 'POST', mode: 'no-cors', body }),
        await fetch(`${url}?query={__typename}`, { mode: 'no-cors' }),
      ];
      return [...answers.map(({ type }) => type), navigator.sendBeacon(url, body)];
    }, request);
    expect(simple).toEqual(['opaque', 'opaque', true]);

    const { rollout: shares } = await allowed.evaluate(async ({ url, headers }) => {
      const body = JSON.stringify({ query: '{ models { rollout { version } } }' });
      const { data } = await (await fetch(url, { method: 'POST', headers, body })).json();
      return data.models[0];
    }, request);
    expect(shares).toBeNull();
  });

  function urlOf(query: string, variables: object): string {
    return `${gateway.url}?${new URLSearchParams({ query, variables: JSON.stringify(variables) })}`;
  }
});

/** Runs in a page, like the functions below. @returns the data of each event until the stream ends. */
function hearEvents(url: string): Promise<string[]> {
  return new Promise((resolve) => {
    const events: string[] = [];
    const source = new EventSource(url);
    source.addEventListener('next', ({ data }) => events.push(data));
    for (const last of ['complete', 'error'])
      source.addEventListener(last, () => {
        source.close();
        resolve([...events, last]);
      });
  });
}

async function postFrom({
  url,
  headers,
  body,
}: {
  url: string;
  headers: Record<string, string>;
  body: string;
}): Promise<unknown> {
  try {
    const response = await fetch(url, { method: 'POST', headers, body });
    const { errors = [] } = await response.json();
    const codes = errors.map(({ extensions }: { extensions: { code: string } }) => extensions.code);
    return { status: response.status, codes };
  } catch (error) {
    return (error as Error).name;
  }
}

function openSocketFrom(url: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = new WebSocket(url, 'graphql-transport-ws');
    socket.onopen = () => {
      socket.close();
      resolve('open');
    };
    socket.onerror = () => resolve('error');
  });
}

/** The value of an expression in a frame whose origin is `null`. */
function sandboxed(expression: string): Promise<unknown> {
  return new Promise((resolve) => {
    window.addEventListener('message', ({ data }) => resolve(data), { once: true });
    const frame = document.createElement('iframe');
    frame.sandbox.add('allow-scripts');
    frame.srcdoc = `<script>${expression}.then((value) => parent.postMessage(value, '*'))</script>`;
    document.body.append(frame);
  });
}

async function servePages(): Promise<Server> {
  const imports = Object.fromEntries(Object.entries(LIBRARIES).map(([name, file]) => [name, `/${file}`]));
  const page = `<!doctype html><script type="importmap">${JSON.stringify({ imports })}</script>
<script>globalThis.process = { env: { NODE_ENV: 'production' } };</script>
<script type="module">import * as urql from '@urql/core'; globalThis.urql = urql;</script><body></body>`;
  const server = createServer(async ({ url = '' }, response) => {
    const file = FILES.find((name) => url === `/${name}`);
    const type = file === undefined ? 'text/html' : 'text/javascript';
    response.setHeader('content-type', type);
    response.end(file === undefined ? page : await readFile(join(ROOT, file)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

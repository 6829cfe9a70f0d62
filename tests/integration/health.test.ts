/** `/health` and `/ready` as load balancers request them, and a gateway whose broker is not there yet. */
import { connect } from '@nats-io/transport-node';
import { createClient } from 'graphql-ws';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { collect, overWebSocket, post } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/freePort.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { type Gateway, startGateway, startProcess, startWorker } from '../support/processes.ts';
import { exchange } from '../support/rawHttp.ts';

let nats: NatsServer;
/** A gateway without a worker, except in the test that starts one. */
let gateway: Gateway;

beforeAll(async () => {
  nats = await startNats();
  gateway = await startGateway(nats);
});

afterAll(async () => {
  for (const started of [gateway, nats]) await started?.[Symbol.asyncDispose]();
});

interface Ready {
  readonly status: number;
  readonly code: string | undefined;
  readonly problem: string | undefined;
}

async function ready(url: string, query = ''): Promise<Ready> {
  const response = await fetch(new URL(`/ready${query}`, url));
  const { code, problem } = (await response.json()) as Partial<Ready>;
  return { status: response.status, code, problem };
}

describe.each(['/health', '/ready?without=workers'])('%s', (path) => {
  test.each([
    ['HTTP/1.0 without a Host', ` HTTP/1.0\r\n\r\n`],
    ['HTTP/1.1 without a Host', ` HTTP/1.1\r\nConnection: close\r\n\r\n`],
    ['a malformed Host', ` HTTP/1.1\r\nHost: a b:99999\r\nConnection: close\r\n\r\n`],
    ['a foreign Host', ` HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n`],
  ])('answers GET, HEAD and OPTIONS with %s', async (_what, rest) => {
    for (const method of ['GET', 'HEAD', 'OPTIONS']) {
      const answer = await exchange(gateway.url, `${method} ${path}${rest}`);
      expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
      expect(answer).toContain('cache-control: no-store\r\n');
      expect(answer.endsWith('}')).toBe(method !== 'HEAD');
    }
  });

  test('refuses other methods with 405', async () => {
    for (const method of ['POST', 'DELETE', 'TRACE']) {
      const request = `${method} ${path} HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\n\r\n`;
      const answer = await exchange(gateway.url, request);
      expect(answer).toMatch(/^HTTP\/1\.1 405 /);
      expect(answer).toContain('allow: GET, HEAD, OPTIONS\r\n');
    }
  });
});

test("HAProxy's default check, OPTIONS / without a Host, is answered as success", async () => {
  for (const target of ['/', '/?from=balancer']) {
    const answer = await exchange(gateway.url, `OPTIONS ${target} HTTP/1.0\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 302 /);
    expect(answer).toContain('location: /console/\r\n');
  }
});

test('only reading methods are redirected from / to the console: a client would repeat a POST as a GET', async () => {
  const url = new URL('/', gateway.url);
  for (const method of ['GET', 'HEAD', 'OPTIONS']) {
    const { status, headers } = await fetch(url, { method, redirect: 'manual' });
    expect({ status, location: headers.get('location') }).toEqual({ status: 302, location: '/console/' });
  }
  for (const method of ['POST', 'PUT', 'DELETE']) {
    const answer = await fetch(url, { method, redirect: 'manual' });
    expect(answer.status).toBe(404);
    expect(await answer.json()).toEqual({ error: 'There is nothing at /: GraphQL is at /graphql.' });
  }
});

test('GraphQL still needs a Host', async () => {
  const target = 'GET /graphql?query={__typename}';
  for (const rest of ['HTTP/1.0\r\n\r\n', 'HTTP/1.1\r\nConnection: close\r\n\r\n'])
    expect(await exchange(gateway.url, `${target} ${rest}`)).toMatch(/^HTTP\/1\.1 400 /);
});

describe('/ready', () => {
  test('has different codes for a missing worker and a missing broker', async () => {
    expect(await ready(gateway.url)).toMatchObject({ status: 503, code: 'NO_WORKER' });
    expect(await ready(gateway.url, '?without=workers')).toMatchObject({ status: 200 });
    {
      await using _worker = await startWorker(nats);
      await eventually(
        () => ready(gateway.url),
        ({ status }) => status === 200,
      );
    }
    await nats.kill();
    for (const query of ['', '?without=workers'])
      await eventually(
        () => ready(gateway.url, query),
        ({ status, code }) => status === 503 && code === 'NO_BROKER',
      );
    await nats.restart();
    await eventually(
      () => ready(gateway.url, '?without=workers'),
      ({ status }) => status === 200,
    );
  });

  test('lists the possible values of "without" when it gets another one', async () => {
    for (const query of ['?without=broker', '?without=', '?without=workers&without=disk']) {
      const response = await fetch(new URL(`/ready${query}`, gateway.url));
      expect(response.status).toBe(400);
      expect(await response.text()).toContain('without must be workers, got ');
    }
  });

  test('asks the broker at most once a second, however often it is requested', async () => {
    const listener = await connect({ servers: nats.url });
    let asked = 0;
    listener.subscribe('$JS.API.STREAM.INFO.REQUESTS', {
      callback: () => {
        asked++;
      },
    });
    await listener.flush();
    // An answer is kept for a second: on a fast machine all requests may get the one of the test before.
    let answers = 0;
    await eventually(
      async () => {
        answers += (await Promise.all(Array.from({ length: 50 }, () => ready(gateway.url)))).length;
        await listener.flush();
        return { answers, asked };
      },
      (seen) => seen.answers >= 500 && seen.asked > 0,
    );
    // The broker is asked once a second. The limit allows a slow machine a minute for 500 requests.
    expect(asked).toBeLessThan(60);
    await listener.close();
  });
});

test('a gateway whose broker is not there yet is alive, reports that it waits, and serves once the broker is there', async () => {
  const natsPort = await freePort();
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/graphql`;
  await using early = startProcess('src/main.ts', {
    NATS_URL: `nats://127.0.0.1:${natsPort}`,
    PORT: String(port),
  });
  await early.logged('listening, waiting for the broker');
  await early.logged('npm start runs a broker of its own where NATS_URL is unset');
  expect((await fetch(new URL('/health', url))).status).toBe(200);
  for (const query of ['', '?without=workers'])
    expect(await ready(url, query)).toEqual({
      status: 503,
      code: 'NO_BROKER',
      problem: 'waiting for the broker',
    });

  const asked = { query: '{ health { name } }' };
  const json = { 'content-type': 'application/json' };
  const refused = await fetch(url, { method: 'POST', headers: json, body: JSON.stringify(asked) });
  expect(refused.status).toBe(503);
  expect(refused.headers.get('retry-after')).toBe('1');
  expect(await refused.json()).toMatchObject({
    errors: [{ extensions: { code: 'BROKER_UNAVAILABLE', retryAfterMs: 1000 } }],
  });
  const accept = 'application/graphql-response+json';
  const also = await fetch(url, {
    method: 'POST',
    headers: { ...json, accept },
    body: JSON.stringify(asked),
  });
  expect(also.headers.get('content-type')).toContain(accept);
  const page = await fetch(url, { headers: { accept: 'text/html' } });
  expect(await page.text()).toContain('<title>Tidings</title>');

  // EventSource gives up on a status and tries again on a connection that breaks; graphql-ws does so on code 1013.
  await expect(
    fetch(url, { headers: { accept: 'text/event-stream', 'sec-fetch-site': 'same-origin' } }),
  ).rejects.toThrow();
  const tries = Promise.withResolvers<void>();
  const client = createClient({
    url: url.replace('http', 'ws'),
    retryWait: async () => {
      tries.resolve();
      await early.ready;
    },
  });
  const answers = collect(overWebSocket(client, asked.query, {}));
  await tries.promise;

  await using _nats = await startNats({ port: natsPort });
  await early.ready;
  expect(await answers).toEqual([{ data: { health: { name: 'Tidings' } } }]);
  expect(await post(url, asked.query)).toMatchObject({ data: { health: { name: 'Tidings' } } });
  expect(await ready(url, '?without=workers')).toMatchObject({ status: 200 });
  await client.dispose();
});

test.each(['myhost.invalid', '192.0.2.1'])(
  'a gateway whose HOST is not an address of the machine, %s, ends with the reason',
  async (host) => {
    await using gateway = startProcess('src/main.ts', { NATS_URL: nats.url, HOST: host, PORT: '0' });
    expect(await gateway.ended).toBe(78);
    expect(JSON.parse(gateway.output().trim().split('\n').at(-1) ?? '').msg).toMatch(
      `HOST must be an address of this machine, or a name of one, got "${host}" (E`,
    );
  },
);

test('a gateway that is stopped while it waits for its broker ends at once', async () => {
  await using early = startProcess('src/main.ts', {
    NATS_URL: `nats://127.0.0.1:${await freePort()}`,
    PORT: '0',
    DRAIN_MS: '600000',
  });
  await early.logged('listening, waiting for the broker');
  early.kill('SIGTERM');
  expect(await early.ended).toBe(0);
});

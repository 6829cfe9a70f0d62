/** The metrics of a gateway and of a worker that are started by themselves, each at its own port. */
import { once } from 'node:events';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CANCEL_TASK, onlyTask, openSse, post, submitTrip, TASK_RESULT } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { tripNumber } from '../support/predictDirectly.ts';
import { type Gateway, type Process, startGateway, startProcess, startWorker } from '../support/processes.ts';

const METRICS_PORT = '0';
const OPERATOR_TOKEN = 'open-sesame-0123456789';
const ACCEPTED = 'tidings_tasks_accepted_total{model="trip-duration",version="1",lane="interactive"}';
const SECONDS = 'tidings_task_duration_seconds_count{model="trip-duration",version="1"}';
const endedIn = (state: string) =>
  `tidings_tasks_ended_total{model="trip-duration",version="1",state="${state}",code="none"}`;

let nats: NatsServer;
let gateway: Gateway;
let worker: Process;

beforeAll(async () => {
  nats = await startNats();
  [gateway, worker] = await Promise.all([
    startGateway(nats, { METRICS_PORT, OPERATOR_TOKEN }),
    startWorker(nats, { METRICS_PORT }),
  ]);
});

afterAll(async () => {
  for (const started of [worker, gateway, nats]) await started?.[Symbol.asyncDispose]();
});

/** As the process has logged it. */
function urlOf(process: Process, path = '/metrics'): URL {
  const [, url = ''] = /"url":"([^"]+)","msg":"metrics can be read"/.exec(process.output()) ?? [];
  return new URL(path, url);
}

/** The value of a sample, by its name and labels; undefined if there is none. */
async function sampleOf(process: Process, sample: string): Promise<number | undefined> {
  const lines = (await (await fetch(urlOf(process))).text()).split('\n');
  const line = lines.find((each) => each.startsWith(`${sample} `));
  return line === undefined ? undefined : Number(line.slice(sample.length + 1));
}

test('a gateway counts tasks from their acceptance to their end', async () => {
  const counts = () =>
    Promise.all([ACCEPTED, endedIn('SUCCEEDED'), SECONDS].map((each) => sampleOf(gateway, each)));
  const before = await counts();
  await submitTrip(gateway.url, tripNumber(1), { waitMs: 30_000 });
  expect(await counts()).toEqual(before.map((count = Number.NaN) => count + 1));
});

test('the usual counts of a version and of a model begin at 0, so that a rate sees the first event', async () => {
  const version = 'model="trip-duration",version="1"';
  for (const series of [
    `tidings_tasks_accepted_total{${version},lane="bulk"}`,
    `tidings_tasks_ended_total{${version},state="EXPIRED",code="DEADLINE_EXCEEDED"}`,
    `tidings_tasks_ended_total{${version},state="FAILED",code="WORKER_CRASHED"}`,
    'tidings_tasks_refused_total{model="trip-duration",code="QUEUE_FULL"}',
  ])
    expect([series, await sampleOf(gateway, series)]).toEqual([series, 0]);
});

test('a task that is watched at another gateway is counted by the gateway that accepted it only', async () => {
  await using other = await startGateway(nats, { METRICS_PORT });
  const set = (mutation: string) =>
    post(
      gateway.url,
      `mutation { ${mutation}(model: "trip-duration") { name } }`,
      {},
      { authorization: `Bearer ${OPERATOR_TOKEN}` },
    );
  expect(await set('pauseModel')).toMatchObject({ data: {} });
  try {
    const { id } = await submitTrip(gateway.url, tripNumber(3));
    const watching = onlyTask(await openSse(other.url, TASK_RESULT, { id }));
    await eventually(
      () => sampleOf(other, 'tidings_open_tasks'),
      (count) => count === 1,
    );
    await post(gateway.url, CANCEL_TASK, { id });
    expect(await watching).toMatchObject({ id, state: 'CANCELED' });
  } finally {
    await set('resumeModel');
  }
  expect(await sampleOf(gateway, endedIn('CANCELED'))).toBe(1);
  expect(await sampleOf(other, endedIn('CANCELED'))).toBe(0);
  expect(await sampleOf(other, SECONDS)).toBe(0);
});

test('a gateway counts refused tasks by their code', async () => {
  const input = { ...tripNumber(1), pickupLocationId: 999 };
  await expect(submitTrip(gateway.url, input)).rejects.toThrow('BAD_USER_INPUT');
  const refused = 'tidings_tasks_refused_total{model="trip-duration",code="BAD_USER_INPUT"}';
  expect(await sampleOf(gateway, refused)).toBe(1);
});

test('a worker counts its runs', async () => {
  const rows = 'tidings_batch_rows_sum{model="trip-duration",version="1"}';
  const before = (await sampleOf(worker, rows)) ?? 0;
  const options = { waitMs: 30_000 };
  expect(await submitTrip(gateway.url, tripNumber(2), options)).toMatchObject({ state: 'SUCCEEDED' });
  expect(await sampleOf(worker, rows)).toBe(before + 1);
  expect(await sampleOf(worker, 'tidings_served_version_info{model="trip-duration",version="1"}')).toBe(1);
});

test('a gateway tells its connections, and that a worker serves the version', async () => {
  const { port } = new URL(gateway.url);
  const connection = connect(Number(port));
  try {
    await eventually(
      () => sampleOf(gateway, 'tidings_connections'),
      (count = 0) => count >= 1,
    );
  } finally {
    connection.destroy();
  }
  expect(await sampleOf(gateway, 'tidings_workers{model="trip-duration",version="1"}')).toBe(1);
  expect(await sampleOf(gateway, 'tidings_broker_connected')).toBe(1);
});

describe('the port of metrics', () => {
  test('is on loopback, and not that of clients', async () => {
    expect(urlOf(gateway).hostname).toBe('127.0.0.1');
    expect((await fetch(new URL('/metrics', gateway.url))).status).toBe(404);
    expect((await fetch(urlOf(gateway, '/graphql'))).status).toBe(404);
  });

  test.each([
    ['gateway', () => gateway],
    ['worker', () => worker],
  ])('tells that a %s is alive and ready', async (_role, processOf) => {
    for (const path of ['/health', '/ready'])
      expect((await fetch(urlOf(processOf(), path))).status).toBe(200);
  });

  test('answers HEAD without a body, and no other method', async () => {
    const head = await fetch(urlOf(worker), { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
    const post = await fetch(urlOf(worker), { method: 'POST', body: 'x' });
    expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });

  test('is refused to web pages that point a name of their own at this machine', async () => {
    expect(await statusFor(urlOf(gateway), 'evil.example')).toBe(403);
    expect(await statusFor(urlOf(gateway), 'localhost')).toBe(200);
  });

  test('cuts off clients that send many requests and do not read, and answers a scrape beside them', async () => {
    const requests = 'GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(300);
    const greedy = await connected(20);
    for (const { socket } of greedy) socket.pause().write(requests);
    expect(await sampleOf(gateway, 'tidings_broker_connected')).toBe(1);
    for (const { socket, closed } of greedy) {
      socket.resume();
      expect((await closed).split('HTTP/1.1 200').length - 1).toBeLessThanOrEqual(1);
    }
  });

  test('closes the oldest of many idle connections rather than refuse a scrape, and the others later', async () => {
    const idle = await connected(120);
    expect(await sampleOf(gateway, 'tidings_broker_connected')).toBe(1);
    await Promise.all(idle.map(({ closed }) => closed));
  });

  test('finishes a scrape that goes on while many connections come', async () => {
    const [scrape] = await connected(1);
    if (scrape === undefined) throw new Error('there must be a connection');
    // The answer waits for the broker.
    process.kill(nats.pid, 'SIGSTOP');
    try {
      scrape.socket.write('GET /metrics HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n\r\n');
      await once(scrape.socket, 'data');
      const others = await connected(60);
      await Promise.any(others.map(({ closed }) => closed));
      for (const { socket } of others) socket.destroy();
    } finally {
      process.kill(nats.pid, 'SIGCONT');
    }
    expect(await scrape.closed).toContain('\ntidings_broker_connected 1\n');
  });

  test('answers one request for each connection', async () => {
    const { headers } = await fetch(urlOf(gateway));
    expect(headers.get('connection')).toBe('close');
  });

  test('that another process has ends the start with exit code 78, and names the setting', async () => {
    await using second = startProcess('workers/main.ts', {
      NATS_URL: nats.url,
      METRICS_PORT: urlOf(worker).port,
    });
    second.ready.catch(() => {});
    expect(await second.ended).toBe(78);
    expect(second.output()).toContain('METRICS_PORT must be a port that this process can listen on');
  });
});

test('a worker that waits for its broker is alive and not ready', async () => {
  await using waiting = startProcess('workers/main.ts', { NATS_URL: 'nats://127.0.0.1:1', METRICS_PORT });
  waiting.ready.catch(() => {});
  await waiting.logged('metrics can be read');
  expect((await fetch(urlOf(waiting, '/health'))).status).toBe(200);
  const ready = await eventually(
    () => fetch(urlOf(waiting, '/ready')),
    ({ status }) => status === 503,
  );
  expect(await ready.json()).toEqual({ status: 'not ready', problem: 'waiting for the broker' });
});

/** Connections to the gateway's port of metrics. `closed`: what came until the server closed it, or reset it. */
function connected(count: number): Promise<{ socket: Socket; closed: Promise<string> }[]> {
  return Promise.all(
    Array.from({ length: count }, async () => {
      const socket = connect(Number(urlOf(gateway).port), '127.0.0.1');
      let received = '';
      const closed = new Promise<string>((resolve) => socket.once('close', () => resolve(received)));
      socket
        .setEncoding('utf8')
        .on('data', (text) => {
          received += text;
        })
        .on('error', () => {});
      await once(socket, 'connect');
      return { socket, closed };
    }),
  );
}

function statusFor(url: URL, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(url, { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
}

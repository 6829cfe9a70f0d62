/**
 * Clients that try to fill or block a gateway. They run in another thread, so that they do not slow down the client
 * that is measured. The name of the thread says what to do, and it sends a message when it is done.
 */
import { once } from 'node:events';
import { parentPort, workerData } from 'node:worker_threads';
import { WebSocket } from 'ws';

export interface HostileData {
  readonly url: string;
  /** The id of a task that stays open. */
  readonly taskId: string;
  /** The time that each client may take. */
  readonly seconds: number;
}

const REQUESTS = 1_000;
const CLIENTS = 2;
const CONNECTIONS = 200;
const SUBSCRIPTIONS = 20;

const { url, taskId, seconds }: HostileData = workerData;
const twoMegabytes = `[${'{},'.repeat(660_000)}{}]`;
const kept: WebSocket[] = [];

const ATTACKS: Readonly<Record<string, () => Promise<void>>> = {
  'refused operations over POST': () =>
    repeat(REQUESTS, async (i) => {
      await ask(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query: refusedQuery(i) }),
      });
    }),
  'refused operations over GET, from a foreign page': () =>
    repeat(REQUESTS, (i) =>
      ask(`${url}?query=${encodeURIComponent(refusedQuery(i))}`, {
        headers: { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
      }),
    ),
  'refused operations over GET': () =>
    repeat(REQUESTS, (i) =>
      ask(`${url}?query=${encodeURIComponent(refusedQuery(i))}`, {
        headers: { 'apollo-require-preflight': '1' },
      }),
    ),
  'connection_init of 2 MB': () =>
    repeat(CONNECTIONS, async () => {
      const socket = await open();
      const closed = once(socket, 'close');
      socket.send(`{"type":"connection_init","payload":{"x":${twoMegabytes}}}`);
      await closed;
    }),
  'subscriptions with 2 MB that they do not declare': async () => {
    const socket = await open();
    kept.push(socket);
    socket.send('{"type":"connection_init"}');
    await once(socket, 'message');
    const query = 'subscription($id: ID!) { taskResult(id: $id) { id } }';
    for (let i = 0; i < SUBSCRIPTIONS; i++)
      socket.send(
        `{"id":"${i}","type":"subscribe","payload":{"query":"${query}","variables":{"id":"${taskId}","x":${twoMegabytes}}}}`,
      );
    socket.send('{"type":"ping"}');
    await once(socket, 'message');
  },
};

parentPort?.on('message', async (attack: string) => {
  await ATTACKS[attack]?.();
  parentPort?.postMessage(attack);
});

function refusedQuery(i: number): string {
  return `{${'models{name}'.repeat(490)}}#${i} ${Math.random()}`;
}

async function repeat(count: number, act: (i: number) => Promise<void>): Promise<void> {
  const until = performance.now() + seconds * 1_000;
  let next = 0;
  const client = async () => {
    while (next < count && performance.now() < until) await act(next++);
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
}

async function ask(target: string, init: RequestInit): Promise<void> {
  await (await fetch(target, init)).arrayBuffer();
}

async function open(): Promise<WebSocket> {
  const socket = new WebSocket(url.replace('http', 'ws'), 'graphql-transport-ws');
  // A message that is refused before it was sent completely causes a reset.
  socket.on('error', () => {});
  await once(socket, 'open');
  return socket;
}

/** Three real nats-servers that keep copies of each other's streams, for STREAM_REPLICAS=3. */
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { type NatsServer, startNats } from './natsServer.ts';

export interface ClusterServer extends Pick<NatsServer, 'url' | 'pid' | 'kill'> {
  readonly name: string;
  /** Starts the server again. Resolves once its copies have caught up, so that another one may be killed. */
  restart(): Promise<void>;
}

export interface NatsCluster extends AsyncDisposable {
  /** The URLs of all three servers, for NATS_URL. */
  readonly url: string;
  readonly servers: readonly ClusterServer[];
  /** The server that leads a stream now. Waits while there is none. */
  leaderOf(stream: string): Promise<ClusterServer>;
}

const SIZE = 3;
const LIMIT_MS = 30_000;
const PROBE = 'PROBE';

/** Resolves once the cluster can make streams with three copies, after 2 to 4 s. */
export async function startCluster(): Promise<NatsCluster> {
  // Routes must be known before the first server runs, so the ports are chosen here.
  const ports = await freePorts(3 * SIZE);
  const portsOf = (i: number) => ports.slice(3 * i, 3 * i + 3) as [number, number, number];
  const routes = Array.from({ length: SIZE }, (_, i) => `"nats://127.0.0.1:${portsOf(i)[1]}"`);
  await using stack = new AsyncDisposableStack();
  const servers = await Promise.all(
    Array.from({ length: SIZE }, async (_, i): Promise<ClusterServer> => {
      const [port, routePort, monitorPort] = portsOf(i);
      const name = `server-${i}`;
      const config = `server_name: ${name}
http: "127.0.0.1:${monitorPort}"
cluster { name: tests, listen: "127.0.0.1:${routePort}", routes: [${routes.join(', ')}] }
`;
      const server = stack.use(await startNats({ port, config }));
      return {
        name,
        url: server.url,
        get pid() {
          return server.pid;
        },
        kill: server.kill,
        async restart() {
          await server.restart();
          await until(async () => (await fetch(`http://127.0.0.1:${monitorPort}/healthz`)).ok);
        },
      };
    }),
  );
  const urls = servers.map(({ url }) => url);
  await until(() => asking(urls, canReplicate));
  const owned = stack.move();
  return {
    url: urls.join(','),
    servers,
    leaderOf: (stream) =>
      until(() =>
        asking(urls, async (manager) => {
          const { cluster } = await manager.streams.info(stream);
          return servers.find(({ name }) => name === cluster?.leader);
        }),
      ),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

type Manager = Awaited<ReturnType<typeof jetstreamManager>>;

async function canReplicate(manager: Manager): Promise<boolean> {
  await manager.streams.add({ name: PROBE, subjects: ['probe'], num_replicas: SIZE });
  return manager.streams.delete(PROBE);
}

async function asking<T>(urls: string[], ask: (manager: Manager) => Promise<T>): Promise<T> {
  const connection = await connect({ servers: urls });
  try {
    return await ask(await jetstreamManager(connection, { timeout: 1_000, checkAPI: false }));
  } finally {
    await connection.close();
  }
}

/** Repeats a request until there is an answer. There is no event for the end of an election. */
async function until<T>(ask: () => Promise<T | undefined>): Promise<NonNullable<T>> {
  const giveUpAt = performance.now() + LIMIT_MS;
  for (;;) {
    const answer = await ask().catch((error) => {
      if (performance.now() > giveUpAt) throw error;
    });
    if (answer) return answer;
    if (performance.now() > giveUpAt) throw new Error('the cluster did not come to an agreement');
    await delay(50);
  }
}

async function freePorts(count: number): Promise<readonly number[]> {
  const listeners = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(listeners.map((listener) => once(listener, 'listening')));
  const ports = listeners.map((listener) => (listener.address() as AddressInfo).port);
  await Promise.all(listeners.map((listener) => once(listener.close(), 'close')));
  return ports;
}

/**
 * A TCP link to a broker that can go silent without closing, as behind a firewall that drops packets: what is sent is
 * held, new connections are accepted and hear nothing, and nobody is told.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface SilentProxy extends AsyncDisposable {
  /** For `NATS_URL`. */
  readonly url: string;
  /** Forwards nothing from now on, in either direction. */
  goSilent(): void;
  /** Answers the client's pings, and loses all else: the link seems to live. For links with little on them. */
  goDeaf(): void;
  /** Forwards what was held, and all that comes. */
  resume(): void;
  /** Ends every connection, with what was held on it. */
  cut(): void;
}

interface Link {
  readonly client: Socket;
  readonly broker: Socket;
  readonly held: { readonly to: Socket; readonly bytes: Buffer }[];
}

export async function startProxy(target: { readonly port: number }): Promise<SilentProxy> {
  const links = new Set<Link>();
  let mode: 'open' | 'silent' | 'deaf' = 'open';

  const server = createServer({ noDelay: true }, (client) => {
    const link: Link = {
      client,
      broker: connect({ port: target.port, host: '127.0.0.1', noDelay: true }),
      held: [],
    };
    links.add(link);
    const end = () => {
      links.delete(link);
      client.destroy();
      link.broker.destroy();
    };
    for (const [from, to] of [
      [client, link.broker],
      [link.broker, client],
    ] as const) {
      from.on('data', (bytes: Buffer) => {
        if (mode === 'open') to.write(bytes);
        else if (mode === 'silent') link.held.push({ to, bytes });
        else if (from === client && bytes.includes('PING\r\n')) client.write('PONG\r\n');
      });
      from.on('error', end);
      // A silent link does not tell one end that the other has closed.
      from.on('close', () => mode !== 'silent' && end());
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const proxy = {
    url: `nats://127.0.0.1:${(server.address() as AddressInfo).port}`,
    goSilent() {
      mode = 'silent';
    },
    goDeaf() {
      mode = 'deaf';
    },
    resume() {
      mode = 'open';
      for (const { client, broker, held } of links) {
        for (const { to, bytes } of held.splice(0)) to.write(bytes);
        if (client.destroyed) broker.destroy();
        if (broker.destroyed) client.destroy();
      }
    },
    cut() {
      for (const { client, broker } of links) {
        client.destroy();
        broker.destroy();
      }
      links.clear();
    },
    async [Symbol.asyncDispose]() {
      proxy.cut();
      const closed = once(server, 'close');
      server.close();
      await closed;
    },
  };
  return proxy;
}

/**
 * A TCP link to a broker that can go silent without closing, as behind a firewall that drops packets: sent bytes are
 * held, new connections are accepted without an answer, and neither side gets an error.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface SilentProxy extends AsyncDisposable {
  /** The URL for `NATS_URL`. */
  readonly url: string;
  /** Stops forwarding in both directions. */
  goSilent(): void;
  /** Answers the client's pings, and drops everything else: the link seems to work. For links with little traffic. */
  goDeaf(): void;
  /** Drops the next bytes of the client that fit, which must be whole messages. Resolves once they are dropped. */
  lose(next: RegExp): Promise<void>;
  /** Forwards the held bytes, and all new ones. */
  resume(): void;
  /** Ends every connection, and drops the bytes that it held. */
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
  let losing: { readonly next: RegExp; readonly lost: () => void } | undefined;

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
        if (from === client && losing?.next.test(bytes.toString('latin1'))) {
          losing.lost();
          losing = undefined;
        } else if (mode === 'open') to.write(bytes);
        else if (mode === 'silent') link.held.push({ to, bytes });
        else if (from === client && bytes.includes('PING\r\n')) client.write('PONG\r\n');
      });
      from.on('error', end);
      // While the link is silent, one end does not notice that the other has closed.
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
    lose(next: RegExp) {
      const { promise, resolve: lost } = Promise.withResolvers<void>();
      losing = { next, lost };
      return promise;
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

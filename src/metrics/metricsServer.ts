/**
 * `GET /metrics` on a port of its own, so that it is never on the port of clients. `/health` and `/ready` are there, too,
 * for processes that have no other port.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ConfigurationError } from '../contract/errors.ts';
import { CONTENT_TYPE } from './exposition.ts';

export interface MetricsServerOptions {
  /** 0: any free one. */
  readonly port: number;
  readonly host: string;
  /** The text of now. */
  readonly read: () => Promise<string>;
  /** Why the process cannot do its work now; undefined: it can. */
  readonly notReady: () => Promise<string | undefined>;
}

/** A scraper asks each few seconds, and more than one is rare. */
const MAX_CONNECTIONS = 100;
const REQUEST_WITHIN_MS = 5_000;

export class MetricsServer implements AsyncDisposable {
  readonly url: string;
  readonly #close: () => Promise<void>;

  private constructor(url: string, close: () => Promise<void>) {
    this.url = url;
    this.#close = close;
  }

  /** @throws {ConfigurationError} if the port cannot be had. */
  static async open(options: MetricsServerOptions): Promise<MetricsServer> {
    const { host, port } = options;
    const http = createServer({ requestTimeout: REQUEST_WITHIN_MS, headersTimeout: REQUEST_WITHIN_MS });
    http.maxConnections = MAX_CONNECTIONS;
    http.on('request', (request, response) => void answer(request, response, options));
    http.listen({ host, port });
    await once(http, 'listening').catch((cause: NodeJS.ErrnoException) => {
      throw new ConfigurationError(
        `METRICS_PORT must be one that this process can listen on, got ${port} (${cause.code})`,
        { cause },
      );
    });
    const { port: taken } = http.address() as AddressInfo;
    const shown = host.includes(':') ? `[${host}]` : host;
    return new MetricsServer(`http://${shown}:${taken}/metrics`, async () => {
      const closed = once(http, 'close');
      http.close();
      http.closeAllConnections();
      await closed;
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#close();
  }
}

async function answer(
  { method, url = '' }: IncomingMessage,
  response: ServerResponse,
  { read, notReady }: MetricsServerOptions,
): Promise<void> {
  response.setHeader('cache-control', 'no-store');
  response.setHeader('x-content-type-options', 'nosniff');
  if (method !== 'GET' && method !== 'HEAD') {
    response.writeHead(405, { allow: 'GET, HEAD' }).end();
    return;
  }
  try {
    const [status, type, body] = await pageAt(url.split('?')[0] ?? '', { read, notReady });
    response.writeHead(status, { 'content-type': type }).end(method === 'HEAD' ? undefined : body);
  } catch (error) {
    response.writeHead(500, { 'content-type': 'text/plain' }).end(String(error));
  }
}

type Page = readonly [status: number, contentType: string, body: string];

async function pageAt(
  path: string,
  { read, notReady }: Pick<MetricsServerOptions, 'read' | 'notReady'>,
): Promise<Page> {
  const json = (status: number, body: object): Page => [status, 'application/json', JSON.stringify(body)];
  switch (path) {
    case '/metrics':
      return [200, CONTENT_TYPE, await read()];
    case '/health':
      return json(200, { status: 'alive' });
    case '/ready': {
      const problem = await notReady();
      return problem === undefined
        ? json(200, { status: 'ready' })
        : json(503, { status: 'not ready', problem });
    }
    default:
      return json(404, { error: `There is nothing at ${path}: metrics are at /metrics.` });
  }
}

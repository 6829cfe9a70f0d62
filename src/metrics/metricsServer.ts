/**
 * `GET /metrics` on a port of its own, so that it is never on the port of clients. `/health` and `/ready` are there, too,
 * for processes that have no other port.
 */
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ConfigurationError, messageOf } from '../contract/errors.ts';
import { createServer } from '../edge/nodeHttp.ts';
import type { Config } from '../process/config.ts';
import { type Exposed, exposition } from './exposition.ts';

export interface Readiness {
  /** Why the process cannot do its work now; undefined: it can. */
  readonly problem: () => Promise<string | undefined>;
}

export interface MetricsServerOptions extends Readiness {
  readonly config: Pick<Config, 'metricsHost' | 'metricsPort'>;
  /** The families of now. */
  readonly read: () => Promise<readonly Exposed[]>;
}

/** A scraper asks each few seconds, and more than one is rare. */
const MAX_CONNECTIONS = 100;
const REQUEST_WITHIN_MS = 5_000;
const METHODS = ['GET', 'HEAD'];

export class MetricsServer implements AsyncDisposable {
  readonly url: string;
  readonly #close: () => Promise<void>;

  private constructor(url: string, close: () => Promise<void>) {
    this.url = url;
    this.#close = close;
  }

  /** @returns undefined if no port is set. @throws {ConfigurationError} if the port cannot be had. */
  static async open(options: MetricsServerOptions): Promise<MetricsServer | undefined> {
    const { metricsHost: host, metricsPort: port } = options.config;
    if (port === undefined) return undefined;
    const http = createServer({ requestTimeout: REQUEST_WITHIN_MS, headersTimeout: REQUEST_WITHIN_MS });
    http.maxConnections = MAX_CONNECTIONS;
    http.on('request', (request, response) => void answer(request, response, options));
    http.listen({ host, port });
    await once(http, 'listening').catch((cause: NodeJS.ErrnoException) => {
      throw new ConfigurationError(
        `METRICS_PORT must be a port that this process can listen on at METRICS_HOST, got ${port} at ${host} (${cause.code}): each process on a machine needs its own`,
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
  { method = '', url = '', headers }: IncomingMessage,
  response: ServerResponse,
  options: MetricsServerOptions,
): Promise<void> {
  response.setHeader('cache-control', 'no-store');
  response.setHeader('x-content-type-options', 'nosniff');
  if (!METHODS.includes(method)) {
    response.writeHead(405, { allow: METHODS.join(', ') }).end();
    return;
  }
  const [status, type, body] = await pageAt(url.split('?')[0] ?? '', headers.accept, options).catch(
    (error: unknown) => json(500, { error: messageOf(error) }),
  );
  response.writeHead(status, { 'content-type': type }).end(method === 'HEAD' ? undefined : body);
}

type Page = readonly [status: number, contentType: string, body: string];

async function pageAt(
  path: string,
  accept: string | undefined,
  { read, problem: findProblem }: MetricsServerOptions,
): Promise<Page> {
  switch (path) {
    case '/metrics': {
      const { contentType, body } = exposition(await read(), accept);
      return [200, contentType, body];
    }
    case '/health':
      return json(200, { status: 'alive' });
    case '/ready': {
      const problem = await findProblem();
      return problem === undefined
        ? json(200, { status: 'ready' })
        : json(503, { status: 'not ready', problem });
    }
    default:
      return json(404, { error: `There is nothing at ${path}: metrics are at /metrics.` });
  }
}

function json(status: number, body: object): Page {
  return [status, 'application/json', JSON.stringify(body)];
}

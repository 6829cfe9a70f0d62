/**
 * `GET /metrics` on a port of its own, so that it is never on the port of clients. `/health` and `/ready` are there, too,
 * for processes that have no other port.
 */
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { ConfigurationError, messageOf } from '../contract/errors.ts';
import { isLoopbackAddress, isLoopbackHost } from '../edge/hosts.ts';
import { createServer } from '../edge/nodeHttp.ts';
import type { Config } from '../process/config.ts';
import { type Exposed, exposition } from './exposition.ts';
import { answerOncePerConnection } from './shortConnections.ts';

export interface Readiness {
  /** Why the process cannot do its work now; undefined: it can. */
  readonly problem: () => Promise<string | undefined>;
}

export interface MetricsServerOptions extends Readiness {
  readonly config: Pick<Config, 'metricsHost' | 'metricsPort'>;
  /** The families of now. */
  readonly read: () => Promise<readonly Exposed[]>;
}

/**
 * A scraper asks each few seconds, and more than one is rare. Prometheus gives up after 10 s, too. An answer takes
 * milliseconds, or as long as the broker lets its gateway wait.
 */
const LIMITS = { connections: 30, connectionMs: 10_000, answerMs: 5_000 };
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
    const pages = { ...options, read: sharedWhileItGoesOn(options.read) };
    const http = createServer();
    answerOncePerConnection(http, LIMITS, (request, response) => void answer(request, response, pages));
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

/** Requests that come during a read wait for the same one, so there is one at a time. */
function sharedWhileItGoesOn<T>(read: () => Promise<T>): () => Promise<T> {
  let going: Promise<T> | undefined;
  return () => {
    going ??= read().finally(() => {
      going = undefined;
    });
    return going;
  };
}

async function answer(
  { method = '', url = '', headers, socket }: IncomingMessage,
  response: ServerResponse,
  options: MetricsServerOptions,
): Promise<void> {
  response.setHeader('cache-control', 'no-store');
  response.setHeader('x-content-type-options', 'nosniff');
  const [status, type, body] = isForeignPage(headers.host, socket)
    ? json(403, { error: 'On loopback, metrics are asked for under the name localhost or its address.' })
    : await pageFor(method, url, headers.accept, options);
  if (status === 405) response.setHeader('allow', METHODS.join(', '));
  response.writeHead(status, { 'content-type': type }).end(method === 'HEAD' ? undefined : body);
}

/** A web page can point its own name at this machine (DNS rebinding). */
function isForeignPage(host: string | undefined, { localAddress = '' }: Socket): boolean {
  return host !== undefined && isLoopbackAddress(localAddress) && !isLoopbackHost(host);
}

type Page = readonly [status: number, contentType: string, body: string];

async function pageFor(
  method: string,
  url: string,
  accept: string | undefined,
  options: MetricsServerOptions,
): Promise<Page> {
  if (!METHODS.includes(method))
    return json(405, { error: `The method must be one of ${METHODS.join(', ')}, got ${method}.` });
  try {
    return await pageAt(url.split('?')[0] ?? '', accept, options);
  } catch (error) {
    return json(500, { error: messageOf(error) });
  }
}

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

/** Checks every request and every upgrade before any other work: its host, its origin, and how it was sent. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { RequestErrorCode } from '../contract/errors.ts';
import type { Config } from '../process/config.ts';
import type { Logger } from '../process/log.ts';
import { type Refusal, refuse } from './answers.ts';
import { isForBytes } from './byteHandler.ts';
import type { Client, Clients } from './clients.ts';
import { mediaTypeOf, unaskedRefusal } from './csrf.ts';
import { wantsGraphiql } from './graphiql.ts';
import { type HostOptions, Hosts } from './hosts.ts';
import { type OriginOptions, Origins, Sender, type Target } from './origins.ts';
import { setSecurityHeaders } from './securityHeaders.ts';
import { GRAPHQL_PATH, pathOf } from './target.ts';

/**
 * Paths that need no Host: balancers and probes ask by an address, or without a name. HAProxy asks for `/` unless it is
 * configured otherwise. A target that is no path is refused anyway.
 */
const PATHS_OF_ANY_HOST: readonly (string | undefined)[] = ['/health', '/ready', '/', undefined];
const NO_WEB_SOCKET: Refusal = {
  status: 404,
  code: RequestErrorCode.BadRequest,
  message: `There is no WebSocket at this address: GraphQL is at ${GRAPHQL_PATH}.`,
};

export interface AdmissionOptions extends Pick<HostOptions, 'isLocal'> {
  readonly config: HostOptions['config'] & OriginOptions['config'] & Pick<Config, 'graphiql'>;
  readonly clients: Clients;
  readonly log: Logger;
}

export class Admission {
  readonly #hosts: Hosts;
  readonly #origins: Origins;
  readonly #clients: Clients;
  readonly #servesGraphiql: boolean;

  constructor(options: AdmissionOptions) {
    this.#hosts = new Hosts(options);
    this.#origins = new Origins(options);
    this.#clients = options.clients;
    this.#servesGraphiql = options.config.graphiql;
  }

  /** @returns whether the request may go on; otherwise it has been answered. */
  async admits(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    const { headers, rawHeaders } = request;
    const path = pathOf(request);
    const client = this.#clients.of(request);
    setSecurityHeaders(request, response);
    this.#origins.setHeaders(request, response);
    const refusal =
      (PATHS_OF_ANY_HOST.includes(path)
        ? undefined
        : this.#hosts.refusal(rawHeaders, client.forwardedHost)) ??
      this.#senderRefusal(request, path, client);
    if (refusal !== undefined) {
      await refuse(request, response, refusal);
      return false;
    }
    if (!isPreflight(request)) return true;
    this.#origins.answerPreflight(headers, response);
    return false;
  }

  /** Browsers let any page open a WebSocket. They name the page's origin. */
  upgradeRefusal(request: IncomingMessage): Refusal | undefined {
    if (pathOf(request) !== GRAPHQL_PATH) return NO_WEB_SOCKET;
    const { headers, rawHeaders } = request;
    const client = this.#clients.of(request);
    const refusal = this.#hosts.refusal(rawHeaders, client.forwardedHost);
    if (refusal !== undefined) return refusal;
    if (this.#origins.senderOf(headers, targetOf(request, client)) !== Sender.Foreign) return undefined;
    return this.#origins.refusal(headers.origin ?? '');
  }

  #senderRefusal(request: IncomingMessage, path: string | undefined, client: Client): Refusal | undefined {
    const { method, headers } = request;
    const isForGraphql = path === GRAPHQL_PATH && !(this.#servesGraphiql && wantsGraphiql(request));
    // A POST of another media type than JSON is refused for that, also from a foreign page.
    const isOther = method === 'POST' && mediaTypeOf(headers['content-type']) !== 'application/json';
    const forBytes = path !== GRAPHQL_PATH && isForBytes(path);
    if (!isPreflight(request) && !forBytes && (!isForGraphql || isOther)) return undefined;
    const target = targetOf(request, client);
    const sender = this.#origins.senderOf(headers, target);
    if (sender === Sender.Foreign) return this.#origins.refusal(headers.origin ?? '');
    // Bytes are only read by a GET, and a page of another origin cannot see them.
    if (forBytes || (method !== 'GET' && method !== 'HEAD')) return undefined;
    return this.#origins.admitsEventSource(headers, target) ? undefined : unaskedRefusal(headers, sender);
  }
}

function targetOf({ headers }: IncomingMessage, { forwardedHost, isEncrypted }: Client): Target {
  return { host: forwardedHost ?? headers.host, isEncrypted };
}

/** Whether it is a preflight: a browser asks what a page may send. */
function isPreflight({ method, headers }: IncomingMessage): boolean {
  return method === 'OPTIONS' && 'origin' in headers && 'access-control-request-method' in headers;
}

/** Checks every request and every upgrade before any other work: its host, its origin, and how it was sent. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { RequestErrorCode } from '../contract/errors.ts';
import type { Logger } from '../process/log.ts';
import { type Refusal, refuse } from './answers.ts';
import { mediaTypeOf, unaskedRefusal } from './csrf.ts';
import { wantsGraphiql } from './graphiql.ts';
import { type HostOptions, Hosts } from './hosts.ts';
import { type OriginOptions, Origins, Sender } from './origins.ts';
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
  readonly config: HostOptions['config'] & OriginOptions['config'];
  readonly log: Logger;
}

export class Admission {
  readonly #hosts: Hosts;
  readonly #origins: Origins;

  constructor(options: AdmissionOptions) {
    this.#hosts = new Hosts(options);
    this.#origins = new Origins(options);
  }

  /** @returns whether the request may go on; otherwise it has been answered. */
  async admits(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    const { headers, rawHeaders } = request;
    const path = pathOf(request);
    this.#origins.setHeaders(request, response);
    const refusal =
      (PATHS_OF_ANY_HOST.includes(path) ? undefined : this.#hosts.refusal(rawHeaders)) ??
      this.#senderRefusal(request, path);
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
    const refusal = this.#hosts.refusal(rawHeaders);
    if (refusal !== undefined || this.#origins.senderOf(headers) !== Sender.Foreign) return refusal;
    return this.#origins.refusal(headers.origin ?? '');
  }

  #senderRefusal(request: IncomingMessage, path: string | undefined): Refusal | undefined {
    const { method, headers } = request;
    const isForGraphql = path === GRAPHQL_PATH && !wantsGraphiql(request);
    // A POST of another media type than JSON is refused for that, also from a foreign page.
    const isOther = method === 'POST' && mediaTypeOf(headers['content-type']) !== 'application/json';
    if (!isPreflight(request) && (!isForGraphql || isOther)) return undefined;
    const sender = this.#origins.senderOf(headers);
    if (sender === Sender.Foreign) return this.#origins.refusal(headers.origin ?? '');
    if (method !== 'GET' && method !== 'HEAD') return undefined;
    return this.#origins.admitsEventSource(headers) ? undefined : unaskedRefusal(headers, sender);
  }
}

/** Whether it is a preflight: a browser asks what a page may send. */
function isPreflight({ method, headers }: IncomingMessage): boolean {
  return method === 'OPTIONS' && 'origin' in headers && 'access-control-request-method' in headers;
}

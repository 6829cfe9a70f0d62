/** What every request and every upgrade passes before anything is done for it: its host, its origin, and how it was sent. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { RequestErrorCode } from '../errors.ts';
import type { Logger } from '../log.ts';
import { type Refusal, refuse } from './answers.ts';
import { mediaTypeOf, unaskedRefusal } from './csrf.ts';
import { wantsGraphiql } from './graphiql.ts';
import { type HostRules, hostRefusal } from './hosts.ts';
import { type OriginOptions, Origins, Sender } from './origins.ts';

export const GRAPHQL_PATH = '/graphql';
/**
 * For balancers and probes, which ask by an address, or by no name at all; HAProxy asks for `/` unless it is told another
 * path. A target that is no path is refused anyway.
 */
const PATHS_OF_ANY_HOST: readonly (string | undefined)[] = ['/health', '/ready', '/', undefined];
const NO_WEB_SOCKET: Refusal = {
  status: 404,
  code: RequestErrorCode.BadRequest,
  message: `There is no WebSocket at this address: GraphQL is at ${GRAPHQL_PATH}.`,
};

export interface AdmissionOptions {
  readonly config: HostRules & OriginOptions['config'];
  readonly log: Logger;
}

export class Admission {
  readonly #hosts: HostRules;
  readonly #origins: Origins;

  constructor({ config, log }: AdmissionOptions) {
    this.#hosts = config;
    this.#origins = new Origins({ config, log });
  }

  /** @returns whether the request may go on; otherwise it has been answered. */
  async admits(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    const { headers, rawHeaders } = request;
    const path = pathOf(request);
    this.#origins.setHeaders(request, response);
    const refusal =
      (PATHS_OF_ANY_HOST.includes(path) ? undefined : hostRefusal(rawHeaders, this.#hosts)) ??
      this.#senderRefusal(request, path);
    if (refusal !== undefined) {
      await refuse(request, response, refusal);
      return false;
    }
    if (!isPreflight(request)) return true;
    this.#origins.answerPreflight(headers, response);
    return false;
  }

  /** Browsers open a WebSocket for any page without asking, and name the page's origin. */
  upgradeRefusal(request: IncomingMessage): Refusal | undefined {
    if (pathOf(request) !== GRAPHQL_PATH) return NO_WEB_SOCKET;
    const { headers, rawHeaders } = request;
    const refusal = hostRefusal(rawHeaders, this.#hosts);
    if (refusal !== undefined || this.#origins.senderOf(headers) !== Sender.Foreign) return refusal;
    return this.#origins.refusal(headers.origin ?? '');
  }

  #senderRefusal(request: IncomingMessage, path: string | undefined): Refusal | undefined {
    const { method, headers } = request;
    const isForGraphql = path === GRAPHQL_PATH && !wantsGraphiql(request);
    // A POST of anything but JSON is refused for its media type, whoever sends it.
    const isOther = method === 'POST' && mediaTypeOf(headers['content-type']) !== 'application/json';
    if (!isPreflight(request) && (!isForGraphql || isOther)) return undefined;
    const sender = this.#origins.senderOf(headers);
    if (sender === Sender.Foreign) return this.#origins.refusal(headers.origin ?? '');
    return method === 'GET' || method === 'HEAD' ? unaskedRefusal(headers, sender) : undefined;
  }
}

/** @returns undefined for a target that is no path: one of a proxy, or `*`. */
export function pathOf({ url = '' }: IncomingMessage): string | undefined {
  if (url === GRAPHQL_PATH) return url;
  return url.startsWith('/') && !url.startsWith('//') ? url.split('?', 1)[0] : undefined;
}

/** A browser that asks what a page may send. */
function isPreflight({ method, headers }: IncomingMessage): boolean {
  return method === 'OPTIONS' && 'origin' in headers && 'access-control-request-method' in headers;
}

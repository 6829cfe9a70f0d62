/**
 * Decides which web pages may use the gateway (CORS). Browsers name a page's origin in `Origin`, which no page can
 * forge. They send a preflight before any request of a page of another origin that a form could not send.
 */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { RequestErrorCode } from '../contract/errors.ts';
import type { Config } from '../process/config.ts';
import type { Logger } from '../process/log.ts';
import { type Refusal, VARY } from './answers.ts';
import { MediaType } from './mediaTypes.ts';
import { admittingSetting, shownPart, ToldOnce } from './toldOnce.ts';

/** The sender of a request, as far as its headers tell. */
export const Sender = {
  /** A page of an allowed origin, or of the gateway itself. */
  Admitted: 'ADMITTED',
  Foreign: 'FOREIGN',
  /** A program; or a page with a request for which browsers send no origin, such as that for an image. */
  Unknown: 'UNKNOWN',
} as const;
export type Sender = (typeof Sender)[keyof typeof Sender];

/** Where a request was sent to, as its client knows it. */
export interface Target {
  readonly host: string | undefined;
  /** Whether it is known that the client speaks TLS. Behind a proxy it may be unknown. */
  readonly isEncrypted: boolean;
}

export interface OriginOptions {
  readonly config: Pick<Config, 'allowedOrigins'>;
  readonly log: Logger;
}

/** How long a browser may cache the answer to a preflight, in seconds. Chromium caches nothing longer. */
const MAX_AGE_S = 7_200;
/** The headers of answers that a page may read, beside those of every answer. */
const EXPOSED = 'retry-after, allow, www-authenticate, accept-ranges, content-range, etag, location';
const HEADER_NAMES = /^[\w!#$%&'*+.^`|~-]+(?:[ \t]*,[ \t]*[\w!#$%&'*+.^`|~-]+)*$/;

export class Origins {
  readonly #allowed: readonly string[];
  readonly #log: Logger;
  readonly #told = new ToldOnce();

  constructor({ config, log }: OriginOptions) {
    this.#allowed = config.allowedOrigins;
    this.#log = log;
  }

  senderOf(headers: IncomingHttpHeaders, target: Target): Sender {
    const { origin } = headers;
    // Only browsers set Sec-Fetch-Site. A proxy may have put another name into Host.
    const isOwn = headers['sec-fetch-site'] === 'same-origin';
    if (origin === undefined) return isOwn ? Sender.Admitted : Sender.Unknown;
    if (origin === 'null') return Sender.Foreign;
    return isOwn || this.#isAllowed(origin) || isOriginOf(origin, target) ? Sender.Admitted : Sender.Foreign;
  }

  /**
   * Whether the `Referer` shows that an `EventSource` belongs to an admitted page. A page can suppress it but not forge
   * it. Over plain http, to a name that is not loopback, browsers send no other sign with a GET of the same origin.
   */
  admitsEventSource({ accept, referer, ...headers }: IncomingHttpHeaders, target: Target): boolean {
    if (accept !== MediaType.EventStream || referer === undefined) return false;
    if (headers.origin !== undefined || headers['sec-fetch-site'] !== undefined) return false;
    const origin = URL.parse(referer)?.origin ?? 'null';
    return this.#isAllowed(origin) || isOriginOf(origin, target);
  }

  /** Sets the CORS headers of every answer. Refusals have them, too, so that a page can read the reason. */
  setHeaders({ method, headers: { origin } }: IncomingMessage, response: ServerResponse): void {
    // A program's POST gets `VARY` with its other headers. After one `setHeader`, Node sets each of the others
    // separately: 3 µs, a twelfth of the edge's time for a POST.
    if (origin === undefined && method === 'POST') return;
    response.setHeader('vary', VARY);
    if (origin === undefined || !this.#isAllowed(origin)) return;
    response.setHeader('access-control-allow-origin', this.#allowed.includes('*') ? '*' : origin);
    response.setHeader('access-control-expose-headers', EXPOSED);
  }

  /** Answers the preflight for a page of an admitted origin. */
  answerPreflight(headers: IncomingHttpHeaders, response: ServerResponse): void {
    response.setHeader('vary', `${VARY}, Access-Control-Request-Headers`);
    response.setHeader('access-control-allow-methods', 'GET, HEAD, POST, PUT');
    response.setHeader('access-control-max-age', MAX_AGE_S);
    // All requested headers are allowed: the gateway uses no cookies, so a page can do no more than a program.
    const asked = headers['access-control-request-headers'];
    if (asked !== undefined && HEADER_NAMES.test(asked))
      response.setHeader('access-control-allow-headers', asked);
    response.writeHead(204).end();
  }

  /** The refusal of a foreign page. Its origin is logged the first time. */
  refusal(origin: string): Refusal {
    const isOpaque = origin === 'null';
    const neverAdmitted =
      'A page without an origin of its own, such as one in a sandboxed frame, is never admitted.';
    const shown = shownPart(origin);
    if (this.#told.isNew(origin)) {
      const howTo = isOpaque ? neverAdmitted : admittingSetting('ALLOWED_ORIGINS', this.#allowed, origin);
      this.#log.warn({ origin: shown, howTo }, 'refused a web page of another origin (told once per origin)');
    }
    const wayOut = isOpaque ? neverAdmitted : 'If it is a page of yours, add it to ALLOWED_ORIGINS.';
    return {
      status: 403,
      code: RequestErrorCode.OriginNotAllowed,
      message: `Web pages of the origin ${JSON.stringify(shown)} may not use this gateway. ${wayOut}`,
    };
  }

  #isAllowed(origin: string): boolean {
    return this.#allowed.includes(origin) || (this.#allowed.includes('*') && origin !== 'null');
  }
}

/** Whether the origin is the gateway's own, by the name that was asked for. GraphiQL's page has it. */
function isOriginOf(origin: string, { host, isEncrypted }: Target): boolean {
  if (host === undefined) return false;
  const name = host.toLowerCase();
  if (origin === `https://${without(name, ':443')}`) return true;
  return !isEncrypted && origin === `http://${without(name, ':80')}`;
}

/** Browsers leave out the port of an origin if it is the scheme's default. */
function without(host: string, usualPort: string): string {
  return host.endsWith(usualPort) ? host.slice(0, -usualPort.length) : host;
}

/**
 * The server with TLS: HTTP/2, and HTTP/1.1 for other clients and for WebSockets.
 *
 * Requests of HTTP/2 look like those of HTTP/1.1 to all other code (`Request`, `Response`), so that its limits hold for
 * them. A connection here is the TLS socket, with all its streams. What HTTP/2 adds has limits of its own: streams of a
 * connection, streams that are reset at once, headers, frames that are wrong or ask for an answer.
 */
import type { Server as HttpServer } from 'node:http';
import {
  constants,
  createSecureServer,
  Http2ServerRequest,
  Http2ServerResponse,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Config } from '../process/config.ts';
import { type ArrivalConfig, arrivalMs } from './arrivalTime.ts';
import type { CertifiedKey } from './certificate.ts';

interface SecureServerOptions {
  readonly certificate: CertifiedKey;
  readonly config: ArrivalConfig & Pick<Config, 'keepAliveMs'>;
  /** Those of `node:http`, for HTTP/1.1. */
  readonly http1Options: Readonly<Record<string, unknown>>;
}

/** Requests and subscriptions at a time on one connection. Browsers queue more; a WebSocket may have as many. */
const MAX_STREAMS = 100;
/** As of HTTP/1.1. A header counts 32 bytes more. Until a client has confirmed the settings, nghttp2's 64 KiB count. */
const MAX_HEADER_BYTES = 16 * 1024;
/** Streams that a client may reset: at once, and a second. Beyond that its connection ends. */
const RESET_BURST = 200;
const RESETS_A_SECOND = 20;

const LIMITS = {
  settings: { maxConcurrentStreams: MAX_STREAMS, maxHeaderListSize: MAX_HEADER_BYTES, enablePush: false },
  maxHeaderListPairs: 100,
  maxSessionInvalidFrames: 50,
  maxSessionRejectedStreams: 50,
  maxOutstandingPings: 10,
  maxOutstandingSettings: 10,
  maxSettings: 32,
  streamResetBurst: RESET_BURST,
  streamResetRate: RESETS_A_SECOND,
} as const;

/** The socket of each session. A session's own `socket` throws after its end, when limits still have to be counted. */
type Sockets = WeakMap<object, TLSSocket>;

export function createSecure({ certificate, config, http1Options }: SecureServerOptions) {
  const sockets: Sockets = new WeakMap();
  const server = createSecureServer({
    ...certificate,
    ...LIMITS,
    allowHTTP1: true,
    http1Options,
    handshakeTimeout: config.requestTimeoutMs,
    Http2ServerRequest: requestClass(sockets),
    Http2ServerResponse: Response,
  });
  const connections = new Set<Socket>();
  server.on('connection', (socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
  });
  // A session is made while this event is told.
  let newest: TLSSocket | undefined;
  server.prependListener('secureConnection', (socket) => {
    newest = socket;
  });
  server.on('session', (session) => {
    if (newest !== undefined) sockets.set(session, newest);
    limitTimes(session, config);
  });
  return Object.assign(server, {
    closeAllConnections() {
      for (const socket of connections) socket.destroy();
    },
    // The types of Node know HTTP/1.1 only. `Request` and `Response` have the members that are used here.
  }) as unknown as HttpServer & Pick<typeof server, 'setSecureContext'>;
}

/** The times that Node limits for HTTP/1.1: until a first request, between requests, until a request is whole. */
function limitTimes(session: ServerHttp2Session, config: SecureServerOptions['config']): void {
  const { requestTimeoutMs, keepAliveMs } = config;
  // A client that says nothing more, or sends a part of a header for ever, does not answer a polite end either.
  const end = () => session.destroy();
  let open = 0;
  let idle = setTimeout(end, requestTimeoutMs);
  session.on('stream', (stream, headers) => {
    clearTimeout(idle);
    open++;
    const { ':method': method, ':path': url } = headers;
    limitBody(stream, arrivalMs({ method, url, headers }, config));
    stream.once('close', () => {
      if (--open === 0 && !session.closed) idle = setTimeout(end, keepAliveMs);
    });
  });
  session.on('error', () => session.destroy());
  session.once('close', () => clearTimeout(idle));
}

function limitBody(stream: ServerHttp2Stream, arrivalMs: number): void {
  if (stream.endAfterHeaders) return;
  const slowness = setTimeout(() => stream.close(constants.NGHTTP2_CANCEL), arrivalMs);
  const stop = () => clearTimeout(slowness);
  stream.once('end', stop).once('close', stop);
}

// The members that Node's own classes lack, or have with another meaning, are set on each object: they are declared as
// plain members, so a class could not override them.

function requestClass(sockets: Sockets) {
  return class Request extends Http2ServerRequest {
    constructor(...args: ConstructorParameters<typeof Http2ServerRequest>) {
      super(...args);
      const { headers, stream } = this;
      headers.host ??= headers[':authority'];
      // Node's own would be another object for each stream.
      Object.defineProperty(this, 'socket', { value: sockets.get(Object(stream.session)) });
    }
  };
}

class Response extends Http2ServerResponse {
  constructor(...args: ConstructorParameters<typeof Http2ServerResponse>) {
    super(...args);
    const { stream } = this;
    Object.defineProperties(this, {
      closed: { get: () => stream.closed },
      destroyed: { get: () => stream.destroyed },
    });
  }

  /** A refusal need not wait for the rest of a request: it does not end the connection. */
  get shouldKeepAlive(): boolean {
    return true;
  }

  /** `false` ends the connection after the answers under way. */
  set shouldKeepAlive(isKept: boolean) {
    if (!isKept) this.stream.session?.close();
  }
}

/** Answers in JSON, and refusals in the form that every GraphQL client reads. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { finished } from 'node:stream/promises';
import { type RequestError, RequestErrorCode } from '../contract/errors.ts';
import { errorType, MediaType } from './mediaTypes.ts';
import { STATUS_CODES } from './nodeHttp.ts';
import { NO_SNIFFING } from './securityHeaders.ts';

/** The request headers that an answer depends on. */
export const VARY = 'Origin, Accept';

/** A request that is not executed. */
export interface Refusal {
  readonly status: number;
  readonly code: RequestErrorCode;
  readonly message: string;
  /** Further members of `extensions`. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
}

type RefusedForNow = Pick<RequestError, 'code' | 'message' | 'details'>;

/** A refusal of a request that may succeed later. Over HTTP a header says when, too. */
export function unavailable({ code, message, details }: RefusedForNow): Refusal {
  const retryAfterSeconds = Math.ceil(Number(details.retryAfterMs) / 1_000);
  return { status: 503, code, message, details, headers: { 'retry-after': String(retryAfterSeconds) } };
}

/** A refusal of a client that was not recognised, or whose tries are too many. */
export function notRecognised({ code, message, details }: RequestError): Refusal {
  if (code === RequestErrorCode.Forbidden) return { status: 403, code, message, details };
  if (code === RequestErrorCode.Unauthenticated)
    return { status: 401, code, message, details, headers: { 'www-authenticate': 'Bearer realm="Tidings"' } };
  const refusal = unavailable({ code, message, details });
  return code === RequestErrorCode.TooManyAttempts ? { ...refusal, status: 429 } : refusal;
}

/** Thrown when a request is refused. */
export class RequestRefused extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.message);
    this.name = 'RequestRefused';
    this.refusal = refusal;
  }
}

/** Answers with one error. Node drops the rest of the request's body. */
export async function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  { status, code, message, details, headers = {} }: Refusal,
): Promise<void> {
  if (!response.shouldKeepAlive) {
    // Node closes such a connection at the end of the answer. A client that is still sending would then not get the
    // answer.
    request.resume();
    await finished(request).catch(() => {});
  }
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  const body = { errors: [{ message, extensions: { ...details, code } }] };
  answerJson(response, status, body, errorType(request.headers.accept));
}

export function answerJson(
  response: ServerResponse,
  status: number,
  body: object,
  mediaType: MediaType = MediaType.Json,
): void {
  // Node sends a text together with the headers, but bytes in a second packet.
  const text = JSON.stringify(body);
  const length = Buffer.byteLength(text);
  const headers = {
    'content-type': `${mediaType}; charset=utf-8`,
    'content-length': length,
    vary: VARY,
    ...NO_SNIFFING,
  };
  response.writeHead(status, headers).end(text);
}

/** Answers an upgrade or a connection with one error, and ends the connection. */
export function refuseConnection(
  socket: Duplex,
  { status, code, message, details, headers: further = {} }: Refusal,
): void {
  // Node removes its own listeners before an upgrade. Without this one, a client that resets now would end the process.
  socket.on('error', () => socket.destroy());
  socket.once('finish', () => socket.destroy());
  const body = JSON.stringify({ errors: [{ message, extensions: { ...details, code } }] });
  const headers = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'connection: close',
    ...Object.entries(further).map(([name, value]) => `${name}: ${value}`),
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
  ];
  socket.end(`${headers.join('\r\n')}\r\n\r\n${body}`);
}

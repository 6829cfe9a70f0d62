/** Sends HTTP answers in parts: each event of a subscription as soon as it exists. */
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { constants, type Http2ServerResponse } from 'node:http2';
import type { ExecutionResult, GraphQLError } from 'graphql';
import { VARY } from './answers.ts';
import { NO_SNIFFING } from './securityHeaders.ts';

/** Makes proxies pass on each event at once: nginx buffers answers, others compress them. */
export const STREAM_HEADERS = {
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
  vary: VARY,
  ...NO_SNIFFING,
};
const SIGN_OF_LIFE_EVERY_MS = 12_000;

/** The text around and between events. */
export interface Framing {
  readonly headers: OutgoingHttpHeaders;
  /** Sent at once, for clients that wait for a first byte. */
  readonly start: string;
  /** Clients ignore it. It shows proxies that the connection lives. */
  readonly signOfLife: string;
  readonly event: (result: ExecutionResult) => string;
  /** Tells clients that no more events come. */
  readonly end: string;
}

interface EventStream {
  readonly framing: Framing;
  /** @default 200 */
  readonly status?: number;
  /** Several events (their iterator is ended when the client leaves), or a single answer. */
  readonly results: AsyncIterableIterator<ExecutionResult> | ExecutionResult;
  /** Turns an answer, or a thrown error, into what the client may see. */
  readonly present: (result: ExecutionResult) => ExecutionResult;
  /** Aborted when the server stops. */
  readonly stopping: AbortSignal;
  /** Aborted when the client may see no more events. Its reason is the last one. */
  readonly ending?: AbortSignal;
}

/**
 * Sends each event as it comes. The next event is requested only after the one before has left. An error is an event,
 * too, except while the server stops: then the stream is cut off.
 */
export async function streamEvents(
  response: ServerResponse,
  { framing, status = 200, results, present, stopping, ending }: EventStream,
): Promise<void> {
  const output = new Output(response);
  const send = (result: ExecutionResult) => output.add(framing.event(present(result)));
  response.writeHead(status, framing.headers);
  output.add(framing.start);
  const signs = setInterval(
    () => !response.writableNeedDrain && output.add(framing.signOfLife),
    SIGN_OF_LIFE_EVERY_MS,
  );
  try {
    await (Symbol.asyncIterator in results
      ? sendAll({ events: results, ending }, response, send)
      : send(results));
  } catch (error) {
    if (stopping.aborted) return cutOff(response);
    await send({ errors: [error as GraphQLError] });
  } finally {
    clearInterval(signs);
  }
  output.end(framing.end);
}

async function sendAll(
  {
    events,
    ending,
  }: { readonly events: AsyncIterableIterator<ExecutionResult>; readonly ending: AbortSignal | undefined },
  response: ServerResponse,
  send: (result: ExecutionResult) => Promise<unknown> | undefined,
): Promise<void> {
  // If the client has left already, the iterator would otherwise live until its task's end.
  const end = () => void events.return?.();
  if (response.closed) return end();
  response.once('close', end);
  ending?.addEventListener('abort', end);
  for await (const event of events) {
    if (ending?.aborted) break;
    await send(event);
  }
  response.off('close', end);
  ending?.throwIfAborted();
}

/** The texts of a response. All texts of one turn of the event loop leave in one write. */
class Output {
  readonly #response: ServerResponse;
  #waiting = '';

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  /** @returns once the text has left, if many bytes wait before it; at once for a client that reads. */
  add(text: string): Promise<unknown> | undefined {
    if (this.#waiting === '') setImmediate(() => this.#write());
    this.#waiting += text;
    const { writableLength, writableHighWaterMark } = this.#response;
    if (this.#waiting.length + writableLength < writableHighWaterMark) return undefined;
    return this.#write() ? undefined : drained(this.#response);
  }

  end(text: string): void {
    const rest = this.#waiting + text;
    this.#waiting = '';
    this.#response.end(rest);
  }

  #write(): boolean {
    const text = this.#waiting;
    this.#waiting = '';
    return text === '' || this.#response.destroyed || this.#response.write(text);
  }
}

/** Waits until the client has read what waits for it, or has left. */
export function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.on('drain', done).on('close', done);
  });
}

/**
 * Cuts a stream off after the written events. Clients take that for a broken connection, connect again and subscribe to
 * the same id. After a proper end, or an error, they would not.
 */
export function cutOff(response: ServerResponse): void {
  // The output of the present turn of the event loop leaves at its end, so this waits for it.
  setImmediate(() => {
    // Over HTTP/2 other answers share the connection.
    if (isHttp2(response)) response.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    else response.socket?.destroySoon();
  });
}

function isHttp2(response: ServerResponse | Http2ServerResponse): response is Http2ServerResponse {
  return 'stream' in response;
}

/** Answers over HTTP that come in parts: the events of a subscription, each as soon as it is there. */
import { once } from 'node:events';
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { ExecutionResult, GraphQLError } from 'graphql';
import { VARY } from './answers.ts';

/** Proxies shall hand on each event as it comes: nginx buffers answers, others compress them. */
export const STREAM_HEADERS = {
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
  vary: VARY,
};
const SIGN_OF_LIFE_EVERY_MS = 12_000;

/** How events are written one after the other. */
export interface Framing {
  readonly headers: OutgoingHttpHeaders;
  /** Comes at once, for clients that wait for a first byte. */
  readonly start: string;
  /** Clients leave it out; proxies see that the connection lives. */
  readonly signOfLife: string;
  readonly event: (result: ExecutionResult) => string;
  /** Tells clients that no more events come. */
  readonly end: string;
}

interface EventStream {
  readonly framing: Framing;
  /** @default 200 */
  readonly status?: number;
  /** Several, whose iterator is ended when the client leaves, or one. */
  readonly results: AsyncIterableIterator<ExecutionResult> | ExecutionResult;
  /** Makes of what was thrown or answered what the client may see. */
  readonly present: (result: ExecutionResult) => ExecutionResult;
  /** Aborted when the server stops. */
  readonly stopping: AbortSignal;
}

/**
 * Answers with each event as it comes, the next one asked for only when the one before has been handed on. What goes
 * wrong is an event too, except while the server stops: then the stream is cut off.
 */
export async function streamEvents(
  response: ServerResponse,
  { framing, status = 200, results, present, stopping }: EventStream,
): Promise<void> {
  const left = new Promise<void>((resolve) => response.once('close', resolve));
  /** What one turn of the event loop has to say leaves in one write. */
  const write = (text: string) => {
    response.cork();
    setImmediate(() => response.uncork());
    return response.write(text);
  };
  const send = async (result: ExecutionResult) => {
    const isTaken = write(framing.event(present(result)));
    if (!isTaken) await Promise.race([once(response, 'drain'), left]);
  };
  const sendAll = async (events: AsyncIterableIterator<ExecutionResult>) => {
    // One that arrives after its client has left would stay until its task's end.
    const end = () => void events.return?.();
    if (response.closed) return end();
    left.then(end);
    for await (const event of events) await send(event);
  };
  response.writeHead(status, framing.headers);
  write(framing.start);
  const signs = setInterval(
    () => !response.writableNeedDrain && write(framing.signOfLife),
    SIGN_OF_LIFE_EVERY_MS,
  );
  try {
    await (Symbol.asyncIterator in results ? sendAll(results) : send(results));
  } catch (error) {
    if (stopping.aborted) return cutOff(response);
    await send({ errors: [error as GraphQLError] });
  } finally {
    clearInterval(signs);
  }
  response.end(framing.end);
}

/**
 * Ends a stream without its end, behind what has been written. Clients take that for a broken connection, connect again
 * and subscribe to the same id; an end, or an error, they would take for the last word.
 */
export function cutOff({ socket }: ServerResponse): void {
  // What one turn of the event loop has to say leaves at its end.
  setImmediate(() => socket?.destroySoon());
}

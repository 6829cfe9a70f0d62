/** Subscriptions over Server-Sent Events: the "distinct connections mode" of the GraphQL over SSE protocol. */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { ExecutionResult, GraphQLError } from 'graphql';
import { isAsyncIterable } from 'graphql-yoga';

export const EVENT_STREAM = 'text/event-stream';
/** Proxies shall hand on each event as it comes: nginx buffers answers, others compress them. */
export const STREAM_HEADERS = {
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
};
const HEADERS = { 'content-type': EVENT_STREAM, ...STREAM_HEADERS };
/** A line that clients leave out: the connection is seen to live, and clients that wait for a first byte go on. */
const COMMENT = ':\n\n';
const COMMENT_EVERY_MS = 12_000;
const COMPLETE = 'event: complete\ndata:\n\n';

export interface EventStream {
  /** Is called once. Its iterator is ended when the client leaves. */
  readonly subscribe: () => Promise<AsyncIterableIterator<ExecutionResult> | ExecutionResult>;
  /** Makes of what was thrown or answered what the client may see. */
  readonly present: (result: ExecutionResult) => ExecutionResult;
  /** Aborted when the server stops. */
  readonly stopping: AbortSignal;
}

/**
 * Answers once it has subscribed: with each event as it comes, the next one asked for only when the one before has been
 * handed on. What goes wrong is an event too, except while the server stops: then the stream is cut off.
 */
export async function streamEvents(
  response: ServerResponse,
  { subscribe, present, stopping }: EventStream,
): Promise<void> {
  const left = new Promise<void>((resolve) => response.once('close', resolve));
  /** What one turn of the event loop has to say leaves in one write. */
  const write = (text: string) => {
    response.cork();
    setImmediate(() => response.uncork());
    return response.write(text);
  };
  const send = async (result: ExecutionResult) => {
    const isTaken = write(`event: next\ndata: ${JSON.stringify(present(result))}\n\n`);
    if (!isTaken) await Promise.race([once(response, 'drain'), left]);
  };
  const sendAll = async (results: AsyncIterableIterator<ExecutionResult>) => {
    left.then(() => results.return?.());
    // One that arrives after its client has left would stay until its task's end.
    if (!response.closed) for await (const result of results) await send(result);
  };
  const subscribed = await subscribe().catch(asResult);
  response.writeHead(200, HEADERS);
  write(COMMENT);
  const comments = setInterval(() => !response.writableNeedDrain && write(COMMENT), COMMENT_EVERY_MS);
  try {
    await (isAsyncIterable(subscribed) ? sendAll(subscribed) : send(subscribed));
  } catch (error) {
    if (stopping.aborted) return cutOff(response);
    await send(asResult(error));
  } finally {
    clearInterval(comments);
  }
  response.end(COMPLETE);
}

/**
 * Ends a stream without `complete`, behind what has been written. Clients take that for a broken connection, connect
 * again and subscribe to the same id; a `complete`, or an error, they would take for the end.
 */
export function cutOff({ socket }: ServerResponse): void {
  // What one turn of the event loop has to say leaves at its end.
  setImmediate(() => socket?.destroySoon());
}

function asResult(error: unknown): ExecutionResult {
  return { errors: [error as GraphQLError] };
}

/** Subscriptions over Server-Sent Events: the "distinct connections mode" of the GraphQL over SSE protocol. */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { ExecutionResult, GraphQLError } from 'graphql';
import { isAsyncIterable } from 'graphql-yoga';

const HEADERS = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache',
  // Some proxies would wait for a whole answer to compress.
  'content-encoding': 'none',
};
/** A line that clients leave out: the connection is seen to live, and clients that wait for a first byte go on. */
const COMMENT = ':\n\n';
const COMMENT_EVERY_MS = 12_000;
const COMPLETE = 'event: complete\ndata:\n\n';

/**
 * Answers once it has subscribed: with each event as it comes, the next one asked for only when the one before has been
 * handed on; what goes wrong is an event, too.
 *
 * @param subscribe is called once. Its iterator is ended when the client leaves.
 * @param present makes of what was thrown or answered what the client may see.
 */
export async function streamEvents(
  response: ServerResponse,
  subscribe: () => Promise<AsyncIterableIterator<ExecutionResult> | ExecutionResult>,
  present: (result: ExecutionResult) => ExecutionResult,
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
  const subscribed = await subscribe().catch(asResult);
  response.writeHead(200, HEADERS);
  write(COMMENT);
  const comments = setInterval(() => !response.writableNeedDrain && write(COMMENT), COMMENT_EVERY_MS);
  try {
    if (!isAsyncIterable(subscribed)) {
      await send(subscribed);
      return;
    }
    left.then(() => subscribed.return?.());
    // One that arrives after its client has left would stay until its task's end.
    if (!response.closed) for await (const result of subscribed) await send(result);
  } catch (error) {
    await send(asResult(error));
  } finally {
    clearInterval(comments);
    response.end(COMPLETE);
  }
}

function asResult(error: unknown): ExecutionResult {
  return { errors: [error as GraphQLError] };
}

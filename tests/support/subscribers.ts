/** Real clients that wait for a result over SSE and WebSocket, and come back when their connection breaks. */
import { createClient as createSseClient } from 'graphql-sse';
import { createClient as createWebSocketClient } from 'graphql-ws';
import { type Answer, collect, overWebSocket, TASK_RESULT, type TaskView } from './client.ts';

interface Subscribers extends AsyncDisposable {
  /** Of graphql-sse and graphql-ws: all that came until the subscription ended. */
  readonly answers: Promise<readonly (readonly Answer[])[]>;
}

/**
 * Subscribes to `taskResult` with each client, by the client's own rules of when to connect again.
 *
 * @param untilRetry is waited for before a connection is made again.
 * @returns once all of them are connected.
 */
export async function subscribeForGood(
  url: string,
  id: string,
  untilRetry: () => Promise<void>,
): Promise<Subscribers> {
  const variables = { id };
  const overSse = Promise.withResolvers<void>();
  const overSocket = Promise.withResolvers<void>();
  const sseClient = createSseClient({
    url,
    retry: untilRetry,
    on: { connected: () => overSse.resolve() },
  });
  const webSocketClient = createWebSocketClient({
    url: url.replace('http', 'ws'),
    retryWait: untilRetry,
    on: { connected: () => overSocket.resolve() },
  });
  const answers = Promise.all([
    Array.fromAsync(
      sseClient.iterate<Record<string, TaskView>>({ query: TASK_RESULT, variables }),
      ({ data }): Answer => ({ data: data ?? null }),
    ),
    collect(overWebSocket(webSocketClient, TASK_RESULT, variables)),
  ]);
  await Promise.race([Promise.all([overSse.promise, overSocket.promise]), answers]);
  return {
    answers,
    async [Symbol.asyncDispose]() {
      sseClient.dispose();
      await webSocketClient.dispose();
    },
  };
}

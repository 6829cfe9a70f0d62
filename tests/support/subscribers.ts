/** Real clients that wait for a result over SSE and WebSocket, and reconnect when their connection breaks. */
import { createClient as createSseClient } from 'graphql-sse';
import { createClient as createWebSocketClient } from 'graphql-ws';
import { type Answer, collect, overWebSocket, TASK_RESULT, type TaskView } from './client.ts';

interface Subscribers extends AsyncDisposable {
  /** All answers of graphql-sse and of graphql-ws until the subscription ended. */
  readonly answers: Promise<readonly (readonly Answer[])[]>;
}

/**
 * Subscribes to `taskResult` with each client. The client's own rules decide when it reconnects.
 *
 * @param untilRetry delays each new connection until it resolves.
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

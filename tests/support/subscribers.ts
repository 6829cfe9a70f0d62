/** Real clients that wait for a result over SSE and WebSocket, and come back when their connection breaks. */
import { createClient as createSseClient } from 'graphql-sse';
import { createClient as createWebSocketClient } from 'graphql-ws';
import { type Answer, collect, overWebSocket, TASK_RESULT, type TaskView } from './client.ts';

interface Subscribers extends AsyncDisposable {
  /** Of graphql-sse as a program, graphql-sse as a web page, and graphql-ws: all that came until the subscription ended. */
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
  const connected = [0, 1, 2].map(() => Promise.withResolvers<void>());
  const sseClients = [{}, { origin: new URL(url).origin }].map((headers, i) =>
    createSseClient({ url, headers, retry: untilRetry, on: { connected: () => connected[i]?.resolve() } }),
  );
  const webSocketClient = createWebSocketClient({
    url: url.replace('http', 'ws'),
    retryWait: untilRetry,
    on: { connected: () => connected[2]?.resolve() },
  });
  const answers = Promise.all([
    ...sseClients.map((client) =>
      Array.fromAsync(
        client.iterate<Record<string, TaskView>>({ query: TASK_RESULT, variables }),
        ({ data }): Answer => ({ data: data ?? null }),
      ),
    ),
    collect(overWebSocket(webSocketClient, TASK_RESULT, variables)),
  ]);
  await Promise.race([Promise.all(connected.map(({ promise }) => promise)), answers]);
  return {
    answers,
    async [Symbol.asyncDispose]() {
      for (const client of sseClients) client.dispose();
      await webSocketClient.dispose();
    },
  };
}

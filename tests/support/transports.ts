/** One operation over each transport, so that a test can find a fault of a single one. */
import { type Answer, collect, type ErrorView, openWebSocket, overWebSocket, post, sse } from './client.ts';

export interface Transport {
  readonly name: string;
  /** @returns the first answer. */
  ask(url: string, query: string, variables?: Record<string, unknown>): Promise<Answer>;
}

export const transports: readonly Transport[] = [
  { name: 'POST', ask: post },
  {
    name: 'SSE',
    ask: async (url, query, variables = {}) => first(await collect(sse(url, query, variables))),
  },
  // Requests of pages have an origin, and are answered in a different way.
  {
    name: 'POST, from a page',
    ask: (url, query, variables) => post(url, query, variables, pageOf(url)),
  },
  {
    name: 'SSE, from a page',
    ask: async (url, query, variables = {}) => first(await collect(sse(url, query, variables, pageOf(url)))),
  },
  {
    name: 'WebSocket',
    async ask(url, query, variables = {}) {
      const client = openWebSocket(url);
      const answers = await collect(overWebSocket(client, query, variables));
      await client.dispose();
      return first(answers);
    },
  },
];

/** The only error of an answer without data. @throws if the answer is another, or reveals internals. */
export function refusalIn({ data, errors }: Answer): ErrorView {
  const [error, ...more] = errors ?? [];
  const hasData = Object.values(data ?? {}).some((value) => value !== null);
  if (error === undefined || more.length > 0 || hasData)
    throw new Error(`one error and no data were expected, got ${JSON.stringify({ data, errors })}`);
  const internals = ['http', 'unexpected', 'originalError', 'stacktrace'].filter(
    (key) => key in error.extensions,
  );
  if (internals.length > 0) throw new Error(`${internals.join(', ')} leaked: ${JSON.stringify(error)}`);
  return error;
}

function pageOf(url: string): Record<string, string> {
  return { origin: new URL(url).origin };
}

function first(answers: readonly Answer[]): Answer {
  const [answer] = answers;
  if (answer === undefined) throw new Error('no answer came');
  return answer;
}

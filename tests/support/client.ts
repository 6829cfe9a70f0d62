/** Clients for POST, SSE and WebSocket, and the operations that most tests need. */
import { type Client, createClient, type SubscribePayload } from 'graphql-ws';
import { PATIENCE_MS, shown, within } from './eventually.ts';

export interface Trip {
  readonly pickupLocationId: number;
  readonly dropoffLocationId: number;
  readonly tripDistanceMiles: number;
}

export interface TaskView {
  readonly id: string;
  readonly model: string;
  readonly modelVersion: string;
  readonly state: 'QUEUED' | 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'CANCELED' | 'EXPIRED';
  readonly submittedAt: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly attempts: number;
  readonly timings: { queueMs: number; batchMs: number; computeMs: number; batchSize: number } | null;
  readonly prediction: { readonly durationMinutes: number } | null;
  readonly error: { readonly code: string; readonly message: string } | null;
}

export interface ErrorView {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions: { readonly code: string; readonly [detail: string]: unknown };
}

export interface Answer {
  readonly data?: Record<string, TaskView> | null;
  readonly errors?: readonly ErrorView[];
}

export const TASK_FIELDS = `id model modelVersion state submittedAt startedAt finishedAt attempts
  timings { queueMs batchMs computeMs batchSize } prediction { ... on TripPrediction { durationMinutes } } error { code message }`;

export const PREDICT_TRIP = `mutation PredictTrip($input: PredictTripInput!, $options: TaskOptions) {
  predictTrip(input: $input, options: $options) { ${TASK_FIELDS} } }`;
export const CANCEL_TASK = `mutation CancelTask($id: ID!) { cancelTask(id: $id) { ${TASK_FIELDS} } }`;
export const TASK_RESULT = `subscription TaskResult($id: ID!) { taskResult(id: $id) { ${TASK_FIELDS} } }`;
export const TASK_UPDATES = `subscription TaskUpdates($id: ID!) { taskUpdates(id: $id) { ${TASK_FIELDS} } }`;
export const TASK = `query Task($id: ID!) { task(id: $id) { ${TASK_FIELDS} } }`;

/** One operation over POST. */
export async function post(
  url: string,
  query: string,
  variables: Record<string, unknown> = {},
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query, variables }),
  });
  return (await response.json()) as Answer;
}

/** Submits over POST. @throws with the errors if the task was not accepted. */
export async function submitTrip(
  url: string,
  input: Trip,
  options?: Record<string, unknown>,
): Promise<TaskView> {
  return taskIn(await post(url, PREDICT_TRIP, { input, options }), 'predictTrip');
}

/** @throws with the errors if there are any. */
export function taskIn({ data, errors }: Answer, field: string): TaskView {
  const task = data?.[field];
  if (errors !== undefined || task === undefined) throw new Error(JSON.stringify(errors ?? data));
  return task;
}

/** The only field of an answer. @throws with the errors if there are any. */
export function fieldOf<T>({ data, errors }: Answer): T {
  if (errors !== undefined || !data) throw new Error(JSON.stringify(errors));
  return Object.values(data)[0] as T;
}

/** Answers to one operation over SSE, as they arrive. */
export async function* sse(
  url: string,
  query: string,
  variables: Record<string, unknown>,
  headers: Record<string, string> = {},
): AsyncGenerator<Answer> {
  yield* await openSse(url, query, variables, headers);
}

/** Like `sse`, but resolves once the gateway has subscribed. */
export async function openSse(
  url: string,
  query: string,
  variables: Record<string, unknown>,
  headers: Record<string, string> = {},
): Promise<AsyncGenerator<Answer>> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream', ...headers },
    body: JSON.stringify({ query, variables }),
  });
  if (response.body === null) throw new Error(`no stream came, status ${response.status}`);
  // The body is locked here: fetch cancels an unread body when its response is garbage-collected.
  return answersIn(response.body.pipeThrough(new TextDecoderStream()));
}

async function* answersIn(chunks: ReadableStream<string>): AsyncGenerator<Answer> {
  let text = '';
  for await (const chunk of chunks) {
    text += chunk;
    const events = text.split('\n\n');
    text = events.pop() ?? '';
    for (const event of events) {
      const [, name, data] = /event: (\w+)\ndata:(.*)/s.exec(event) ?? [];
      if (name === 'complete') return;
      if (name === 'next' && data !== undefined) yield JSON.parse(data);
    }
  }
}

/** @param retryAttempts the number of tries in a row when the connection breaks. */
export function openWebSocket(url: string, retryAttempts = 0): Client {
  return createClient({
    url: url.replace('http', 'ws'),
    retryAttempts,
    // By default the client gives up when a connection is refused, for example by a gateway that is still starting.
    shouldRetry: () => true,
    lazy: false,
    onNonLazyError: () => {},
  });
}

/** Answers to one operation over WebSocket. Refusals before execution come as one answer with errors. */
export async function* overWebSocket(
  client: Client,
  query: string,
  variables: Record<string, unknown>,
): AsyncGenerator<Answer> {
  const payload: SubscribePayload = { query, variables };
  try {
    for await (const answer of client.iterate(payload)) yield answer as Answer;
  } catch (error) {
    if (!Array.isArray(error)) throw error;
    yield { errors: error as ErrorView[] };
  }
}

/** All answers until the operation completes. @throws with the answers so far if it does not complete. */
export async function collect<T>(answers: AsyncIterable<T> | Iterable<T>): Promise<readonly T[]> {
  const seen: T[] = [];
  const complete = async () => {
    for await (const answer of answers) seen.push(answer);
  };
  const failure = () => `an operation did not complete within ${PATIENCE_MS} ms; it answered ${shown(seen)}`;
  await within(PATIENCE_MS, complete(), failure);
  return seen;
}

/** The one event of `taskResult`. @throws unless exactly one answer comes. */
export async function onlyTask(answers: AsyncIterable<Answer> | Iterable<Answer>): Promise<TaskView> {
  const [first, ...rest] = await collect(answers);
  if (first === undefined || rest.length > 0)
    throw new Error(`exactly one event was expected, got ${rest.length + (first ? 1 : 0)}`);
  return taskIn(first, 'taskResult');
}

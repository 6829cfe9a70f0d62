/** The load of careful clients: every trip is submitted until it is accepted, and gets a result. */
import type { Client } from 'graphql-ws';
import { expect } from 'vitest';
import {
  type Answer,
  collect,
  onlyTask,
  openWebSocket,
  overWebSocket,
  PREDICT_TRIP,
  TASK_RESULT,
  type TaskView,
  taskIn,
} from './client.ts';
import { tripNumber } from './predictDirectly.ts';

/** Refusals after which a client tries again. */
const PASSING = new Set(['BROKER_UNAVAILABLE', 'QUEUE_FULL']);

export interface Load {
  /** The number of each trip and its final task, ordered by their ends. */
  readonly finished: readonly { readonly trip: number; readonly task: TaskView }[];
  /** The number of refusals, by code. */
  readonly refusals: ReadonlyMap<string, number>;
}

/**
 * Submits `trips` trips, numbered from `firstTrip`, from `lanes` clients. Each client waits for its result before it
 * submits the next trip.
 *
 * @param hasRequestIds whether a trip whose acceptance was lost can be submitted again. Without requestIds, trips share
 *   bundles.
 * @param onFinished is called after each result with the number of results so far.
 */
export async function runLoad(
  url: string,
  {
    trips,
    lanes,
    firstTrip = 0,
    hasRequestIds = true,
    onFinished = () => {},
  }: {
    trips: number;
    lanes: number;
    firstTrip?: number;
    hasRequestIds?: boolean;
    onFinished?: (count: number) => void;
  },
): Promise<Load> {
  // When a gateway is killed, its connections break, and clients reconnect.
  const client = openWebSocket(url, 100);
  const finished: { trip: number; task: TaskView }[] = [];
  const refusals = new Map<string, number>();
  let losses = 0;
  client.on('closed', () => losses++);
  let next = firstTrip;
  const lane = async () => {
    while (next < firstTrip + trips) {
      const trip = next++;
      const { id } = await submitUntilAccepted(client, trip, hasRequestIds, refusals);
      finished.push({ trip, task: await resultOnceServed(client, id, refusals, () => losses) });
      onFinished(finished.length);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  await client.dispose();
  return { finished, refusals };
}

async function submitUntilAccepted(
  client: Client,
  trip: number,
  hasRequestId: boolean,
  refusals: Map<string, number>,
): Promise<TaskView> {
  const requestId = hasRequestId ? `trip ${trip}` : undefined;
  const variables = { input: tripNumber(trip), options: { requestId, timeoutMs: 300_000 } };
  for (;;) {
    const [answer = {}] = await collect(overWebSocket(client, PREDICT_TRIP, variables));
    const code = refusalOf(answer);
    if (code === undefined) return taskIn(answer, 'predictTrip');
    refusals.set(code, (refusals.get(code) ?? 0) + 1);
  }
}

/**
 * Subscribes until it gets the result: without a broker or its leader, a gateway may not find a task.
 *
 * @param losses the number of times that the client has lost its connection.
 */
async function resultOnceServed(
  client: Client,
  id: string,
  refusals: Map<string, number>,
  losses: () => number,
): Promise<TaskView> {
  for (;;) {
    const lostBefore = losses();
    const [first = {}, ...repeated] = await collect(overWebSocket(client, TASK_RESULT, { id }));
    const code = refusalOf(first);
    if (code === undefined) {
      // A client whose gateway dies between the event and its completion subscribes again, and gets the same event once
      // for each connection that it lost, and never otherwise.
      expect(repeated.length).toBeLessThanOrEqual(losses() - lostBefore);
      for (const answer of repeated) expect(answer).toEqual(first);
      return onlyTask([first]);
    }
    refusals.set(code, (refusals.get(code) ?? 0) + 1);
  }
}

function refusalOf({ errors }: Answer): string | undefined {
  const code = errors?.[0]?.extensions.code;
  return code !== undefined && PASSING.has(code) ? code : undefined;
}

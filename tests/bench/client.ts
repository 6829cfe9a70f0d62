/** A client of the `graphql-transport-ws` protocol with little work of its own, which checks each answer. */
import { performance } from 'node:perf_hooks';
import { WebSocket } from 'ws';
import { openDirectModel, tripNumber } from '../support/predictDirectly.ts';

const SUBMIT = 'mutation($input: PredictTripInput!) { predictTrip(input: $input) { id } }';
const RESULT =
  'subscription($id: ID!) { taskResult(id: $id) { state prediction { ... on TripPrediction { durationMinutes } } } }';
const DIFFERENT_TRIPS = 1_000;

/** What the model answers to trips 0 to 999, unbatched. */
export async function expectedMinutes(): Promise<readonly number[]> {
  await using model = await openDirectModel();
  const minutes: number[] = [];
  for (let i = 0; i < DIFFERENT_TRIPS; i++) minutes.push(await model.predict(tripNumber(i)));
  return minutes;
}

export interface ClientOptions {
  /** The first of its trips. */
  readonly offset: number;
  readonly expected: readonly number[];
  /** Milliseconds from the mutation to the result in hand. */
  readonly onResult: (latencyMs: number) => void;
  /** Milliseconds from one submission to the next; a result that comes later is waited for. @default 0 */
  readonly paceMs?: number;
}

/** Submits a trip, waits for its result, submits the next, until it is terminated. */
export async function startClient(
  url: string,
  { offset, expected, onResult, paceMs = 0 }: ClientOptions,
): Promise<WebSocket> {
  const socket = new WebSocket(url.replace('http', 'ws'), 'graphql-transport-ws', {
    perMessageDeflate: false,
  });
  const connected = Promise.withResolvers<void>();
  let trip = offset;
  let submittedAt = 0;
  const send = (message: object) => socket.send(JSON.stringify(message));
  const submit = () => {
    if (socket.readyState !== WebSocket.OPEN) return;
    trip = (trip + 1) % DIFFERENT_TRIPS;
    submittedAt = performance.now();
    send({
      id: 'submit',
      type: 'subscribe',
      payload: { query: SUBMIT, variables: { input: tripNumber(trip) } },
    });
  };
  socket.on('open', () => send({ type: 'connection_init' }));
  socket.on('error', connected.reject);
  socket.on('message', (data) => {
    const message = JSON.parse(String(data));
    if (message.type === 'connection_ack') {
      connected.resolve();
      submit();
    } else if (message.type === 'next' && message.id === 'submit') {
      const { id } = message.payload.data.predictTrip;
      send({ id: 'result', type: 'subscribe', payload: { query: RESULT, variables: { id } } });
    } else if (message.type === 'next') {
      const got = message.payload.data.taskResult.prediction?.durationMinutes;
      if (got !== expected[trip])
        throw new Error(`trip ${trip} must take ${expected[trip]} minutes, got ${String(data)}`);
      onResult(performance.now() - submittedAt);
    } else if (message.type === 'complete' && message.id === 'result') {
      const waitMs = submittedAt + paceMs - performance.now();
      if (waitMs > 0) setTimeout(submit, waitMs);
      else submit();
    } else if (message.type !== 'complete') {
      throw new Error(`the gateway answered ${String(data)}`);
    }
  });
  await connected.promise;
  return socket;
}

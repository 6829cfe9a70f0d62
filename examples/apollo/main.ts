/**
 * Submits trips with Apollo Client and prints each task as the normalised cache changes. Mutation and subscription
 * return the same `Task` with the same id: what the subscription brings is in the cache at once, by no code of ours.
 *
 *     node_modules/.bin/node examples/apollo/main.ts [GraphQL address]
 */
import {
  ApolloClient,
  ApolloLink,
  gql,
  HttpLink,
  InMemoryCache,
  type TypedDocumentNode,
} from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { OperationTypeNode } from 'graphql';
import { createClient } from 'graphql-ws';
import { lastValueFrom, takeWhile, tap } from 'rxjs';

interface Trip {
  readonly pickupLocationId: number;
  readonly dropoffLocationId: number;
  readonly tripDistanceMiles: number;
}

interface Task {
  readonly __typename: 'Task';
  readonly id: string;
  readonly state: 'QUEUED' | 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'CANCELED' | 'EXPIRED';
  readonly prediction: { readonly durationMinutes: number } | null;
  readonly error: { readonly code: string; readonly message: string } | null;
}

const TASK_FIELDS: TypedDocumentNode<Task> = gql`
  fragment TaskFields on Task {
    id
    state
    prediction {
      ... on TripPrediction {
        durationMinutes
      }
    }
    error {
      code
      message
    }
  }
`;

const PREDICT_TRIP: TypedDocumentNode<{ predictTrip: Task }, { input: Trip }> = gql`
  mutation PredictTrip($input: PredictTripInput!) {
    predictTrip(input: $input) {
      ...TaskFields
    }
  }
  ${TASK_FIELDS}
`;

const TASK_RESULT: TypedDocumentNode<{ taskResult: Task }, { id: string }> = gql`
  subscription TaskResult($id: ID!) {
    taskResult(id: $id) {
      ...TaskFields
    }
  }
  ${TASK_FIELDS}
`;

const TRIPS: readonly Trip[] = [
  { pickupLocationId: 74, dropoffLocationId: 75, tripDistanceMiles: 1.44 },
  { pickupLocationId: 41, dropoffLocationId: 166, tripDistanceMiles: 0.92 },
  { pickupLocationId: 7, dropoffLocationId: 226, tripDistanceMiles: 2.6 },
];

const address = process.argv[2] ?? 'http://127.0.0.1:4000/graphql';
const socket = createClient({ url: address.replace('http', 'ws') });
const client = new ApolloClient({
  link: ApolloLink.split(
    ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
    new GraphQLWsLink(socket),
    new HttpLink({ uri: address }),
  ),
  // The members of unions: without them the cache cannot tell which fragments apply.
  cache: new InMemoryCache({ possibleTypes: { Prediction: ['TripPrediction'] } }),
});

try {
  await Promise.all(TRIPS.map(predict));
} catch (error) {
  // What fetch throws where nobody answers.
  const advice = error instanceof TypeError ? '; does npm start run?' : '';
  console.error(`${address}: ${error instanceof Error ? error.message : error}${advice}`);
  process.exitCode = 1;
}
await socket.dispose();

async function predict(input: Trip): Promise<void> {
  const { data } = await client.mutate({ mutation: PREDICT_TRIP, variables: { input } });
  if (data === undefined) throw new Error('a mutation without errors has data');
  const { id } = data.predictTrip;

  const cached = client.watchFragment({ fragment: TASK_FIELDS, from: { __typename: 'Task', id } }).pipe(
    tap((task) => task.complete && console.log(describe(input, task.data))),
    takeWhile((task) => !task.complete || !isFinal(task.data), true),
  );
  // A refused subscription does not throw: its answer carries the error.
  const result = client.subscribe({ query: TASK_RESULT, variables: { id } }).pipe(
    tap(({ error }) => {
      if (error !== undefined) throw error;
    }),
  );
  await Promise.all([lastValueFrom(cached), lastValueFrom(result)]);
}

function isFinal({ state }: Task): boolean {
  return state !== 'QUEUED' && state !== 'RUNNING';
}

function describe(trip: Trip, { state, prediction, error }: Task): string {
  const outcome = prediction
    ? `, ${prediction.durationMinutes.toFixed(2)} minutes`
    : error
      ? `, ${error.message}`
      : '';
  return `zone ${trip.pickupLocationId} to ${trip.dropoffLocationId}, ${trip.tripDistanceMiles} miles: ${state}${outcome}`;
}

/** The GraphQL server of a peer: `graphql-ws` on `ws`, with the fields of Tidings that a load asks for. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { buildSchema, type DocumentNode, parse, validate } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import type { Trip } from '../../support/client.ts';
import { announce } from './announce.ts';

const SCHEMA = buildSchema(`
  type Query { version: String! }
  type Mutation { predictTrip(input: PredictTripInput!): Task! }
  type Subscription { taskResult(id: ID!): Task! }
  input PredictTripInput { pickupLocationId: Int! dropoffLocationId: Int! tripDistanceMiles: Float! }
  type Task { id: ID! state: TaskState! prediction: TripPrediction }
  enum TaskState { QUEUED SUCCEEDED }
  type TripPrediction { durationMinutes: Float! }
`);

export interface PeerTask {
  readonly id: string;
  readonly state: 'QUEUED' | 'SUCCEEDED';
  readonly prediction: { readonly durationMinutes: number } | null;
}

export interface PeerTasks {
  /** Resolves once the task is accepted. */
  submit(trip: Trip): Promise<PeerTask>;
  /** Resolves once the task has succeeded. */
  result(id: string): Promise<PeerTask>;
}

export function queued(id: string): PeerTask {
  return { id, state: 'QUEUED', prediction: null };
}

export function succeeded(id: string, durationMinutes: number): PeerTask {
  return { id, state: 'SUCCEEDED', prediction: { durationMinutes } };
}

/** Serves tasks on a free port until the process ends, and tells the parent process the URL. */
export async function serveTasks({ submit, result }: PeerTasks): Promise<void> {
  const rootValue = {
    predictTrip: ({ input }: { readonly input: Trip }) => submit(input),
    async *taskResult({ id }: { readonly id: string }) {
      yield { taskResult: await result(id) };
    },
  };
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, path: '/graphql' });
  const known = new Map<string, DocumentNode>();
  useServer(
    {
      schema: SCHEMA,
      // A client sends few different operations, so each is read and validated once.
      onSubscribe(_context, _id, { query, variables }) {
        const document = known.get(query) ?? parse(query);
        if (!known.has(query)) {
          const errors = validate(SCHEMA, document);
          if (errors.length > 0) return errors;
          known.set(query, document);
        }
        return { schema: SCHEMA, document, rootValue, variableValues: variables };
      },
    },
    server,
  );
  await once(server, 'listening');
  announce({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql` });
}

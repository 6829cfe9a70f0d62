/** The connection to Tidings of one login: queries and mutations over HTTP, subscriptions over one WebSocket. */
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, ServerError } from '@apollo/client';
import { RetryLink } from '@apollo/client/link/retry';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { relayStylePagination } from '@apollo/client/utilities';
import { OperationTypeNode } from 'graphql';
import { createClient, type Client as Socket } from 'graphql-ws';

export interface Session {
  readonly apollo: ApolloClient;
  readonly socket: Socket;
  close(): void;
}

/** The address of GraphQL, from the environment of the build. */
const GATEWAY: string = import.meta.env.VITE_GATEWAY ?? 'http://127.0.0.1:4000/graphql';
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10_000;

/** @param token undefined if the gateway asks for none. */
export function openSession(token: string | undefined): Session {
  const authorization: Record<string, string> =
    token === undefined ? {} : { authorization: `Bearer ${token}` };
  const socket = createClient({
    url: GATEWAY.replace('http', 'ws'),
    connectionParams: authorization,
    // Connected from the start, so that the page can show whether it is.
    lazy: false,
    onNonLazyError: () => {},
    // After each reconnect the open subscriptions are sent again, with the ids that they had.
    retryAttempts: Number.POSITIVE_INFINITY,
    shouldRetry: () => true,
    retryWait: (retries) =>
      wait(Math.min(FIRST_WAIT_MS * 2 ** retries, LONGEST_WAIT_MS) * (0.5 + Math.random())),
  });
  const apollo = new ApolloClient({
    link: ApolloLink.split(
      ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
      new GraphQLWsLink(socket),
      // A mutation may arrive twice. Its `requestId` makes that one task.
      new RetryLink({
        delay: { initial: FIRST_WAIT_MS, max: LONGEST_WAIT_MS },
        attempts: { max: Number.POSITIVE_INFINITY, retryIf: isTemporary },
      }).concat(new HttpLink({ uri: GATEWAY, headers: authorization })),
    ),
    cache: new InMemoryCache({
      // The members of unions: without them the cache cannot tell which fragments apply.
      possibleTypes: { Prediction: ['TripPrediction'], PredictionColumns: ['TripPredictionColumns'] },
      typePolicies: { Query: { fields: { tasks: relayStylePagination() } }, TaskBatch: { merge: true } },
    }),
  });
  return {
    apollo,
    socket,
    close() {
      apollo.stop();
      void socket.dispose();
    },
  };
}

export function wait(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}

/** Whether no answer came, or one of a proxy whose gateway is away. */
function isTemporary(error: unknown): boolean {
  return !ServerError.is(error) || error.statusCode >= 500;
}

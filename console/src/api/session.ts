/** The connection to the gateway of one sign-in: queries and mutations over POST, subscriptions over one WebSocket. */
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from '@apollo/client';
import { RetryLink } from '@apollo/client/link/retry';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { OperationTypeNode } from 'graphql';
import { createClient, type Client as Socket } from 'graphql-ws';
import { isTemporary } from './refusal.ts';

export interface Session {
  readonly apollo: ApolloClient;
  readonly socket: Socket;
  close(): void;
}

export const GRAPHQL_URL = new URL('/graphql', location.href).href;
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 5_000;

/** @param token undefined if the gateway asks for none. */
export function openSession(token: string | undefined): Session {
  const socket = createClient({
    url: GRAPHQL_URL.replace('http', 'ws'),
    connectionParams: authorizationOf(token),
    // Open from the start and for good, so that the page can tell whether updates arrive.
    lazy: false,
    onNonLazyError: () => {},
    // After each reconnect the open subscriptions are sent again.
    retryAttempts: Number.POSITIVE_INFINITY,
    shouldRetry: () => true,
    retryWait: (retries) =>
      wait(Math.min(FIRST_WAIT_MS * 2 ** retries, LONGEST_WAIT_MS) * (0.5 + Math.random())),
  });
  const apollo = new ApolloClient({
    link: ApolloLink.split(
      ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
      new GraphQLWsLink(socket),
      // A mutation may arrive twice: each names a `requestId`, or does the same when it is repeated.
      new RetryLink({
        delay: { initial: FIRST_WAIT_MS, max: LONGEST_WAIT_MS },
        attempts: { max: Number.POSITIVE_INFINITY, retryIf: isTemporary },
      }).concat(httpLink(token)),
    ),
    cache: new InMemoryCache({
      possibleTypes: { Node: ['Task', 'Model'] },
      typePolicies: { TaskBatch: { merge: true }, Training: { merge: true } },
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

export function httpLink(token: string | undefined): HttpLink {
  return new HttpLink({ uri: GRAPHQL_URL, headers: authorizationOf(token) });
}

export function authorizationOf(token: string | undefined): Record<string, string> {
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}

export function wait(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}

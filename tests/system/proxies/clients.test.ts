/** Apollo Client and urql over HTTP, with the real libraries. */
import { createHash } from 'node:crypto';
import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { Client, fetchExchange } from '@urql/core';
import { firstValueFrom, toArray } from 'rxjs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Answer,
  PREDICT_TRIP,
  post,
  submitTrip,
  TASK_RESULT,
  TASK_UPDATES,
  type TaskView,
  taskIn,
} from '../../support/client.ts';
import { eventually } from '../../support/eventually.ts';
import { type NatsServer, startNats } from '../../support/natsServer.ts';
import { tripNumber } from '../../support/predictDirectly.ts';
import { type Gateway, type Process, startGateway, startWorker } from '../../support/processes.ts';
import { refusalIn } from '../../support/transports.ts';

const HEALTH = '{ health { name } }';
const HEALTHY = { health: { name: 'Tidings' } };

let nats: NatsServer;
let gateway: Gateway;
let worker: Process;

beforeAll(async () => {
  nats = await startNats();
  [gateway, worker] = await Promise.all([startGateway(nats), startWorker(nats)]);
});

afterAll(async () => {
  for (const started of [worker, gateway, nats]) await started?.[Symbol.asyncDispose]();
});

/** Records the requests of a client: the method, and the members of the body. */
function recordingFetch() {
  const asked: string[] = [];
  return {
    asked,
    fetch: (input: RequestInfo | URL, init?: RequestInit) => {
      const members = typeof init?.body === 'string' ? Object.keys(JSON.parse(init.body)).toSorted() : [];
      asked.push(`${init?.method} ${members.join(' ')}`.trim());
      return fetch(input, init);
    },
  };
}

describe("Apollo's HttpLink", () => {
  function clientOver(link: ApolloLink): ApolloClient {
    return new ApolloClient({ link, cache: new InMemoryCache() });
  }

  test('submits a trip and gets its result from a multipart subscription', async () => {
    const client = clientOver(new HttpLink({ uri: gateway.url }));
    const { data } = await client.mutate<Record<string, TaskView>>({
      mutation: gql(PREDICT_TRIP),
      variables: { input: tripNumber(1) },
    });
    const { id } = taskIn({ data: data ?? null }, 'predictTrip');
    const ask = (query: string) =>
      firstValueFrom(
        client.subscribe<Record<string, TaskView>>({ query: gql(query), variables: { id } }).pipe(toArray()),
      );
    const [result, ...more] = await ask(TASK_RESULT);
    expect(more).toEqual([]);
    expect(result?.error).toBeUndefined();
    expect(taskIn(result as Answer, 'taskResult').state).toBe('SUCCEEDED');
    const updates = await ask(TASK_UPDATES);
    expect(taskIn(updates.at(-1) as Answer, 'taskUpdates').state).toBe('SUCCEEDED');
    client.stop();
  });

  test('gets the reason if a subscription cannot start or is not valid', async () => {
    const client = clientOver(new HttpLink({ uri: gateway.url }));
    const ask = (query: string) =>
      firstValueFrom(client.subscribe({ query: gql(query), variables: { id: 'nonsense' } }).pipe(toArray()));
    expect((await ask(TASK_RESULT)).at(0)?.error).toMatchObject({
      errors: [{ extensions: { code: 'TASK_NOT_FOUND' } }],
    });
    expect((await ask('subscription { nothing }')).at(0)?.error).toMatchObject({
      errors: [{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }],
    });
    client.stop();
  });

  test('ends its subscription when it unsubscribes, and can send further queries', async () => {
    await using idleNats = await startNats();
    await using idle = await startGateway(idleNats, { MAX_SUBSCRIPTIONS: '1' });
    const { id } = await submitTrip(idle.url, tripNumber(1));
    const client = clientOver(new HttpLink({ uri: idle.url }));
    const begun = Promise.withResolvers<unknown>();
    const subscription = client
      .subscribe({ query: gql(TASK_UPDATES), variables: { id } })
      .subscribe({ next: begun.resolve, error: begun.reject });
    await begun.promise;
    // A waiting mutation counts as a subscription, and only one is allowed.
    const wait = () =>
      post(idle.url, PREDICT_TRIP, { input: tripNumber(2), options: { waitMs: 1, requestId: 'waits' } });
    expect(refusalIn(await wait()).extensions.code).toBe('GATEWAY_BUSY');
    subscription.unsubscribe();
    await eventually(wait, ({ errors }) => errors === undefined);
    expect((await client.query({ query: gql(HEALTH) })).data).toMatchObject(HEALTHY);
    client.stop();
  });

  test('can send queries over GET, because it sends a header that foreign pages cannot send', async () => {
    const { asked, fetch } = recordingFetch();
    const client = clientOver(new HttpLink({ uri: gateway.url, useGETForQueries: true, fetch }));
    expect((await client.query({ query: gql(HEALTH) })).data).toMatchObject(HEALTHY);
    expect(asked).toEqual(['GET']);
    client.stop();
  });

  test.each([false, true])(
    'behind a PersistedQueryLink sends each text once, and then its hash (hashes over GET: %s)',
    async (useGETForHashedQueries) => {
      await using knowing = await startGateway(nats);
      const { asked, fetch } = recordingFetch();
      const persisted = new PersistedQueryLink({
        sha256: (text) => createHash('sha256').update(text).digest('hex'),
        useGETForHashedQueries,
      });
      const client = clientOver(ApolloLink.from([persisted, new HttpLink({ uri: knowing.url, fetch })]));
      const ask = () => client.query({ query: gql(HEALTH), fetchPolicy: 'no-cache' });
      expect((await ask()).data).toMatchObject(HEALTHY);
      expect((await ask()).data).toMatchObject(HEALTHY);
      const [hash, text, again] = asked;
      expect(hash).toBe(useGETForHashedQueries ? 'GET' : 'POST extensions variables');
      expect(text).toMatch(/^POST extensions .*query/);
      expect(again).toBe(hash);
      const { data } = await client.mutate<Record<string, TaskView>>({
        mutation: gql(PREDICT_TRIP),
        variables: { input: tripNumber(2) },
      });
      expect(taskIn({ data: data ?? null }, 'predictTrip').state).toBe('QUEUED');
      expect(asked.slice(3)).toEqual([
        'POST extensions operationName variables',
        'POST extensions operationName query variables',
      ]);
      client.stop();
    },
  );
});

describe('urql', () => {
  test('submits a trip and gets its result over SSE; its queries over GET need a header', async () => {
    const { asked, fetch } = recordingFetch();
    const options = { url: gateway.url, exchanges: [fetchExchange], fetchSubscriptions: true, fetch };
    const client = new Client({
      ...options,
      fetchOptions: { headers: { 'apollo-require-preflight': '1' } },
    });
    expect(await client.query(HEALTH, {}).toPromise()).toMatchObject({ data: HEALTHY });
    expect(asked).toEqual(['GET']);
    const { data, error } = await client.mutation(PREDICT_TRIP, { input: tripNumber(3) }).toPromise();
    expect(error).toBeUndefined();
    const { id } = taskIn({ data }, 'predictTrip');
    const result = await client.subscription(TASK_RESULT, { id }).toPromise();
    expect(taskIn(result as Answer, 'taskResult').state).toBe('SUCCEEDED');

    const bare = await new Client({ ...options, preferGetMethod: true }).query(HEALTH, {}).toPromise();
    expect(bare.error?.graphQLErrors).toMatchObject([{ extensions: { code: 'PREFLIGHT_REQUIRED' } }]);
    const posting = new Client({ ...options, preferGetMethod: false });
    expect(await posting.query(HEALTH, {}).toPromise()).toMatchObject({ data: HEALTHY });
  });
});

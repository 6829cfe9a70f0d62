/** The audits of `graphql-http` for the GraphQL-over-HTTP specification: MUST, SHOULD and MAY. */
import { serverAudits } from 'graphql-http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { type Gateway, startGateway } from '../support/processes.ts';

let nats: NatsServer;
let gateway: Gateway;

beforeAll(async () => {
  nats = await startNats();
  gateway = await startGateway(nats);
});

afterAll(async () => {
  for (const started of [gateway, nats]) await started?.[Symbol.asyncDispose]();
});

const audits = serverAudits({
  url: () => gateway.url,
  // Without this header, a foreign web page could have sent the GET.
  fetchFn: (input: string, init?: RequestInit) => {
    const headers = new Headers(init?.headers);
    if ((init?.method ?? 'GET') === 'GET') headers.set('apollo-require-preflight', '1');
    return fetch(input, { ...init, headers });
  },
});

test('there are 61 audits', () => {
  expect(audits).toHaveLength(61);
});

test.each(audits)('$id: $name', async ({ fn }) => {
  const { status, ...details } = await fn();
  expect(status, 'reason' in details ? details.reason : undefined).toBe('ok');
});

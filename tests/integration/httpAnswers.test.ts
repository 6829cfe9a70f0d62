/** How operations are answered over HTTP: the media types that a client accepts, Apollo's protocols, and GET. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { submitTrip, TASK_RESULT, TASK_UPDATES } from '../support/client.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { tripNumber } from '../support/predictDirectly.ts';
import { type Gateway, type Process, startGateway, startWorker } from '../support/processes.ts';

const JSON_TYPE = 'application/json; charset=utf-8';
const RESPONSE_TYPE = 'application/graphql-response+json; charset=utf-8';
const SSE_TYPE = 'text/event-stream';
const MULTIPART_TYPE = 'multipart/mixed;boundary="graphql";subscriptionSpec=1.0';
/** The Accept header of Apollo's HttpLink for a subscription. */
const APOLLO =
  'multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/graphql-response+json,application/json;q=0.9';

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

describe('a query', () => {
  test.each([
    ['*/*', JSON_TYPE],
    ['', JSON_TYPE],
    ['application/*', JSON_TYPE],
    ['text/html;q=0.5, application/json', JSON_TYPE],
    ['application/graphql-response+json,application/json;q=0.9', RESPONSE_TYPE],
    ['application/graphql-response+json;q=0.5, application/json', JSON_TYPE],
    ['application/json;q=0, */*', RESPONSE_TYPE],
    ['text/event-stream, application/json', JSON_TYPE],
    ['multipart/mixed;deferSpec=20220824,application/json', JSON_TYPE],
    [APOLLO, RESPONSE_TYPE],
    ['text/event-stream', SSE_TYPE],
    ['text/*', SSE_TYPE],
    ['multipart/mixed;subscriptionSpec="1.0"', MULTIPART_TYPE],
    ['Application/JSON; Charset=UTF-8', JSON_TYPE],
  ])('from a client that takes "%s" is answered in %s', async (accept, type) => {
    const response = await ask({ query: '{ __typename }' }, accept);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe(type);
    expect(await response.text()).toContain('"data":{"__typename":"Query"}');
  });

  test.each(['image/png', 'text/html', 'application/json;charset=latin1', '*/*;q=0', 'multipart/mixed'])(
    'from a client that accepts "%s" is refused with the possible types',
    async (accept) => {
      const response = await ask({ query: '{ __typename }' }, accept);
      expect(response.status).toBe(406);
      const { errors } = await response.json();
      expect(errors).toEqual([
        {
          message: expect.stringContaining('accept must name a media type that a query can be answered in'),
          extensions: {
            code: 'NOT_ACCEPTABLE',
            mediaTypes: [
              'application/json',
              'application/graphql-response+json',
              'text/event-stream',
              'multipart/mixed;subscriptionSpec=1.0',
            ],
          },
        },
      ]);
    },
  );
});

describe('a subscription', () => {
  test.each([
    ['*/*', SSE_TYPE],
    ['text/event-stream, multipart/mixed', SSE_TYPE],
    [APOLLO, MULTIPART_TYPE],
    ['multipart/mixed;subscriptionSpec=1.0, text/event-stream', MULTIPART_TYPE],
    ['multipart/mixed;subscriptionSpec=1.0;q=0.5, text/event-stream', SSE_TYPE],
  ])('from a client that takes "%s" is answered in %s', async (accept, type) => {
    const { id } = await submitTrip(gateway.url, tripNumber(1));
    const response = await ask({ query: TASK_RESULT, variables: { id } }, accept);
    expect(response.headers.get('content-type')).toBe(type);
    expect(response.headers.get('x-accel-buffering')).toBe('no');
    expect(await response.text()).toContain('"SUCCEEDED"');
  });

  test.each([
    'application/json',
    'application/graphql-response+json',
    'multipart/mixed;subscriptionSpec=2.0',
  ])('from a client that accepts only "%s" is refused with the possible types', async (accept) => {
    const response = await ask({ query: TASK_RESULT, variables: { id: 'x' } }, accept);
    expect(response.status).toBe(406);
    expect((await response.json()).errors[0].extensions).toEqual({
      code: 'NOT_ACCEPTABLE',
      mediaTypes: ['text/event-stream', 'multipart/mixed;subscriptionSpec=1.0'],
    });
  });

  test('is sent to Apollo as parts, each followed by its boundary, and ends', async () => {
    const { id } = await submitTrip(gateway.url, tripNumber(2));
    const text = await (await ask({ query: TASK_UPDATES, variables: { id } }, APOLLO)).text();
    const [preamble, ...parts] = text.split('\r\n--graphql');
    expect(preamble).toBe('');
    expect(parts.pop()).toBe('--\r\n');
    const contents = parts.map((part) => {
      const [head, body = ''] = part.split('\r\n\r\n');
      expect(head).toBe('\r\ncontent-type: application/json; charset=utf-8');
      return JSON.parse(body);
    });
    expect(contents.at(-1)).toMatchObject({ payload: { data: { taskUpdates: { id, state: 'SUCCEEDED' } } } });
  });

  test('that cannot start gets one answer, in JSON if the client accepts it', async () => {
    const request = { query: TASK_RESULT, variables: { id: 'nonsense' } };
    for (const [accept, type] of [
      ['*/*', JSON_TYPE],
      [APOLLO, RESPONSE_TYPE],
      ['text/event-stream', SSE_TYPE],
      ['multipart/mixed;subscriptionSpec=1.0', MULTIPART_TYPE],
    ] as const) {
      const response = await ask(request, accept);
      expect([response.status, response.headers.get('content-type')]).toEqual([200, type]);
      expect(await response.text()).toContain('"code":"TASK_NOT_FOUND"');
    }
  });
});

describe('over GET', () => {
  test('a query has its variables and its name in the URL', async () => {
    const query = 'query A($name: String!) { __type(name: $name) { name } } query B { __typename }';
    const response = await get({ query, operationName: 'A', variables: '{"name":"Task"}', extensions: '' });
    expect(await response.json()).toEqual({ data: { __type: { name: 'Task' } } });
  });

  test.each([
    [
      'bytes that are not UTF-8',
      'query={__typename}&variables=%7B%22a%22:%22%FF%22%7D',
      /percent-encoded UTF-8/,
    ],
    ['a lone percent sign', 'query=%', /percent-encoded UTF-8/],
    ['variables that are not JSON', 'query={__typename}&variables=x', /The parameter variables must be JSON/],
    [
      'variables that are a list',
      'query={__typename}&variables=[]',
      /"variables" param to be an object, but given array/,
    ],
    ['two queries', 'query={__typename}&query={__typename}', /"query" must come once/],
    ['no query', 'operationName=A', /Must provide query string/],
    ['nothing', '', /Must provide query string/],
  ])('%s is BAD_REQUEST', async (_what, search, message) => {
    const headers = { 'apollo-require-preflight': '1' };
    const response = await fetch(`${gateway.url}?${search}`, { headers });
    expect(response.status).toBe(400);
    expect((await response.json()).errors).toEqual([
      { message: expect.stringMatching(message), extensions: { code: 'BAD_REQUEST' } },
    ]);
  });

  test('a mutation is METHOD_NOT_ALLOWED, as is any other method, and the answer lists the allowed ones', async () => {
    const mutation = await get({ query: 'mutation { cancelTask(id: "x") { id } }' });
    const deletion = await fetch(gateway.url, { method: 'DELETE' });
    for (const [response, allow] of [
      [mutation, 'POST'],
      [deletion, 'GET, POST'],
    ] as const) {
      expect(response.status).toBe(405);
      expect(response.headers.get('allow')).toBe(allow);
      expect((await response.json()).errors[0].extensions).toEqual({ code: 'METHOD_NOT_ALLOWED' });
    }
  });

  test('a subscription is answered with a stream for EventSource', async () => {
    const { id } = await submitTrip(gateway.url, tripNumber(3));
    const response = await get(
      { query: TASK_RESULT, variables: JSON.stringify({ id }) },
      'text/event-stream',
    );
    expect(await response.text()).toMatch(/event: next\ndata: .*"SUCCEEDED".*\n\nevent: complete\n/);
  });
});

function ask(body: object, accept?: string): Promise<Response> {
  const headers = { 'content-type': 'application/json', ...(accept !== undefined && { accept }) };
  return fetch(gateway.url, { method: 'POST', headers, body: JSON.stringify(body) });
}

function get(params: Record<string, string>, accept = '*/*'): Promise<Response> {
  const url = `${gateway.url}?${new URLSearchParams(params)}`;
  return fetch(url, { headers: { accept, 'apollo-require-preflight': '1' } });
}

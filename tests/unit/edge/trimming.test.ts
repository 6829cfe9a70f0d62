/** Large requests without the parts that no operation reads. */
import { buildSchema } from 'graphql';
import { expect, test } from 'vitest';
import { Operations } from '../../../src/edge/operations.ts';
import { PersistedOperations } from '../../../src/edge/persistedOperations.ts';
import { trimPayload, trimSubscribe } from '../../../src/edge/trimming.ts';

const limits = { maxDepth: 12, maxTokens: 2_000, maxAliases: 30, maxComplexity: 1_000 };
const operations = new Operations(buildSchema('type Query { task(id: ID!): ID }'), limits);
const persisted = new PersistedOperations({ operations, trusted: undefined, isOnly: false });
const known = { operations, persisted };
const query = 'query A($id: ID!) { task(id: $id) } query B { task(id: "1") }';
const large = Array.from({ length: 8_000 }, (_, i) => ({ [`"${i}\\`]: [i, null, true, '}]"\\', { a: [] }] }));

const trimmed = (payload: object, space?: number) =>
  JSON.parse(trimPayload(JSON.stringify(payload, undefined, space), known));

test.each([undefined, 2])(
  'variables that an operation does not declare are left out of a large request',
  (space) => {
    const variables = { x: large, id: 'caf\u00e9 \u{1f600}', y: 'x"\\', z: 12.5 };
    expect(trimmed({ variables, query, operationName: 'A' }, space)).toEqual({
      variables: { id: variables.id },
      query,
      operationName: 'A',
    });
    expect(trimmed({ query, operationName: 'B', variables }, space)).toEqual({
      variables: {},
      query,
      operationName: 'B',
    });
  },
);

test('declared variables stay as they are, however large', () => {
  const payload = { query, operationName: 'A', variables: { id: large } };
  expect(trimPayload(JSON.stringify(payload), known)).toBe(JSON.stringify(payload));
});

test('large extensions are left out, small ones stay', () => {
  const payload = { query, operationName: 'A', variables: { id: '1' } };
  expect(trimmed({ ...payload, extensions: { large } })).toEqual(payload);
  const small = { ...payload, variables: { id: large }, extensions: { small: 1 } };
  expect(trimmed(small)).toEqual(small);
});

test.each([
  ['another operation name', { query, operationName: 'C', variables: { large } }],
  ['an operation that is refused', { query: '{ tusk }', variables: { large } }],
  ['no query', { variables: { large } }],
])('all variables of a request with %s are left out', (_what, payload) => {
  expect(trimmed(payload)).toEqual({ ...payload, variables: {} });
});

test.each([
  ['not JSON', `{"query": ${'x'.repeat(300_000)}`],
  ['a list', JSON.stringify(large)],
  ['cut off', JSON.stringify({ query, variables: { large } }).slice(0, -1)],
  ['no text that ends', `{"query": "${'x'.repeat(300_000)}`],
  ['followed by more', `${JSON.stringify({ query, variables: { large } })} {}`],
  ['of the wrong types', JSON.stringify({ query: 7, variables: [large] })],
])('a body that is %s is passed on unchanged, to be refused later', (_what, json) => {
  expect(trimPayload(json, known)).toBe(json);
});

test('a message is trimmed in its payload', () => {
  const message = {
    id: '1',
    type: 'subscribe',
    payload: { query, operationName: 'A', variables: { id: '1', large } },
  };
  const { payload } = JSON.parse(trimSubscribe(JSON.stringify(message), known) ?? '');
  expect(payload).toEqual({ query, operationName: 'A', variables: { id: '1' } });
});

test('a message keeps only the members that the protocol knows', () => {
  const payload = { query, operationName: 'A', variables: { id: '1' }, extensions: { small: 1 } };
  const message = { large, id: '1', type: 'subscribe', payload: { ...payload, large } };
  expect(JSON.parse(trimSubscribe(JSON.stringify(message), known) ?? '')).toEqual({
    id: '1',
    type: 'subscribe',
    payload,
  });
});

test('a large message of another type is recognised, and one that is no JSON is passed on unchanged', () => {
  expect(trimSubscribe(JSON.stringify({ type: 'ping', large }), known)).toBeUndefined();
  const cut = JSON.stringify({ type: 'subscribe', large }).slice(0, -1);
  expect(trimSubscribe(cut, known)).toBe(cut);
});

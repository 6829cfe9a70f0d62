/** Large variables that do not fit are refused after a few faults, of which little is quoted. */
import { buildSchema, type ExecutionResult } from 'graphql';
import { expect, test } from 'vitest';
import { Operations } from '../../../src/edge/operations.ts';
import { areSmall } from '../../../src/edge/variableFaults.ts';

const schema = buildSchema(`
  type Query { rows(rows: [Row!]!, tags: [String!]): Int, one(one: One): Int, kind(kind: Kind, id: ID): Int }
  type Subscription { rows(rows: [Row!]!): Int }
  input Row { from: Int!, to: Int!, miles: Float!, kind: Kind }
  input One @oneOf { a: [Int!], b: String }
  enum Kind { SHORT LONG }
`);
const limits = { maxDepth: 12, maxTokens: 2_000, maxAliases: 30, maxComplexity: 1_000 };
const ROWS = 'query ($rows: [Row!]!, $tags: [String!]) { rows(rows: $rows, tags: $tags) }';
const ROW = { from: 1, to: 2, miles: 3.5 };

const many = <T>(count: number, make: (i: number) => T) => Array.from({ length: count }, (_, i) => make(i));
const wide = (count: number) => Object.fromEntries(many(count, (i) => [`k${i}`, 1]));

/** Of an operation in its first use and when it has been compiled. */
async function answersTo(text: string, variableValues: Record<string, unknown>): Promise<ExecutionResult[]> {
  const operations = new Operations(schema, limits);
  const { document, errors } = operations.read(text);
  expect(errors).toEqual([]);
  const rootValue = { rows: 1, one: 1, kind: 1 };
  const fits = { rows: [ROW] };
  const first = await operations.execute({ schema, document, rootValue, variableValues });
  for (let use = 0; use < 30; use++)
    await operations.execute({ schema, document, rootValue, variableValues: fits });
  return [first, await operations.execute({ schema, document, rootValue, variableValues })];
}

test.each([
  [
    'members without end that a type does not have',
    ROWS,
    { rows: [wide(100_000)] },
    [0, 1, 2].map(
      (i) =>
        `Variable "$rows" has invalid value at [0]: Expected value of type "Row" not to include unknown field "k${i}".`,
    ),
  ],
  [
    'rows without their members',
    ROWS,
    { rows: many(100_000, () => ({})) },
    ['from', 'to', 'miles'].map(
      (name) =>
        `Variable "$rows" has invalid value at [0]: Expected value of type "Row" to include required field "${name}".`,
    ),
  ],
  [
    'rows that are null',
    ROWS,
    { rows: many(100_000, () => null) },
    [0, 1, 2].map(
      (i) =>
        `Variable "$rows" has invalid value at [${i}]: Expected value of non-null type "Row!" not to be null.`,
    ),
  ],
  [
    'a fault in the last of many rows',
    ROWS,
    { rows: [...many(5_000, () => ROW), { ...ROW, to: 'x' }] },
    ['Variable "$rows" has invalid value at [5000].to: Int cannot represent non-integer value: "x"'],
  ],
  [
    'a number as large as a request',
    ROWS,
    { rows: { ...ROW, from: '7'.repeat(1_000_000) } },
    [
      `Variable "$rows" has invalid value at .from: Expected value of type "Int", found: "${'7'.repeat(40)}…".`,
    ],
  ],
  [
    'lists where texts belong',
    ROWS,
    { rows: [ROW], tags: many(50_000, () => [1, 2]) },
    [0, 1, 2].map(
      (i) =>
        `Variable "$tags" has invalid value at [${i}]: Expected value of type "String", found: a list of 2.`,
    ),
  ],
  [
    'a list where an object belongs',
    'query ($one: One) { one(one: $one) }',
    { one: many(50_000, () => 1) },
    [
      'Variable "$one" has invalid value: Expected value of type "One" to be an object, found: a list of 50000.',
    ],
  ],
  [
    'two members of which there may be one',
    'query ($one: One) { one(one: $one) }',
    { one: { a: many(50_000, () => 1), b: 'x' } },
    [
      'Variable "$one" has invalid value: Within OneOf Input Object type "One", exactly one field must be specified, and the value for that field must be non-null.',
    ],
  ],
  [
    'a name with a member where an enum belongs',
    'query ($kind: Kind, $id: ID) { kind(kind: $kind, id: $id) }',
    { kind: 'x'.repeat(100_000), id: { ...wide(50_000) } },
    [
      `Variable "$kind" has invalid value: Expected value of type "Kind", found: "${'x'.repeat(40)}…".`,
      'Variable "$id" has invalid value: Expected value of type "ID", found: an object.',
    ],
  ],
])('%s: three faults are told at most, in few words', async (_what, text, variables, messages) => {
  for (const { data, errors } of await answersTo(text, variables)) {
    expect(data).toBeUndefined();
    expect(errors?.map(({ message }) => message)).toEqual(messages);
    expect(errors?.[0]?.locations).toBeDefined();
  }
});

test('large variables that fit are taken, and small ones that do not are told by graphql', async () => {
  for (const { data } of await answersTo(ROWS, { rows: many(5_000, () => ROW), tags: ['x'.repeat(10_000)] }))
    expect(data).toEqual({ rows: 1 });
  for (const { errors } of await answersTo(ROWS, { rows: [{ ...ROW, mile: 1 }] }))
    expect(errors?.[0]?.message).toContain('unknown field "mile". Did you mean "miles"?');
});

test('a subscription with large variables that do not fit is refused as quickly', async () => {
  const operations = new Operations(schema, limits);
  const { document } = operations.read('subscription ($rows: [Row!]!) { rows(rows: $rows) }');
  const args = { schema, document, variableValues: { rows: [wide(100_000)] } };
  const { errors } = (await operations.subscribe(args)) as ExecutionResult;
  expect(errors).toHaveLength(3);
  expect(JSON.stringify(errors).length).toBeLessThan(1_000);
});

test('variables are small up to 50 values and 2,000 characters', () => {
  expect(areSmall({ rows: many(10, () => ROW) })).toBe(true);
  expect(areSmall({ rows: many(15, () => ROW) })).toBe(false);
  expect(areSmall({ text: 'x'.repeat(2_001) })).toBe(false);
  expect(areSmall({ ['x'.repeat(2_001)]: 1 })).toBe(false);
});

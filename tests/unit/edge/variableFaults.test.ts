/** Large variables that do not fit are refused after a few faults, and the errors quote little of them. */
import { buildSchema, getOperationAST, parse } from 'graphql';
import { expect, test } from 'vitest';
import { InputChecks } from '../../../src/edge/inputChecks.ts';
import { areSmall, variableFaults } from '../../../src/edge/variableFaults.ts';

const schema = buildSchema(`
  type Query { rows(rows: [Row!]!, tags: [String!]): Int, one(one: One): Int, kind(kind: Kind, id: ID): Int }
  input Row { from: Int!, to: Int!, miles: Float!, kind: Kind }
  input One @oneOf { a: [Int!], b: String }
  enum Kind { SHORT LONG }
`);
const ROWS = 'query ($rows: [Row!]!, $tags: [String!]) { rows(rows: $rows, tags: $tags) }';
const ROW = { from: 1, to: 2, miles: 3.5 };

const many = <T>(count: number, make: (i: number) => T) => Array.from({ length: count }, (_, i) => make(i));
const wide = (count: number) => Object.fromEntries(many(count, (i) => [`k${i}`, 1]));

/** Faults that are found in the variables of an operation. */
function faultsOf(text: string, variables: Record<string, unknown>) {
  const operation = getOperationAST(parse(text));
  if (operation == null) throw new Error('the text has one operation');
  return variableFaults({ schema, checks: new InputChecks() }, operation, variables);
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
])('%s: three faults at most are found, and told in few words', (_what, text, variables, messages) => {
  const faults = faultsOf(text, variables);
  expect(faults.map(({ message }) => message)).toEqual(messages);
  expect(faults[0]?.locations).toBeDefined();
});

test('large variables that fit have no faults', () => {
  expect(faultsOf(ROWS, { rows: many(5_000, () => ROW), tags: ['x'.repeat(10_000)] })).toEqual([]);
});

test('variables are small up to 50 values and 2,000 characters', () => {
  expect(areSmall({ rows: many(10, () => ROW) })).toBe(true);
  expect(areSmall({ rows: many(15, () => ROW) })).toBe(false);
  expect(areSmall({ text: 'x'.repeat(2_001) })).toBe(false);
  expect(areSmall({ ['x'.repeat(2_001)]: 1 })).toBe(false);
});

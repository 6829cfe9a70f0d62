/** The fast check of large variables agrees with graphql for any value. */
import fc from 'fast-check';
import { buildSchema, coerceInputValue, type GraphQLInputType, isInputObjectType } from 'graphql';
import { expect, test } from 'vitest';
import { InputChecks } from '../../../src/edge/inputChecks.ts';

const schema = buildSchema(`
  type Query { all(all: All): Int }
  enum Kind { SHORT LONG }
  input One @oneOf { a: Int, b: [String!] }
  input Row { from: Int!, miles: Float, kind: Kind = SHORT, next: Row }
  input All {
    int: Int, float: Float!, text: String, flag: Boolean, id: ID, kind: Kind, one: One,
    ints: [Int!]!, grid: [[Float]], rows: [Row!]
  }
`);
const all = schema.getType('All');
const fields = isInputObjectType(all) ? Object.values(all.getFields()) : [];

const leaf = fc.oneof(
  fc.constantFrom(
    null,
    true,
    0,
    -1,
    1.5,
    2 ** 31 - 1,
    2 ** 31,
    -(2 ** 31) + 1,
    'SHORT',
    'LONG',
    'short',
    '1',
    '',
  ),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);
const names = fc.constantFrom('from', 'miles', 'kind', 'next', 'a', 'b', 'x', '__proto__', 'constructor');
const { value: anyValue } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    leaf,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.array(fc.tuple(names, tie('value')), { maxLength: 3 }).map((members) => Object.fromEntries(members)),
  ),
}));

test.each(fields.map(({ name, type }) => [name, type] as const))(
  'a value fits the input %s if and only if graphql takes it',
  (_name, type: GraphQLInputType) => {
    const check = new InputChecks().of(type);
    fc.assert(
      fc.property(anyValue, (value) => {
        expect(check(value)).toBe(coerceInputValue(value, type) !== undefined);
      }),
      { numRuns: 200 },
    );
  },
);

test('rows within rows are checked to the innermost', () => {
  const rows = fields.find(({ name }) => name === 'rows');
  const check = rows && new InputChecks().of(rows.type);
  const good = { from: 1, next: { from: 2, miles: 0.5, next: null } };
  expect(check?.([good, good])).toBe(true);
  expect(check?.([good, { ...good, next: { from: 2, next: { miles: 1 } } }])).toBe(false);
});

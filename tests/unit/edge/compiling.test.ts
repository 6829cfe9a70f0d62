/** Other requests wait while an operation is compiled: one that would take long is never compiled. */
import { buildSchema, parse } from 'graphql';
import { expect, test } from 'vitest';
import { compile } from '../../../src/edge/compiling.ts';

const many = (count: number, text: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => text(i)).join(' ');
const schema = buildSchema(`
  type Query { task(id: ID): Task, choose(choice: Choice): Int, lists(values: [[[[[[[[[[Int]]]]]]]]]]): Int, row(row: Row!): Int, wide(row: Wide!): Int }
  interface Named { ${many(20, (i) => `name${i}: String`)} }
  ${many(30, (i) => `type Kind${i} implements Named { ${many(20, (n) => `name${n}: String`)} }`)}
  type Task { id: ID, state: String, named: Named, others: [Task] }
  input Row { a: Int!, b: Float!, c: [Int!] }
  input Wide { ${many(300, (i) => `m${i}: Float!`)} }
  input Choice @oneOf { a: Int, b: Int }
`);

test.each([
  ['a task', 'query ($id: ID) { task(id: $id) { id state others { id } } }'],
  ['a row', 'query ($row: Row!) { row(row: $row) }'],
  ['a model of 300 inputs', 'query ($row: Wide!) { wide(row: $row) }'],
  ['a choice, which is checked before it is run', 'query ($c: Choice) { choose(choice: $c) }'],
  ['a choice in its text', 'query ($a: Int!) { choose(choice: { a: $a }) }'],
  ['introspection', '{ __schema { types { name kind ofType { name } } } }'],
])('an operation that asks for %s is compiled', (_what, text) => {
  expect(compile(schema, parse(text))?.query).toBeTypeOf('function');
});

test.each([
  [
    '100 variables of inputs',
    `query (${many(100, (i) => `$v${i}: Row!`)}) { ${many(100, (i) => `a${i}: row(row: $v${i})`)} }`,
  ],
  ['variables of two wide inputs', 'query ($a: Wide!, $b: Wide!) { a: wide(row: $a) b: wide(row: $b) }'],
  ['a variable of lists in lists', 'query ($v: [[[[[[[[[[Int]]]]]]]]]]) { lists(values: $v) }'],
  [
    'a fragment under many aliases',
    `{ ${many(29, (i) => `a${i}: task { ...F }`)} } fragment F on Task { ${many(20, (i) => `f${i}: id`)} }`,
  ],
  ['fields of an interface of many types', `{ task { named { ${many(20, (i) => `name${i}`)} } } }`],
  ['much text', `{ ${many(100, (i) => `a${i}: task(id: ${i}) { id }`)} }`],
  ['a choice in its text that may be null', 'query ($a: Int) { choose(choice: { a: $a }) }'],
  ['several operations', 'query A { task { id } } query B { task { id } }'],
])('an operation with %s is not compiled', (_what, text) => {
  expect(compile(schema, parse(text))).toBeUndefined();
});

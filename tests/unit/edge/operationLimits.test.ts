/** The cost of an operation is judged in few steps, before it is validated. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildSchema, getIntrospectionQuery, parse, validate } from 'graphql';
import { expect, test } from 'vitest';
import { OperationWalk } from '../../../src/edge/operationLimits.ts';

const ROOT = join(import.meta.dirname, '../../..');
const schema = buildSchema(await readFile(join(ROOT, 'schema/schema.graphql'), 'utf8'));
const limits = { maxDepth: 12, maxTokens: 2_000, maxAliases: 30, maxComplexity: 1_000 };

const list = <T>(count: number, make: (i: number) => T) => Array.from({ length: count }, (_, i) => make(i));
const many = (count: number, text: (i: number) => string) => list(count, text).join(' ');

const costly: readonly (readonly [string, string, string])[] = [
  ['too costly', `{ ${'models { name } '.repeat(490)} }`, '1000 points of complexity at most, got 1960'],
  ['one field again and again', `{ ${'__typename '.repeat(900)} }`, '5000 pairs of fields'],
  ['a field with fields again and again', `{ ${'models { name } '.repeat(120)} }`, '5000 pairs of fields'],
  [
    'fragments that double at each level',
    `{ ...F0 } ${many(100, (i) => `fragment F${i} on Query { ...F${i + 1} ...F${i + 1} }`)} fragment F100 on Query { __typename }`,
    '1000 points of complexity',
  ],
  [
    'fragments that double without a field',
    `{ ...F0 } ${many(100, (i) => `fragment F${i} on Query { ...F${i + 1} ...F${i + 1} }`)}`,
    '5000 pairs of fields',
  ],
  [
    'nested fields whose fragments double',
    `{ ...F0 } ${many(60, (i) => `fragment F${i} on Query { a { ...F${i + 1} } b { ...F${i + 1} } }`)} fragment F60 on Query { a }`,
    '12 levels of depth at most, got 61',
  ],
  [
    'a fragment within itself',
    '{ ...A } fragment A on Query { ...B } fragment B on Query { ...A ...A }',
    'Cannot spread fragment "A" within itself.',
  ],
  [
    'a fragment deep within itself',
    '{ ...A } fragment A on Query { health { ...B } } fragment B on Health { name ...A }',
    'Cannot spread fragment "A" within itself.',
  ],
  [
    'fragments in a set, each to be compared with each',
    `{ ${many(150, (i) => `...F${i}`)} } ${many(150, (i) => `fragment F${i} on Query { x${i} }`)}`,
    '5000 pairs of fields',
  ],
  [
    'a fragment of many fields that nothing spreads',
    `{ __typename } fragment U on Query { ${'__typename '.repeat(900)} }`,
    'Fragment "U" is never used.',
  ],
  ['inline fragments of one field', `{ ${'... { __typename } '.repeat(480)} }`, '5000 pairs of fields'],
  [
    'operations',
    many(300, (i) => `query Q${i} { __typename }`),
    '50 operations in its text at most, got 300',
  ],
  [
    'lists within lists',
    `mutation { predictTrip(input: ${'['.repeat(900)}${']'.repeat(900)}) { id } }`,
    '64 brackets within each other',
  ],
  [
    'objects within objects',
    `mutation { predictTrip(input: ${'{ a: '.repeat(400)}1${' }'.repeat(400)}) { id } }`,
    '64 brackets within each other',
  ],
  [
    'a type of lists of lists',
    `query ($a: ${'['.repeat(900)}Int${']'.repeat(900)}) { __typename }`,
    '64 brackets within each other',
  ],
  [
    'one argument again and again',
    `{ task(${many(640, () => 'id: 1')}) { id } }`,
    '100 arguments in one place at most, got 640',
  ],
  [
    'one argument of a directive again and again',
    `{ __typename @skip(${many(640, () => 'if: true')}) }`,
    '100 arguments in one place at most, got 640',
  ],
  [
    'one directive again and again',
    `query @a { __typename ${many(900, () => '@b')} }`,
    '100 directives in one place at most, got 900',
  ],
  [
    'directives of a variable',
    `query ($a: ID ${many(900, () => '@b')}) { __typename }`,
    '100 directives in one place at most, got 900',
  ],
  [
    'one variable again and again',
    `query (${many(480, () => '$a: ID')}) { __typename }`,
    '117 variables at most, got 480',
  ],
  [
    'one member of an input again and again',
    `mutation { predictTrip(input: { ${many(600, () => 'tripDistanceMiles: 1')} }) { id } }`,
    '117 members in one place at most, got 600',
  ],
  [
    'members of a default that there are not',
    `query ($a: PredictTripInput = { ${many(400, (i) => `k${i}: 1`)} }) { __typename }`,
    '117 members in one place at most, got 400',
  ],
];

test.each(costly)('%s: is refused in fewer steps than twice its tokens and 4,000', (_what, text, message) => {
  const document = parse(text, { maxTokens: limits.maxTokens });
  const walk = new OperationWalk(schema, document, limits);
  const problem = walk.problem();
  expect(walk.steps).toBeLessThan(2 * (document.tokenCount ?? 0) + 4_000);
  expect(problem?.message).toContain(message);
});

test.each([
  ['the introspection of GraphiQL', getIntrospectionQuery({ schemaDescription: true, oneOf: true })],
  [
    '30 tasks with all their fields',
    `{ ${many(30, (i) => `a${i}: task(id: "1") { id state model attempts }`)} }`,
  ],
  [
    'a fragment that is spread again and again',
    `{ health { ${'...N '.repeat(990)} } } fragment N on Health { name }`,
  ],
  [
    'predictions of 60 models with the same output',
    `{ task(id: "1") { prediction { ${'... on TripPrediction { durationMinutes } '.repeat(60)} } } }`,
  ],
])('%s may be asked for', (_what, text) => {
  const document = parse(text, { maxTokens: limits.maxTokens });
  expect(new OperationWalk(schema, document, limits).problem()).toBeUndefined();
  expect(validate(schema, document)).toEqual([]);
});

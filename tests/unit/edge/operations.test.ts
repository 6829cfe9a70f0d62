/** Operations by their texts: which are kept, and how they are run. */
import { buildSchema, type ExecutionResult } from 'graphql';
import { expect, test } from 'vitest';
import { Operations } from '../../../src/edge/operations.ts';

const schema = buildSchema(`
  type Query { health: Health, models: [Model], row(row: Row!): Int, rows(rows: [Row!]!): Int }
  type Subscription { rows(rows: [Row!]!): Int }
  type Health { name: String }
  type Model { name: String }
  input Row { a: Int!, b: Float!, c: [Int!] }
`);

const limits = { maxDepth: 12, maxTokens: 2_000, maxAliases: 30, maxComplexity: 1_000 };

const list = <T>(count: number, make: (i: number) => T) => Array.from({ length: count }, (_, i) => make(i));
const many = (count: number, text: (i: number) => string) => list(count, text).join(' ');

test('an operation with many faults is refused with the first few of them', () => {
  const { errors } = new Operations(schema, limits).read(`{ ${many(400, (i) => `helth${i}`)} }`);
  expect(errors.map(({ message }) => message)).toEqual([
    'Cannot query field "helth0" on type "Query". Did you mean "health"?',
    'Cannot query field "helth1" on type "Query". Did you mean "health"?',
    'Cannot query field "helth2" on type "Query". Did you mean "health"?',
    'Too many validation errors, error limit reached. Validation aborted.',
  ]);
});

test('a model of 300 inputs may be asked with a literal, or with a variable for each input', () => {
  const wide = buildSchema(
    `type Query { wide(input: Wide!): Int } input Wide { ${many(300, (i) => `m${i}: Float!`)} }`,
  );
  const literal = `{ wide(input: { ${many(300, (i) => `m${i}: 1`)} }) }`;
  const variables = `query (${many(300, (i) => `$v${i}: Float!`)}) { wide(input: { ${many(300, (i) => `m${i}: $v${i}`)} }) }`;
  for (const text of [literal, variables])
    expect(new Operations(wide, { ...limits, maxTokens: 5_000 }).read(text).errors).toEqual([]);
});

test('refused operations are not kept, and kept ones have a limit in bytes', () => {
  const operations = new Operations(schema, limits);
  for (let i = 0; i < 20; i++) {
    operations.read(`{ ${'models { name } '.repeat(490)} }#${i}`);
    operations.read(`{ helth }#${i}`);
    expect(() => operations.read(`{ health `)).toThrow('Syntax Error');
  }
  expect(operations.keptBytes).toBe(0);

  const wide = `{ health { ${'...N '.repeat(900)} } } fragment N on Health { name }`;
  for (let i = 0; i < 30; i++) expect(operations.read(`${wide}#${i}`).errors).toEqual([]);
  expect(operations.keptBytes).toBeGreaterThan(24 * 1024 * 1024);
  expect(operations.keptBytes).toBeLessThanOrEqual(32 * 1024 * 1024);
});

test('a short operation counts 4,000 bytes at least, so that the number of kept ones has a limit', () => {
  const operations = new Operations(schema, limits);
  for (let i = 0; i < 10; i++) operations.read(`{ __typename }#${i}`);
  expect(operations.keptBytes).toBeGreaterThan(10 * 4_000);
});

test('a kept operation has no comments any more, and its errors still name their places', async () => {
  const operations = new Operations(schema, limits);
  const { document, errors } = operations.read(`${'# c\n'.repeat(900)}{ models { name } }`);
  expect(errors).toEqual([]);
  expect(document.loc?.startToken.next).toBeNull();
  expect(document.loc?.endToken.prev).toBeNull();
  const rootValue = {
    models: () => {
      throw new Error('no models');
    },
  };
  for (let use = 0; use < 25; use++) {
    const { errors } = await operations.execute({ schema, document, rootValue });
    expect(errors?.[0]?.locations).toEqual([{ line: 901, column: 3 }]);
  }
});

test('an operation is compiled after 20 runs, and refusals do not count', async () => {
  const operations = new Operations(schema, limits);
  const { document } = operations.read('query ($row: Row!) { row(row: $row) }');
  const use = (row: unknown) =>
    operations.execute({ schema, document, rootValue: { row: 1 }, variableValues: { row } });
  const { keptBytes } = operations;
  for (let i = 0; i < 40; i++) expect((await use({ a: 'x' })).errors).toBeDefined();
  expect(operations.keptBytes).toBe(keptBytes);
  for (let i = 0; i < 21; i++) expect(await use({ a: 1, b: 2 })).toEqual({ data: { row: 1 } });
  expect(operations.keptBytes).toBeGreaterThan(keptBytes);
});

const ROWS = 'query ($rows: [Row!]!) { rows(rows: $rows) }';
const LARGE = { rows: list(5_000, (i) => ({ a: i, b: 0.5 })) };
const WRONG = { rows: list(5_000, () => ({ a: 'x'.repeat(1_000) })) };

test('large variables are checked, and refused in few words, before and after an operation is compiled', async () => {
  const operations = new Operations(schema, limits);
  const { document } = operations.read(ROWS);
  const use = (variableValues: Record<string, unknown>) =>
    operations.execute({ schema, document, rootValue: { rows: 1 }, variableValues });
  for (let uses = 0; uses < 30; uses++) {
    if (uses % 29 !== 0) {
      await use({ rows: [] });
      continue;
    }
    expect(await use(LARGE)).toEqual({ data: { rows: 1 } });
    const { data, errors } = await use(WRONG);
    expect(data).toBeUndefined();
    expect(errors).toHaveLength(3);
    expect(JSON.stringify(errors).length).toBeLessThan(1_000);
  }
});

test('a small variable that does not fit is refused with the advice of graphql', async () => {
  const operations = new Operations(schema, limits);
  const { document } = operations.read(ROWS);
  const variableValues = { rows: [{ a: 1, b: 1, cc: [1] }] };
  const { errors } = await operations.execute({ schema, document, variableValues });
  expect(errors?.[0]?.message).toContain('unknown field "cc". Did you mean "c"?');
});

test('a subscription with large variables that do not fit is refused in few words', async () => {
  const operations = new Operations(schema, limits);
  const { document } = operations.read(`subscription ($rows: [Row!]!) { rows(rows: $rows) }`);
  const { errors } = (await operations.subscribe({
    schema,
    document,
    variableValues: WRONG,
  })) as ExecutionResult;
  expect(errors).toHaveLength(3);
  expect(JSON.stringify(errors).length).toBeLessThan(1_000);
});

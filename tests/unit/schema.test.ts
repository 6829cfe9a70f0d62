/** The printed schema is what the gateway serves, and every part of it is described. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type GraphQLNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isObjectType,
  isSpecifiedScalarType,
  parse,
  printSchema,
  validate,
} from 'graphql';
import { describe, expect, test } from 'vitest';
import { buildSchema } from '../../schema/index.ts';
import { exampleTabs } from '../../src/edge/exampleTabs.ts';
import { Catalog } from '../../src/models/catalog.ts';
import { exampleFields } from '../../src/models/graphqlLiteral.ts';
import { completeNames, enumTypesOf, type Manifest } from '../../src/models/manifest.ts';
import { everyKindModels } from '../support/everyKind.ts';
import { MODELS, modelsWith, SILENT } from '../support/models.ts';

const ROOT = join(import.meta.dirname, '../..');

const { models } = await Catalog.open(MODELS, SILENT);
const schema = buildSchema(models);
const types = Object.values(schema.getTypeMap()).filter(
  (type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type),
);

test('schema/schema.graphql is the schema that is served; if not, `npm run schema` prints it', async () => {
  const printed = await readFile(join(ROOT, 'schema/schema.graphql'), 'utf8');
  expect(printed).toBe(`${printSchema(schema)}\n`);
});

test.each(types.map((type) => [type.name, type] as const))('%s is described in every part', (_name, type) => {
  expect(withoutDescription(type)).toEqual([]);
});

const forOperators = ['Query', 'Mutation', 'Subscription']
  .map((name) => schema.getType(name))
  .filter(isObjectType)
  .flatMap((type) => Object.values(type.getFields()))
  .filter(({ description }) => description?.includes('For operators'));

test('the fields for operators are the eight that there are', () => {
  expect(forOperators.map(({ name }) => name).toSorted()).toEqual([
    'deadLetterAdded',
    'deadLetters',
    'discardDeadLetter',
    'redriveDeadLetter',
    'redriveDeadLetters',
    'rolloutComparison',
    'rolloutComparison',
    'setRollout',
  ]);
});

test.each(forOperators.map((field) => [field.name, field] as const))(
  'the field %s touches nothing unless an operator asks',
  async (_name, { resolve, subscribe }) => {
    const refusal = new Error('no operator');
    const touched: string[] = [];
    const service = (name: string) => new Proxy({}, { get: () => () => touched.push(name) });
    const context = new Proxy(
      { requireOperator: () => Promise.reject(refusal) },
      { get: (target, name: string) => (name in target ? target.requireOperator : service(name)) },
    );
    const begin = subscribe ?? resolve;
    await expect(async () => begin?.({}, { model: 'trip-duration' }, context, {} as never)).rejects.toBe(
      refusal,
    );
    expect(touched).toEqual([]);
  },
);

test('every input says its unit and its limits', () => {
  for (const { manifest } of models) {
    const input = schema.getType(manifest.graphql.inputType);
    if (!isInputObjectType(input)) throw new Error(`${manifest.graphql.inputType} is an input type`);
    for (const field of manifest.inputs) {
      if (!('unit' in field)) continue;
      const { name, unit, minimum, maximum } = field;
      expect(input.getFields()[name]?.description).toContain(`Unit: ${unit}; ${minimum} to ${maximum}`);
    }
  }
});

describe('a model of every kind', async () => {
  await using folder = await everyKindModels();
  const catalog = await Catalog.open(folder.path, SILENT);
  const kinds = buildSchema(catalog.models);
  const input = kinds.getType('PredictKindsInput');
  const fields = isInputObjectType(input) ? input.getFields() : {};
  const [model] = catalog.models;

  test('has a GraphQL type for each, required unless there is a default', () => {
    const types = Object.values(fields).map(({ name, type }) => [name, String(type)]);
    expect(Object.fromEntries(types)).toEqual({
      count: 'Int!',
      steps: 'Int',
      share: 'Float!',
      weights: '[Float!]!',
      places: '[Int!]',
      title: 'String!',
      note: 'String',
      colour: 'PaintColour!',
      rank: 'PaintRank',
      isNew: 'Boolean',
      pickupAt: 'LocalDateTime',
    });
    const prediction = kinds.getType('KindsPrediction');
    const outputs = isObjectType(prediction) ? Object.values(prediction.getFields()) : [];
    expect(outputs.map(({ type }) => String(type))).toEqual([
      'Float!',
      'Float!',
      'Float!',
      '[Float!]!',
      '[Float!]!',
      'String!',
      'String!',
      'String!',
      'Float!',
      'Boolean!',
      'Float!',
    ]);
  });

  test('says what a client has to know of each', () => {
    const described = (name: string) => fields[name]?.description;
    expect(described('weights')).toBe('The weights. Unit: parts; a list of 3; each -1000 to 1000.');
    expect(described('places')).toBe(
      'The places. Unit: parts; a list of 2; each -1000 to 1000; default [8, 9].',
    );
    expect(described('note')).toBe('The note. At most 5 characters; default "".');
    expect(described('colour')).toBe('The colour.');
    expect(described('rank')).toBe('The rank. Default LOW.');
    expect(described('pickupAt')).toBe('The pickupAt. On the clock of America/New_York; default "now".');
    const colour = kinds.getType('PaintColour');
    const values = isEnumType(colour) ? colour.getValues() : [];
    expect(values.map(({ name, description }) => [name, description])).toEqual([
      ['BLUE', 'In the model, it is "Blue".'],
      ['DARK_RED', 'As on the roof.'],
    ]);
  });

  test('has an example that can be pasted into an operation', () => {
    if (model === undefined) throw new Error('the folder holds one model');
    const example = exampleFields(model.manifest);
    expect(example).toEqual([
      'count: 3',
      'share: 0.25',
      'weights: [1, 2.5, -3]',
      'title: "a \\"b\\", {c}"',
      'colour: DARK_RED',
      'pickupAt: "2021-02-03T14:30:00"',
    ]);
    expect(exampleTabs(catalog.models)[0]?.query).toContain(`\n      ${example.join('\n      ')}\n`);
    const operation = `mutation { predictKinds(input: { ${example.join(', ')} }) { id } }`;
    expect(validate(kinds, parse(operation))).toEqual([]);
  });
});

test('the tabs of GraphiQL are valid operations, also where models give one name to values of two types', async () => {
  const output = { name: 'label', tensor: 't', description: 'The label.' };
  const outputs = { first: { type: 'string' }, second: { type: 'float32', unit: 'parts', size: 2 } };
  // Enum types belong to one model each: the twins are made of one that has none.
  const original = models.find(({ manifest }) => enumTypesOf(manifest).size === 0);
  const twins = Object.entries(outputs).map(([name, type]) => ({
    manifest: {
      ...original?.manifest,
      name: `${name}-model`,
      graphql: completeNames({
        mutation: name,
        inputType: `${name}Input`,
        predictionType: `${name}Prediction`,
      }),
      outputs: [{ ...output, ...type }],
    } as Manifest,
    versions: [],
    unreadable: [],
  }));
  for (const served of [models, twins]) {
    const tabs = exampleTabs(served);
    expect(tabs).toHaveLength(served.length + 3);
    for (const { query } of tabs) expect(validate(buildSchema(served), parse(query))).toEqual([]);
  }
  expect(exampleTabs(twins)[1]?.query).toContain('second_model_label: label');
});

test('a schema without local times has no scalar for them', async () => {
  await using folder = await modelsWith((manifest) => {
    manifest.inputs = (manifest.inputs as { type: string }[]).filter(({ type }) => type !== 'dateTime');
  });
  const { models } = await Catalog.open(folder.path, SILENT);
  expect(buildSchema(models).getType('LocalDateTime')).toBeUndefined();
});

test('what takes or returns milliseconds says so in its name and its description', () => {
  const inMilliseconds = types
    .flatMap((type) => Object.values(fieldsOf(type)))
    .filter(({ name }) => name.endsWith('Ms'));
  expect(inMilliseconds.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['timeoutMs', 'queueMs', 'batchMs', 'computeMs']),
  );
  for (const { description } of inMilliseconds) expect(description).toContain('milliseconds');
});

interface Described {
  readonly name: string;
  readonly description?: string | null | undefined;
  readonly args?: readonly Described[];
}

/** The type itself, its fields and their arguments, its values. */
function withoutDescription(type: GraphQLNamedType): readonly string[] {
  const fields = Object.values(fieldsOf(type));
  const values = isEnumType(type) ? type.getValues() : [];
  const args = fields.flatMap(({ args = [] }) => args);
  return [type, ...fields, ...args, ...values]
    .filter(({ description }) => !description)
    .map(({ name }) => name);
}

function fieldsOf(type: GraphQLNamedType): Readonly<Record<string, Described>> {
  return isObjectType(type) || isInterfaceType(type) || isInputObjectType(type) ? type.getFields() : {};
}

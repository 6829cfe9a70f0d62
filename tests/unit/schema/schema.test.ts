/** The GraphQL schema that is made from the manifests of the models. */

import { isEnumType, isInputObjectType, isObjectType } from 'graphql';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { buildSchema } from '../../../schema/index.ts';
import { Audit } from '../../../src/audit/audit.ts';
import type { Manifest } from '../../../src/models/manifest.ts';
import type { Model } from '../../../src/models/models.ts';
import { EVERY_KIND } from '../../support/everyKindManifest.ts';

const schema = buildSchema([modelWith(EVERY_KIND.inputs)]);
const input = schema.getType('PredictKindsInput');
const fields = isInputObjectType(input) ? input.getFields() : {};

test('each kind of input and output has a GraphQL type, and an input with a default is optional', () => {
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
  const prediction = schema.getType('KindsPrediction');
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

test('the description of an input has its unit, its limits and its default', () => {
  const described = (name: string) => fields[name]?.description;
  expect(described('weights')).toBe('The weights. Unit: parts; a list of 3; each -1000 to 1000.');
  expect(described('places')).toBe(
    'The places. Unit: parts; a list of 2; each -1000 to 1000; default [8, 9].',
  );
  expect(described('note')).toBe('The note. At most 5 characters; default "".');
  expect(described('colour')).toBe('The colour.');
  expect(described('rank')).toBe('The rank. Default LOW.');
  expect(described('pickupAt')).toBe('The pickupAt. On the clock of America/New_York; default "now".');
  const colour = schema.getType('PaintColour');
  const values = isEnumType(colour) ? colour.getValues() : [];
  expect(values.map(({ name, description }) => [name, description])).toEqual([
    ['BLUE', 'In the model, it is "Blue".'],
    ['DARK_RED', 'As on the roof.'],
  ]);
});

test('a schema without local times has no scalar for them', () => {
  const withoutTimes = EVERY_KIND.inputs.filter(({ type }) => type !== 'dateTime');
  expect(schema.getType('LocalDateTime')).toBeDefined();
  expect(buildSchema([modelWith(withoutTimes)]).getType('LocalDateTime')).toBeUndefined();
});

const forOperators = ['Query', 'Mutation', 'Subscription']
  .map((name) => schema.getType(name))
  .filter(isObjectType)
  .flatMap((type) => Object.values(type.getFields()))
  .filter(({ description }) => description?.includes('For operators'));

test('each change of what runs is for operators', () => {
  expect(forOperators.map(({ name }) => name).toSorted()).toEqual([
    'addDataset',
    'auditLog',
    'deadLetterAdded',
    'deadLetters',
    'discardDeadLetter',
    'pauseModel',
    'redriveDeadLetter',
    'redriveDeadLetters',
    'registerVersion',
    'resumeModel',
    'retireVersion',
    'rolloutComparison',
    'rolloutComparison',
    'setRollout',
    'trainModel',
  ]);
});

test.each(forOperators.map((field) => [field.name, field] as const))(
  'the field %s refuses everybody but operators before it does anything',
  async (_name, { resolve, subscribe }) => {
    const refusal = new Error('no operator');
    const touched: string[] = [];
    const service = (name: string) => new Proxy({}, { get: () => () => touched.push(name) });
    const store = async () => ({ type: 'stored' }) as const;
    const broker = { now: () => 0, audit: { store, before: async () => ({ found: [], isCut: false }) } };
    const audit = new Audit({ broker, log: pino({ level: 'silent' }) });
    const own = { audit, whyNoOperator: () => Promise.reject(refusal), owner: 'anonymous', address: '' };
    const context = new Proxy(own, {
      get: (target, name: keyof typeof own) => (name in target ? target[name] : service(name)),
    });
    const begin = subscribe ?? resolve;
    const model = EVERY_KIND.name;
    const args = { model, input: { model } };
    await expect(async () => begin?.({}, args, context, {} as never)).rejects.toBe(refusal);
    expect(touched).toEqual([]);
  },
);

function modelWith(inputs: readonly object[]): Model {
  const { graphql, batching } = EVERY_KIND;
  const manifest = {
    ...EVERY_KIND,
    graphql: { ...graphql, batchMutation: 'predictManyKinds', columnsType: 'KindsColumns' },
    batching: { ...batching, maxBulkBatchSize: 8 },
    inputs,
  };
  return { manifest: manifest as unknown as Manifest, versions: [], unreadable: [] };
}

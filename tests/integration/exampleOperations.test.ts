/** The operations that GraphiQL and the banner of `npm start` propose are valid for any models and limits. */
import { parse, validate } from 'graphql';
import { expect, test } from 'vitest';
import { buildSchema } from '../../schema/index.ts';
import { type ExampleTab, exampleTabs } from '../../src/edge/exampleTabs.ts';
import { Operations } from '../../src/edge/operations.ts';
import { banner } from '../../src/launcher/banner.ts';
import { Catalog } from '../../src/models/catalog.ts';
import { exampleFields } from '../../src/models/graphqlLiteral.ts';
import { completeNames, enumTypesOf, type Manifest } from '../../src/models/manifest.ts';
import { readConfig } from '../../src/process/config.ts';
import { everyKindModels } from '../support/everyKind.ts';
import { MADE_MODELS } from '../support/madeModels.ts';
import { MODELS, SILENT } from '../support/models.ts';

const SCHEMA = buildSchema(MADE_MODELS);

function gatewayWith(env: Record<string, string>) {
  const config = readConfig(env);
  const operations = new Operations(SCHEMA, config);
  const refusal = (operation: string): unknown => {
    try {
      return operations.read(operation).errors[0]?.message;
    } catch (error) {
      return String(error);
    }
  };
  const isAllowed = ({ query }: ExampleTab) => refusal(query) === undefined;
  return { config, refusal, isAllowed };
}

test.each([
  {},
  { MAX_TOKENS: '100' },
  { MAX_COMPLEXITY: '30' },
  { MAX_COMPLEXITY: '5' },
  { MAX_DEPTH: '3' },
  { MAX_ALIASES: '1' },
  { MAX_TOKENS: '100', MAX_COMPLEXITY: '50', MAX_DEPTH: '3' },
])('a gateway with the limits %j accepts every tab and every operation of the banner', (env) => {
  const { config, refusal, isAllowed } = gatewayWith(env);
  const tabs = exampleTabs(MADE_MODELS, isAllowed);
  expect(tabs.length).toBeGreaterThan(0);
  const operations = tabs.filter(({ query }) => query.includes('{')).map(({ query }) => query);
  for (const { variables } of tabs) if (variables !== undefined) JSON.parse(variables);
  for (const served of [MADE_MODELS, ...MADE_MODELS.slice(0, 5).map((model) => [model])])
    operations.push(
      ...(banner('http://x', served, config).match(/^ {4}(?:mutation|subscription) .*$/gm) ?? []),
    );
  for (const operation of operations) expect(refusal(operation), operation).toBeUndefined();
});

test('the tabs of GraphiQL are valid operations, also if models have outputs of the same name and different types', async () => {
  const { models } = await Catalog.open(MODELS, SILENT);
  const output = { name: 'label', tensor: 't', description: 'The label.' };
  const outputs = { first: { type: 'string' }, second: { type: 'float32', unit: 'parts', size: 2 } };
  // Each enum type belongs to one model, so the two models are made from one without enums.
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
    const training = served.some(({ manifest }) => manifest.training !== undefined) ? 2 : 0;
    expect(tabs).toHaveLength(served.length + 3 + training);
    for (const { query } of tabs) expect(validate(buildSchema(served), parse(query))).toEqual([]);
  }
  expect(exampleTabs(twins)[1]?.query).toContain('second_model_label: label');
});

test('the example of a model with every kind of input is valid inside an operation', async () => {
  await using folder = await everyKindModels();
  const { models } = await Catalog.open(folder.path, SILENT);
  const kinds = buildSchema(models);
  for (const { query } of exampleTabs(models)) expect(validate(kinds, parse(query))).toEqual([]);
  const [model] = models;
  if (model === undefined) throw new Error('the folder holds one model');
  const fields = exampleFields(model.manifest).join(', ');
  expect(validate(kinds, parse(`mutation { predictKinds(input: { ${fields} }) { id } }`))).toEqual([]);
});

/** What GraphiQL and the banner of `npm start` offer has to be taken by the gateway, whatever its models and limits are. */
import { parse } from 'graphql';
import { expect, test } from 'vitest';
import { buildSchema } from '../../schema/index.ts';
import type { Value } from '../../src/contract/values.ts';
import { type ExampleTab, exampleTabs } from '../../src/edge/exampleTabs.ts';
import { LAST_TASK } from '../../src/edge/lastTask.ts';
import { Operations } from '../../src/edge/operations.ts';
import { banner } from '../../src/launcher/banner.ts';
import { completeNames, type Manifest } from '../../src/models/manifest.ts';
import type { Model } from '../../src/models/models.ts';
import { readConfig } from '../../src/process/config.ts';

type Kind = 'numbers' | 'vector' | 'texts' | 'enums';

/** A model with so many inputs and outputs of a kind; of a vector, with so many numbers. */
function modelOf(name: string, kind: Kind, count: number): Model {
  const graphql = completeNames({
    mutation: `predict${name}`,
    inputType: `Predict${name}Input`,
    predictionType: `${name}Prediction`,
  });
  const described = { description: 'One of many.', tensor: 't' };
  const number = { ...described, type: 'float32', unit: 'parts', minimum: -9, maximum: 9 } as const;
  const longName = `THE_${'VERY_'.repeat(20)}LONG_ONE`;
  const kinds: Record<Kind, [object, Value]> = {
    numbers: [number, -1.25],
    vector: [{ ...number, size: count }, Array.from({ length: count }, (_, i) => i / 8)],
    texts: [
      { ...described, type: 'string', maxLength: 200 },
      '"quoted" \\ {braces} </script> # … \n $input ```',
    ],
    enums: [
      { ...described, type: 'enum', enumType: `${name}Enum`, values: [{ name: longName, value: 1 }] },
      longName,
    ],
  };
  const [input, value] = kinds[kind];
  const names = Array.from({ length: kind === 'vector' ? 1 : count }, (_, i) => `input${i}`);
  const manifest = {
    name: name.toLowerCase(),
    description: 'Made by a test.',
    versions: 'all',
    graphql,
    inputs: names.map((name) => ({ ...input, name })),
    outputs: names.map((_, i) => ({ ...(kind === 'vector' ? input : number), name: `output${i}` })),
    batching: { maxBatchSize: 1, maxBulkBatchSize: 1, maxWaitMs: 0 },
    coalesce: false,
    limits: { timeoutMs: 1_000, runTimeoutMs: 1_000, maxAttempts: 1 },
    example: Object.fromEntries(names.map((name) => [name, value])),
  } as unknown as Manifest;
  return { manifest, versions: [], unreadable: [] };
}

const MODELS: readonly Model[] = [
  modelOf('Huge', 'vector', 2_048),
  modelOf('Wide', 'numbers', 300),
  modelOf('Quoted', 'texts', 4),
  modelOf('Named', 'enums', 30),
  ...Array.from({ length: 40 }, (_, i) => modelOf(`Many${i}`, 'numbers', 1 + (i % 7))),
];
const SCHEMA = buildSchema(MODELS);

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

const titles = (tabs: readonly ExampleTab[]) =>
  tabs.map(({ query }) => /(?:mutation|query|subscription) (\w+)/.exec(query)?.[1]);

test.each([
  {},
  { MAX_TOKENS: '100' },
  { MAX_COMPLEXITY: '30' },
  { MAX_COMPLEXITY: '5' },
  { MAX_DEPTH: '3' },
  { MAX_ALIASES: '1' },
  { MAX_TOKENS: '100', MAX_COMPLEXITY: '50', MAX_DEPTH: '3' },
])('with %j no tab and no line of the banner is refused', (env) => {
  const { config, refusal, isAllowed } = gatewayWith(env);
  const tabs = exampleTabs(MODELS, isAllowed);
  expect(tabs.length).toBeGreaterThan(0);
  const operations = tabs.filter(({ query }) => query.includes('{')).map(({ query }) => query);
  for (const { variables } of tabs) if (variables !== undefined) JSON.parse(variables);
  for (const served of [MODELS, ...MODELS.slice(0, 5).map((model) => [model])])
    operations.push(
      ...(banner('http://x', served, config).match(/^ {4}(?:mutation|subscription) .*$/gm) ?? []),
    );
  for (const operation of operations) expect(refusal(operation), operation).toBeUndefined();
});

test('small models come first, written out, and large ones last, with their values in the variables', () => {
  const { isAllowed } = gatewayWith({});
  const tabs = exampleTabs(MODELS, isAllowed);
  expect(titles(tabs).slice(0, 3)).toEqual(['PredictMany0', 'Result', 'PredictMany7']);
  const huge = tabs.find(({ query }) => query.includes('predictHuge'));
  expect(huge?.query).toContain('mutation PredictHuge($input: PredictHugeInput!)');
  expect(JSON.parse(huge?.variables ?? '').input.input0).toHaveLength(2_048);
  const quoted = tabs.find(({ query }) => query.includes('predictQuoted'));
  expect(quoted?.variables).toBeUndefined();
  // Every model is there, and many rows of the first.
  expect(tabs).toHaveLength(MODELS.length + 3);
  expect(titles(tabs).at(-2)).toBe('PredictMany0s');
});

test('the tab of results has as many outputs as fit, those of small models first, and says how many are left out', () => {
  const { isAllowed } = gatewayWith({ MAX_COMPLEXITY: '40' });
  const result = exampleTabs(MODELS, isAllowed).find(({ query }) => query.includes('taskResult'));
  expect(result?.query).toContain('... on Many0Prediction');
  expect(result?.query).not.toContain('HugePrediction');
  const outputs = result?.query.match(/^ +output\d+$/gm)?.length ?? 0;
  // Beside taskResult, id, state, prediction, the batch, the error and the timings.
  expect(outputs).toBe(40 - 4 - 4 - 3 - 5);
  const all = MODELS.reduce((sum, { manifest }) => sum + manifest.outputs.length, 0);
  expect(result?.query).toContain(`${all - outputs} more outputs would not fit`);
  expect(JSON.parse(result?.variables ?? '')).toEqual({ id: LAST_TASK });
});

test('a gateway whose limits refuse every example says so in the only tab', () => {
  const [tab, ...others] = exampleTabs(MODELS, () => false);
  expect(others).toEqual([]);
  expect(tab?.query).toMatch(/^# The limits of this gateway/);
});

test('the banner proposes a small model, and nothing where all are large or none is served', () => {
  const { config } = gatewayWith({});
  const shown = banner('http://x', MODELS, config);
  expect(shown).toContain("with that id (GraphiQL's tab Result needs no id)");
  expect(shown).toContain('mutation { predictMany0(input: { input0: -1.25 }) { id state } }');
  expect(() => parse(/subscription .*/.exec(shown)?.[0] ?? '')).not.toThrow();
  const large = MODELS.filter(({ manifest }) => ['huge', 'wide'].includes(manifest.name));
  expect(banner('http://x', [], config)).toContain('serves nothing yet');
  expect(banner('http://x', large, config)).toContain('its first tab has what to begin with');
});

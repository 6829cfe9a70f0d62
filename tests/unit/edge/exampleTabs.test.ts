/** The tabs that GraphiQL opens with. */
import { expect, test } from 'vitest';
import { type ExampleTab, exampleTabs } from '../../../src/edge/exampleTabs.ts';
import { LAST_TASK } from '../../../src/edge/lastTask.ts';
import type { ManifestTraining } from '../../../src/models/training.ts';
import { MADE_MODELS } from '../../support/madeModels.ts';

const titles = (tabs: readonly ExampleTab[]) =>
  tabs.map(({ query }) => /(?:mutation|query|subscription) (\w+)/.exec(query)?.[1]);

test('small models come first with their values in the operation, large ones last with their values in the variables', () => {
  const tabs = exampleTabs(MADE_MODELS);
  expect(titles(tabs).slice(0, 3)).toEqual(['PredictMany0', 'Result', 'PredictMany7']);
  const huge = tabs.find(({ query }) => query.includes('predictHuge'));
  expect(huge?.query).toContain('mutation PredictHuge($input: PredictHugeInput!)');
  expect(JSON.parse(huge?.variables ?? '').input.input0).toHaveLength(2_048);
  const quoted = tabs.find(({ query }) => query.includes('predictQuoted'));
  expect(quoted?.variables).toBeUndefined();
  // Every model is there, and many rows of the first.
  expect(tabs).toHaveLength(MADE_MODELS.length + 3);
  expect(titles(tabs).at(-2)).toBe('PredictMany0s');
});

test('the tab of results has the outputs that fit, small models first, and says how many are left out', () => {
  const outputsIn = ({ query }: ExampleTab) => query.match(/^ +output\d+$/gm)?.length ?? 0;
  const isAllowed = (tab: ExampleTab) => outputsIn(tab) <= 24;
  const result = exampleTabs(MADE_MODELS, isAllowed).find(({ query }) => query.includes('taskResult'));
  expect(result?.query).toContain('... on Many0Prediction');
  expect(result?.query).not.toContain('HugePrediction');
  const all = MADE_MODELS.reduce((sum, { manifest }) => sum + manifest.outputs.length, 0);
  expect(result?.query).toContain(`${all - 24} more outputs would not fit`);
  expect(JSON.parse(result?.variables ?? '')).toEqual({ id: LAST_TASK });
});

test('a model that can be trained has a tab to do so, and one that shows what becomes of it', () => {
  const [first, ...others] = MADE_MODELS;
  if (first === undefined) throw new Error('there are made models');
  const training = { targets: {} } as unknown as ManifestTraining;
  const tabs = exampleTabs([{ ...first, manifest: { ...first.manifest, training } }, ...others]);
  expect(titles(tabs).slice(-3)).toEqual(['TrainModel', 'Training', 'Health']);
  expect(tabs.at(-3)?.query).toContain('model: "huge"');
});

test('if the limits refuse every example, the only tab says so', () => {
  const [tab, ...others] = exampleTabs(MADE_MODELS, () => false);
  expect(others).toEqual([]);
  expect(tab?.query).toMatch(/^# The limits of this gateway/);
});

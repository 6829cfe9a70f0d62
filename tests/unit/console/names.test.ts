import { expect, test } from 'vitest';
import { labelOf, labelWithUnit } from '../../../console/src/parts/names.ts';

test.each([
  ['tripDistanceMiles', 'miles', 'Trip distance (miles)'],
  ['creditLimitUsd', 'US dollars', 'Credit limit (US dollars)'],
  ['priceThousandsUsd', 'thousands of US dollars of 1970', 'Price (thousands of US dollars of 1970)'],
  ['nitrogenOxidesPpTenMillion', 'parts per 10 million', 'Nitrogen oxides (parts per 10 million)'],
  ['builtBefore1940Percent', 'percent', 'Built before 1940 (percent)'],
  ['crimesPerHead', 'crimes per head', 'Crimes per head'],
  ['wine_acidity', 'unknown acid', 'Wine acidity (unknown acid)'],
  ['boundsCharlesRiver', null, 'Bounds charles river'],
  ['requestId', null, 'Request ID'],
])('the label of %s says the unit %s once', (name, unit, label) => {
  expect(labelWithUnit({ name, unit })).toBe(label);
});

test('a probability keeps its name, because it is shown in percent', () => {
  expect(labelOf({ name: 'churnProbability', unit: 'probability' })).toBe('Churn probability');
  expect(labelWithUnit({ name: 'churnProbability', unit: 'probability' })).toBe('Churn probability');
});

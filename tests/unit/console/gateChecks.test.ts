import { expect, test } from 'vitest';
import {
  type Check,
  labelOfMetric,
  readCheck,
  worseFigures,
  worseThanLive,
} from '../../../console/src/parts/gateChecks.ts';

const OUTPUTS = [
  { name: 'pricePaid', unit: 'US dollars' },
  { name: 'churns', unit: 'dimensionless' },
];

function check(name: string, observed: number | null, live: number | null, limit: number | null = 6): Check {
  return { name, observed, live, limit, count: 100, verdict: 'PASS' };
}

test.each([
  ['pricePaid rmse at most', 3, 2, 1, 'Price paid, RMSE', 'US dollars', 'at most 6'],
  [
    'pricePaid rmse of new homes to live',
    3,
    4,
    -1,
    'Price paid, RMSE, rows of new homes',
    'US dollars',
    'at most 6 × live',
  ],
  ['pricePaid bias at most', -3, 2, 1, 'Price paid, bias', 'US dollars', 'at most 6'],
  ['churns auc at least', 0.5, 0.75, 0.25, 'Churns, area under the curve', null, 'at least 6'],
  ['failed rows', 2, 0, 2, 'Rows that it fails', null, 'at most 6'],
  ['a check of a later Tidings', 3, null, null, 'a check of a later Tidings', null, 'at most 6'],
] as const)('%s of %d beside %d is worse by %d', (name, observed, live, worseBy, label, unit, limitText) => {
  expect(readCheck(check(name, observed, live), OUTPUTS)).toMatchObject({ label, unit, worseBy, limitText });
});

test('a figure with a limit and a ratio is told once, and what is as good as live not at all', () => {
  const checks = [
    check('failed rows', 0, 0),
    check('pricePaid rmse at most', 3, 2),
    check('pricePaid rmse to live', 3, 2, 1.05),
  ].map((each) => readCheck(each, OUTPUTS));
  expect(worseFigures(checks).map(({ label }) => label)).toEqual(['Price paid, RMSE']);
});

test.each([
  [3, 3, 'worse than the live version'],
  [3, 1, 'in part worse than the live version'],
  [1, 2, null],
])('errors of %d and %d beside 2 are %s', (price, time, told) => {
  const checks = [check('pricePaid rmse at most', price, 2), check('time mae at most', time, 2)];
  expect(worseThanLive(checks.map((each) => readCheck(each)))).toBe(told);
});

test.each([
  ['RMSE of pricePaid', 'Price paid, RMSE'],
  ['pricePaid rmse', 'Price paid, RMSE'],
  ['log loss', 'log loss'],
  ['ROC-AUC', 'ROC-AUC'],
])('the figure %s has the name %s', (name, label) => {
  expect(labelOfMetric(name)).toBe(label);
});

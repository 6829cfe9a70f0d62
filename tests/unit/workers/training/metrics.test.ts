import { describe, expect, test } from 'vitest';
import type { MetricName } from '../../../../workers/training/metrics.ts';
import { figureOf } from '../../../../workers/training/metrics.ts';

/** Each row once. */
function onceEach(rows: number): Float64Array {
  return new Float64Array(rows).fill(1);
}

/** The expected figures were worked out in NumPy, by the definitions. */
const PRICES = { predicted: [2.5, 0, 2, 8], actual: [3, -0.5, 2, 7] };
const CHURN = { predicted: [0.1, 0.4, 0.35, 0.8, 0.4], actual: [0, 0, 1, 1, 1] };

describe('figures are as they are defined', () => {
  test.each<[MetricName, keyof typeof ROWS, number]>([
    ['rmse', 'prices', 0.6123724356957945],
    ['mae', 'prices', 0.5],
    ['bias', 'prices', 0.25],
    ['r2', 'prices', 0.9486081370449679],
    ['auc', 'churn', 0.75],
    ['accuracy', 'churn', 0.6],
    ['logLoss', 'churn', 0.5610885],
  ])('%s', (metric, rows, expected) => {
    const { judged } = ROWS[rows];
    expect(figureOf(metric, judged, false)(onceEach(judged.actual.length))).toBeCloseTo(expected, 6);
  });
});

test('a row with weight 2 counts as two equal rows', () => {
  const twice = { predicted: [...CHURN.predicted, 0.35], actual: [...CHURN.actual, 1] };
  const weights = Float64Array.of(1, 1, 2, 1, 1);
  for (const metric of ['rmse', 'mae', 'bias', 'r2', 'auc', 'accuracy', 'logLoss'] as const)
    expect(figureOf(metric, ROWS.churn.judged, false)(weights)).toBeCloseTo(
      figureOf(metric, judgedOf(twice), false)(onceEach(6)),
      12,
    );
});

test('a row without an answer has no weight', () => {
  const judged = judgedOf({ predicted: [0.1, Number.NaN, 0.9], actual: [0, 1, 1] });
  for (const metric of ['rmse', 'auc', 'logLoss'] as const)
    expect(figureOf(metric, judged, false)(Float64Array.of(1, 0, 1))).toBeCloseTo(
      figureOf(metric, judgedOf({ predicted: [0.1, 0.9], actual: [0, 1] }), false)(onceEach(2)),
      12,
    );
});

test('of texts and booleans only equal ones are right', () => {
  const judged = judgedOf({ predicted: [0, 3, 2], actual: [0, 2, 2] });
  expect(figureOf('accuracy', judged, true)(onceEach(3))).toBeCloseTo(2 / 3);
});

test('an area under the curve is undefined without rows of both kinds', () => {
  const judged = judgedOf({ predicted: [0.1, 0.9], actual: [1, 1] });
  expect(figureOf('auc', judged, false)(onceEach(2))).toBeNaN();
});

const ROWS = { prices: { judged: judgedOf(PRICES) }, churn: { judged: judgedOf(CHURN) } };

function judgedOf({ predicted, actual }: { predicted: number[]; actual: number[] }) {
  return { predicted: Float64Array.from(predicted), actual: Float64Array.from(actual) };
}

import { expect, test } from 'vitest';
import type { Gate } from '../../../../src/models/training.ts';
import { checksOf, passes } from '../../../../workers/training/gate.ts';

/** Each row once. */
function onceEach(rows: number): Float64Array {
  return new Float64Array(rows).fill(1);
}

const ROWS = 400;
const TRUTH = Float64Array.from({ length: ROWS }, (_, row) => row % 60);
const GATE: Gate = {
  metrics: [{ output: 'minutes', metric: 'rmse', most: 6, mostRatioToLive: 1 }],
  slices: [{ name: 'airports', where: 'zone = 1', mostRatioToLive: 1.1, leastRows: 50 }],
  mostRunMs: 50,
  mostBytes: 1_000,
};
const HOLD_OUT = {
  rows: ROWS,
  answered: onceEach(ROWS),
  slices: new Map([['airports', Float64Array.from({ length: ROWS }, (_, row) => (row < 100 ? 1 : 0))]]),
  classes: new Set<string>(),
};

test('a version that is better than the live one passes', () => {
  const checks = checksOf(GATE, candidate(wrongBy(2)), version(wrongBy(3)), HOLD_OUT);
  expect(passes(checks)).toBe(true);
  expect(checks).toContainEqual({
    name: 'minutes rmse to live',
    observed: 2,
    live: 3,
    limit: 1,
    count: ROWS,
    verdict: 'PASS',
  });
});

test('a version that is worse than the live one fails, with what was observed and what was allowed', () => {
  const checks = checksOf(GATE, candidate(wrongBy(3)), version(wrongBy(2)), HOLD_OUT);
  expect(passes(checks)).toBe(false);
  expect(checks.filter(({ verdict }) => verdict === 'FAIL')).toEqual([
    { name: 'minutes rmse to live', observed: 3, live: 2, limit: 1, count: ROWS, verdict: 'FAIL' },
    {
      name: 'minutes rmse of airports to live',
      observed: 3,
      live: 2,
      limit: 1.1,
      count: 100,
      verdict: 'FAIL',
    },
  ]);
});

test('a version that is worse by less than the noise of the rows counts as equal', () => {
  const noisy = (shift: number) => TRUTH.map((truth, row) => truth + ((row * 7919) % 13) - 6 + shift);
  const live = noisy(0);
  const alike = live.map((value, row) => value + (row % 2 === 0 ? 0.05 : -0.049));
  const checks = checksOf(GATE, candidate(alike), version(live), HOLD_OUT);
  expect(checks.find(({ name }) => name === 'minutes rmse to live')).toMatchObject({ verdict: 'PASS' });
});

test('the first version of a model is compared with no other, but its own limits hold', () => {
  const first = (error: number) => checksOf(GATE, candidate(wrongBy(error)), undefined, HOLD_OUT);
  expect(passes(first(2))).toBe(true);
  expect(first(2).find(({ name }) => name === 'minutes rmse to live')).toMatchObject({ verdict: 'SKIPPED' });
  expect(passes(first(7))).toBe(false);
});

test('a slice with too few rows is not judged', () => {
  const few = new Map([['airports', Float64Array.from({ length: ROWS }, (_, row) => (row < 49 ? 1 : 0))]]);
  const worseThere = TRUTH.map((truth, row) => truth + (row < 49 ? 50 : 0));
  const gate = { ...GATE, metrics: [{ output: 'minutes', metric: 'mae', mostRatioToLive: 100 } as const] };
  const checks = checksOf(gate, candidate(worseThere), version(wrongBy(1)), { ...HOLD_OUT, slices: few });
  expect(checks.find(({ name }) => name.includes('airports'))).toMatchObject({
    count: 49,
    verdict: 'TOO_FEW',
  });
});

test('a version that leaves out rows that the live one answers fails', () => {
  const checks = checksOf(GATE, { ...candidate(wrongBy(1)), failedRows: 3 }, version(wrongBy(2)), HOLD_OUT);
  expect(checks[0]).toEqual({
    name: 'failed rows',
    observed: 3,
    live: 0,
    limit: 0,
    count: ROWS,
    verdict: 'FAIL',
  });
});

test('the time of a run and the size of the files have limits', () => {
  const slow = { ...candidate(wrongBy(1)), runMs: 51, bytes: 1_001 };
  const failed = checksOf(GATE, slow, undefined, HOLD_OUT).filter(({ verdict }) => verdict === 'FAIL');
  expect(failed.map(({ name, observed, limit }) => [name, observed, limit])).toEqual([
    ['run of a full batch, ms', 51, 50],
    ['bytes', 1_001, 1_000],
  ]);
});

test('a bias counts by its size, whatever its direction', () => {
  const gate: Gate = { metrics: [{ output: 'minutes', metric: 'bias', most: 1 }], slices: [] };
  const judge = (error: number) => passes(checksOf(gate, candidate(wrongBy(error)), undefined, HOLD_OUT));
  expect([judge(-0.9), judge(-1.1), judge(1.1)]).toEqual([true, false, false]);
});

test('a figure that the rows do not define fails its limit', () => {
  const gate: Gate = { metrics: [{ output: 'minutes', metric: 'auc', least: 0.7 }], slices: [] };
  const yes = { predicted: onceEach(ROWS), actual: onceEach(ROWS) };
  const judged = { ...candidate(TRUTH), outputs: new Map([['minutes', yes]]) };
  const checks = checksOf(gate, judged, undefined, HOLD_OUT);
  expect(checks[1]).toEqual({ name: 'minutes auc at least', limit: 0.7, count: ROWS, verdict: 'FAIL' });
});

test('a figure that the rows do not define is not compared with the live one', () => {
  const gate: Gate = { metrics: [{ output: 'minutes', metric: 'auc', leastRatioToLive: 1 }], slices: [] };
  const yes = { predicted: onceEach(ROWS), actual: onceEach(ROWS) };
  const judged = { ...candidate(TRUTH), outputs: new Map([['minutes', yes]]) };
  const checks = checksOf(gate, judged, judged, HOLD_OUT);
  expect(checks[1]).toEqual({ name: 'minutes auc to live', limit: 1, count: ROWS, verdict: 'TOO_FEW' });
});

function wrongBy(error: number): Float64Array {
  return TRUTH.map((truth) => truth + error);
}

function version(predicted: Float64Array) {
  return { outputs: new Map([['minutes', { predicted, actual: TRUTH }]]), failedRows: 0 };
}

function candidate(predicted: Float64Array) {
  return { ...version(predicted), runMs: 1, bytes: 100 };
}

/** How the console keeps the sum of the shares at 100 % while one of them is dragged. */
import { describe, expect, test } from 'vitest';
import { movedPercent, type Shares, withShare } from '../../../console/src/pages/models/shares.ts';

const sumOf = (shares: Shares) => [...shares.values()].reduce((sum, percent) => sum + percent, 0);

describe('a version that gets another share', () => {
  test('takes it from the others by their proportions', () => {
    const shares = withShare(
      new Map([
        ['1', 60],
        ['2', 30],
        ['3', 10],
      ]),
      '3',
      40,
    );
    expect(Object.fromEntries(shares)).toEqual({ 1: 40, 2: 20, 3: 40 });
  });

  test('gives what it loses to one of the others if they had nothing', () => {
    const shares = withShare(
      new Map([
        ['1', 0],
        ['2', 100],
      ]),
      '2',
      75,
    );
    expect(Object.fromEntries(shares)).toEqual({ 1: 25, 2: 75 });
  });

  test('gets all tasks if none had any', () => {
    const none = new Map([
      ['1', 0],
      ['2', 0],
    ]);
    expect(Object.fromEntries(withShare(none, '2', 10))).toEqual({ 1: 0, 2: 100 });
  });

  test('keeps all tasks if there is no other', () => {
    expect(Object.fromEntries(withShare(new Map([['1', 100]]), '1', 40))).toEqual({ 1: 100 });
  });

  test('leaves two decimals at most and a sum of 100, whatever the others have', () => {
    let shares: Shares = new Map([
      ['1', 33.33],
      ['2', 33.33],
      ['3', 33.34],
      ['4', 0],
    ]);
    for (const [version, percent] of [
      ['4', 0.01],
      ['1', 99.99],
      ['2', 12.34],
      ['3', 0],
      ['1', 57],
    ] as const) {
      shares = withShare(shares, version, percent);
      expect(sumOf(shares)).toBeCloseTo(100, 6);
      for (const share of shares.values()) expect(share).toBe(Math.round(share * 100) / 100);
    }
  });
});

test('the tasks that change their version are those that a version loses', () => {
  const now = new Map([
    ['1', 90],
    ['2', 10],
  ]);
  expect(movedPercent(now, withShare(now, '2', 20))).toBe(10);
  expect(movedPercent(now, now)).toBe(0);
});

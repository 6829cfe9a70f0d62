import { describe, expect, test } from 'vitest';
import { decodeRolloutRecord, ROLLOUT_RECORD } from '../../../../src/contract/messages/rolloutRecord.ts';
import { BUCKETS } from '../../../../src/contract/rollout.ts';
import { bytesOf, expectEachMemberChecked } from '../../../support/brokenMessages.ts';

const WEIGHT = { version: '1', percent: 0.07, digest: 'abc' };
const RECORD = {
  ...{ v: 1, weights: [WEIGHT], ranges: [['1', 0, BUCKETS]], setAt: 0 },
  shadow: { weights: [WEIGHT], since: 0 },
};

test('a rollout is refused with the name of any member that is wrong', () => {
  expectEachMemberChecked(ROLLOUT_RECORD, [RECORD], decodeRolloutRecord);
});

test('a rollout that was ended has neither weights nor ranges', () => {
  const record = { v: 1, weights: [], ranges: [], setAt: 0 };
  expect(decodeRolloutRecord(bytesOf(record))).toEqual(record);
});

describe('a rollout is refused', () => {
  const finer = [{ version: '1', percent: 0.001 }];
  const gap = [
    ['1', 0, 10],
    ['2', 11, BUCKETS],
  ];
  test.each<[string, object, string]>([
    ['with a gap', { ranges: gap }, 'ranges must be empty, or in order and up to 10000'],
    ['with buckets of no version', { ranges: [['1', 0, 10]] }, 'ranges must be'],
    ['with an empty range', { ranges: [['1', 0, 0]] }, 'ranges must be'],
    ['with a weight of no whole buckets', { weights: finer }, 'percent must be a percentage with 2 decimals'],
    ['with such a weight of a shadow', { shadow: { weights: finer, since: 0 } }, 'percent must be'],
  ])('%s', (_what, members, problem) => {
    expect(() => decodeRolloutRecord(bytesOf({ ...RECORD, ...members }))).toThrow(problem);
  });
});

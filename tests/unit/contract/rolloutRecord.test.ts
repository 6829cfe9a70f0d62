/** Which stored rollouts are taken. */
import { expect, test } from 'vitest';
import { checkRollout } from '../../../src/contract/heard.ts';
import { BUCKETS, type BucketRange } from '../../../src/contract/rollout.ts';

const weights = [{ version: '1', percent: 100 }];

test.each([
  [
    'ranges with a gap',
    {
      ranges: [
        ['1', 0, 10],
        ['2', 11, BUCKETS],
      ],
    },
  ],
  ['ranges that end early', { ranges: [['1', 0, 10]] }],
  ['ranges without a version', { ranges: [[1, 0, BUCKETS]] }],
  ['a weight of no whole buckets', { weights: [{ version: '1', percent: 0.001 }] }],
  ['a number as weights', { weights: 100 }],
  ['no instant', { setAt: 'now' }],
  ['a shadow of no whole buckets', { shadow: { weights: [{ version: '2', percent: 0.001 }], since: 0 } }],
  ['a shadow without versions', { shadow: { weights: [], since: 0 } }],
  ['a shadow without an instant', { shadow: { weights: [{ version: '2', percent: 5 }] } }],
])('a stored rollout with %s is refused', (_what, wrong) => {
  const ranges: readonly BucketRange[] = [['1', 0, BUCKETS]];
  const good = { v: 1, weights, ranges, setAt: 0 };
  expect(checkRollout(good)).toBe(good);
  expect(() => checkRollout({ ...good, ...wrong } as never)).toThrow('cannot be');
});

/** Which comparisons of another gateway are taken. */
import { expect, test } from 'vitest';
import { checkComparisons } from '../../../src/contract/heard.ts';
import type { GatewayComparisons } from '../../../src/contract/protocol.ts';

const DURATIONS = { sumMs: 1, histogram: { 3: 1 } };
const COMPARISON = {
  version: '1',
  shadowVersion: '2',
  sent: 1,
  failed: 0,
  compared: 1,
  latency: DURATIONS,
  compute: DURATIONS,
  shadowLatency: DURATIONS,
  shadowCompute: DURATIONS,
  outputs: {},
};
const { latency: _, ...withoutLatency } = COMPARISON;

test.each([
  ['no content', null],
  ['no list', { comparisons: {} }],
  ['a comparison without durations', { comparisons: [withoutLatency] }],
  ['a negative number of tasks', { comparisons: [{ ...COMPARISON, sent: -1 }] }],
  ['no instant', { since: 'now' }],
  [
    'a duration in no bucket',
    { comparisons: [{ ...withoutLatency, latency: { sumMs: 1, histogram: { x: 1 } } }] },
  ],
  [
    'a sum close to infinity',
    { comparisons: [{ ...withoutLatency, latency: { sumMs: 1e308, histogram: {} } }] },
  ],
])('comparisons with %s are refused', (_what, wrong) => {
  const good: GatewayComparisons = {
    home: 'h',
    since: 0,
    comparisons: [COMPARISON],
  };
  expect(checkComparisons(good)).toBe(good);
  expect(() => checkComparisons((wrong && { ...good, ...wrong }) as never)).toThrow('cannot be');
});

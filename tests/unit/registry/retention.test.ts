import { expect, test } from 'vitest';
import type { RegisteredVersion } from '../../../src/broker/broker.ts';
import type { Rollout } from '../../../src/contract/rollout.ts';
import { liveIn, outdated } from '../../../src/registry/retention.ts';

function versions(...numbers: readonly number[]): readonly RegisteredVersion[] {
  return numbers.map((number) => ({
    model: 'm',
    version: String(number),
    record: undefined,
    retired: undefined,
  }));
}

function rollout(shares: Readonly<Record<string, number>>, shadow: readonly string[] = []): Rollout {
  const weights = Object.entries(shares).map(([version, percent]) => ({ version, percent }));
  const tried = shadow.map((version) => ({ version, percent: 5 }));
  return { weights, ranges: [], ...(tried.length === 0 ? {} : { shadow: { weights: tried, since: 0 } }) };
}

function retiredOf(all: readonly RegisteredVersion[], history: readonly Rollout[], keep: number) {
  return outdated(all, history, keep).map(({ version }) => version);
}

test('the newest versions are kept, and older ones are retired', () => {
  expect(retiredOf(versions(1, 2, 3, 4, 5), [], 3)).toEqual(['1', '2']);
  expect(retiredOf(versions(1, 2, 3), [], 3)).toEqual([]);
});

test('versions that the rollout names are kept, also with 0 % and as shadows', () => {
  const now = rollout({ 1: 100, 2: 0 }, ['3']);
  expect(retiredOf(versions(1, 2, 3, 4, 5, 6), [now], 1)).toEqual(['4', '5']);
});

test('the last three versions that had a share before are kept', () => {
  const history = [1, 2, 3, 4, 5].map((version) => rollout({ [version]: 100 }));
  expect(retiredOf(versions(1, 2, 3, 4, 5, 6, 7), history, 1)).toEqual(['1', '6']);
});

test('retired versions count neither as kept nor as new', () => {
  const [first, ...others] = versions(1, 2, 3);
  if (first === undefined) throw new Error('there are three');
  const retired = { ...first, retired: { v: 1, retiredAt: 0, by: 'local' } };
  expect(retiredOf([retired, ...others], [], 2)).toEqual([]);
});

test('the versions that had a share are told once each, the last one first', () => {
  expect(liveIn([rollout({ 1: 100 }), rollout({ 2: 100 }), rollout({ 1: 90, 3: 10, 4: 0 })])).toEqual([
    '1',
    '3',
    '2',
  ]);
});

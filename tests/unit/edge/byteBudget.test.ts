import { expect, test } from 'vitest';
import { ByteBudget, ConnectionBudgets } from '../../../src/edge/byteBudget.ts';

test('a share of a budget takes bytes that both the share and the whole have', () => {
  const whole = new ByteBudget(100);
  const [one, other] = [new ByteBudget(60, { whole }), new ByteBudget(60, { whole })];
  expect(one.take(50)).toBeUndefined();
  expect(one.take(11)).toBe(one);
  expect(other.take(51)).toBe(whole);
  expect(other.take(50)).toBeUndefined();
  one.giveBack(50);
  expect([one.taken, other.taken, whole.taken]).toEqual([0, 50, 50]);
});

test('an eighth of the whole is kept for connections that hold little', () => {
  const KIB = 1024;
  const budgets = new ConnectionBudgets({ maxBodyBytes: 64 * KIB, maxPendingBytes: 1024 * KIB });
  const [large, other] = [budgets.newShare(), budgets.newShare()];
  for (let i = 0; i < 7; i++) expect(budgets.newShare().take(128 * KIB)).toBeUndefined();
  expect(large.take(17 * KIB)?.isShare).toBe(false);
  expect(large.take(16 * KIB)).toBeUndefined();
  expect(large.take(1)?.limit).toBe(1024 * KIB);
  for (let i = 0; i < 16; i++) expect(other.take(KIB)).toBeUndefined();
});

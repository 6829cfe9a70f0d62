import { expect, test } from 'vitest';
import { OwnerActuals } from '../../../src/evaluation/ownerActuals.ts';

test('actuals count for their owner until their block has left the stream', () => {
  const actuals = new OwnerActuals();
  for (let sequence = 1; sequence <= 1_500; sequence++) actuals.add(sequence % 3 ? 'ada' : 'bob', sequence);
  expect([actuals.of('ada'), actuals.of('bob'), actuals.of('nobody')]).toEqual([1_000, 500, 0]);
  actuals.forgetBefore(999);
  expect(actuals.of('ada') + actuals.of('bob')).toBe(1_500);
  actuals.forgetBefore(1_000);
  expect(actuals.of('ada') + actuals.of('bob')).toBe(501);
});

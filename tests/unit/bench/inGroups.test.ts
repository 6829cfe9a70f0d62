import { expect, test } from 'vitest';
import { inGroups } from '../../bench/peers/inGroups.ts';

test('what comes while a group is under way is the next group, up to the largest size', async () => {
  const groups: (readonly number[])[] = [];
  const firstUnderWay = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  const double = inGroups(2, async (items: readonly number[]) => {
    groups.push(items);
    firstUnderWay.resolve();
    await goOn.promise;
    return items.map((item) => item * 2);
  });
  const first = double(1);
  await firstUnderWay.promise;
  const others = [2, 3, 4].map(double);
  goOn.resolve();
  expect(await Promise.all([first, ...others])).toEqual([2, 4, 6, 8]);
  expect(groups).toEqual([[1], [2, 3], [4]]);
});

test('a group that fails rejects each of its items, and the next one is called', async () => {
  const fails = inGroups(2, async (items: readonly number[]) => {
    if (items.includes(1)) throw new Error('no');
    return items;
  });
  const answers = await Promise.allSettled([1, 2, 3].map(fails));
  expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled']);
});

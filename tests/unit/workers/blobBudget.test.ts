/** How many bytes of blobs a worker holds. */
import { expect, test } from 'vitest';
import { BlobBudget } from '../../../workers/blobBudget.ts';

/** Takes bytes one after the other, and tells which takers have them. */
function takers(budget: BlobBudget) {
  const held = new Map<string, Disposable>();
  return {
    held,
    take: (name: string, bytes: number) => budget.take(bytes).then((taken) => held.set(name, taken)),
    names: async () => {
      await new Promise(setImmediate);
      return [...held.keys()].join('');
    },
  };
}

test('takers wait in their order until there is room', async () => {
  const { held, take, names } = takers(new BlobBudget(100));
  void take('a', 60);
  void take('b', 60);
  // It would fit, and comes after the one that waits.
  void take('c', 10);
  expect(await names()).toBe('a');
  held.get('a')?.[Symbol.dispose]();
  held.get('a')?.[Symbol.dispose]();
  expect(await names()).toBe('abc');
});

test('one that needs more than there is goes alone', async () => {
  const { held, take, names } = takers(new BlobBudget(100));
  void take('a', 1);
  void take('b', 1_000);
  void take('c', 1);
  expect(await names()).toBe('a');
  held.get('a')?.[Symbol.dispose]();
  expect(await names()).toBe('ab');
  held.get('b')?.[Symbol.dispose]();
  expect(await names()).toBe('abc');
});

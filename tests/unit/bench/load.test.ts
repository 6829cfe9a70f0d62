import { expect, test } from 'vitest';
import { closedLoop } from '../../bench/load.ts';

test('a closed loop asks each row once, counts the answers in its window, and reports a failure', async () => {
  const asked: number[] = [];
  const enough = Promise.withResolvers<void>();
  const exchange = async (row: number) => {
    asked.push(row);
    if (asked.length === 100) enough.resolve();
    await new Promise(setImmediate);
  };
  {
    await using load = closedLoop([exchange, exchange]);
    const window = load.openWindow();
    await Promise.race([enough.promise, load.failed]);
    expect((await window.close()).length).toBeGreaterThan(90);
  }
  expect(asked.toSorted((a, b) => a - b)).toEqual(asked.map((_, i) => i));

  await using broken = closedLoop([() => Promise.reject(new Error('no answer'))]);
  await expect(broken.failed).rejects.toThrow('no answer');
});

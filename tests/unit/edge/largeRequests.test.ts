/** The turns of large requests. */
import { expect, test, vi } from 'vitest';
import { LargeRequests } from '../../../src/edge/largeRequests.ts';

const LARGE = 100_000;

test('the large requests of several owners are read in turn, however many each has', async () => {
  const requests = new LargeRequests();
  const read: string[] = [];
  const owners = ['ada', 'ada', 'ada', 'ada', 'bob', 'bob', 'cyd'];
  const readOne = async (owner: string) => {
    await requests.turn(owner, LARGE);
    read.push(owner);
  };
  await Promise.all(owners.map(readOne));
  expect(read).toEqual(['ada', 'ada', 'bob', 'cyd', 'ada', 'bob', 'ada']);
});

test('the next large request is read once its turn comes, after a time that grows with the size of the one before', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'setImmediate', 'performance'] });
  try {
    const requests = new LargeRequests();
    const begun: number[] = [];
    for (let i = 0; i < 3; i++)
      void requests.turn('ada', 1024 * 1024)?.then(() => begun.push(performance.now()));
    await vi.advanceTimersByTimeAsync(100);
    const [first = 0, second = 0, third = 0] = begun;
    expect(second - first).toBeGreaterThanOrEqual(8);
    expect(third - second).toBeGreaterThanOrEqual(8);
  } finally {
    vi.useRealTimers();
  }
});

test('small requests, and those of clients without a login, do not wait', () => {
  const requests = new LargeRequests();
  expect(requests.turn('ada', 1_000)).toBeUndefined();
  expect(requests.turn('anonymous', LARGE)).toBeUndefined();
});

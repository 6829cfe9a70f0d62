/** The turns of large requests. */
import { expect, test } from 'vitest';
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

test('small requests, and those of clients without a login, do not wait', () => {
  const requests = new LargeRequests();
  expect(requests.turn('ada', 1_000)).toBeUndefined();
  expect(requests.turn('anonymous', LARGE)).toBeUndefined();
});

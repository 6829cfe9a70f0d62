import { expect, test } from 'vitest';
import { SerialQueue } from '../../../src/process/serialQueue.ts';

test('work begins when all before it has ended, also with a failure', async () => {
  const queue = new SerialQueue();
  const first = Promise.withResolvers<string>();
  const begun: string[] = [];
  const begin = <T>(name: string, work: T) => {
    begun.push(name);
    return work;
  };
  const works = [
    queue.run(() => begin('first', first.promise)),
    queue.run(() => begin('second', 'two')),
    queue.run(() => begin('third', 'three')),
  ];
  const ended = queue.ended().then(() => begun.length);
  await Promise.resolve();
  expect(begun).toEqual(['first']);
  first.reject(new Error('no'));
  expect(await Promise.allSettled(works)).toMatchObject([
    { reason: new Error('no') },
    { value: 'two' },
    { value: 'three' },
  ]);
  expect(begun).toEqual(['first', 'second', 'third']);
  expect(await ended).toBe(3);
});

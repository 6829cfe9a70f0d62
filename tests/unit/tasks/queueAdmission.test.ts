/** How full the queue of a model may be for a new task. */
import { expect, test } from 'vitest';
import { QueueAdmission } from '../../../src/tasks/queueAdmission.ts';

const limits = { queueMaxJobs: 100, queueMaxBytes: 10_000 };
const counts = { of: () => 0 };

test('a queue takes new tasks up to 80 % of its jobs and its bytes, counting tasks accepted since it was asked', async () => {
  let asked = 0;
  const queuedBytes = async () => {
    asked++;
    return 1_000;
  };
  const queued = { of: () => 70 };
  const queue = new QueueAdmission({ broker: { queuedBytes }, limits, queued, counts });
  const jobs = (count: number) => Array.from({ length: count }, () => ({ v: 1 }));
  await queue.admit('m', jobs(6));
  await expect(queue.admit('m', jobs(5))).rejects.toThrow('nearly full');
  await queue.requireRoom('m', 4);
  await queue.admit('m', jobs(4));
  await expect(queue.requireRoom('m', 1)).rejects.toMatchObject({
    code: 'QUEUE_FULL',
    details: { limit: 80 },
  });
  await expect(
    new QueueAdmission({ broker: { queuedBytes }, limits, queued, counts }).admit('m', [
      { v: 'x'.repeat(7_000) },
    ]),
  ).rejects.toThrow('nearly full');
  expect(asked).toBe(2);
});

test('an interactive task is refused only when the queue has all the jobs that it may hold', () => {
  let jobs = 99;
  const broker = { queuedBytes: () => Promise.reject(new Error('the broker is not asked')) };
  const queue = new QueueAdmission({ broker, limits, queued: { of: () => jobs }, counts });
  queue.requireSpace('m');
  jobs = 100;
  expect(() => queue.requireSpace('m')).toThrow('The queue of m is full: it may hold 100 jobs');
});

/** How full the queue of a model may be for a new task. */
import { expect, test } from 'vitest';
import { QueueAdmission } from '../../../src/tasks/queueAdmission.ts';

const limits = { queueMaxJobs: 100, queueMaxBytes: 10_000 };

test('a queue takes new tasks up to 80 % of its jobs and its bytes, counting tasks accepted since it was asked', async () => {
  let asked = 0;
  const queueFill = async () => {
    asked++;
    return { jobs: 70, bytes: 1_000 };
  };
  const room = new QueueAdmission({ broker: { queueFill }, limits });
  const jobs = (count: number) => () => Array.from({ length: count }, () => ({ v: 1 }));
  const notMade = () => {
    throw new Error('there is no room for it');
  };
  await room.admit('m', 6, jobs(6));
  await expect(room.admit('m', 5, jobs(5))).rejects.toThrow('nearly full');
  await room.admit('m', 4, jobs(4));
  await expect(room.admit('m', 1, notMade)).rejects.toMatchObject({
    code: 'QUEUE_FULL',
    details: { limit: 80 },
  });
  await expect(
    new QueueAdmission({ broker: { queueFill }, limits }).admit('m', 1, () => [{ v: 'x'.repeat(7_000) }]),
  ).rejects.toThrow('nearly full');
  expect(asked).toBe(2);
});

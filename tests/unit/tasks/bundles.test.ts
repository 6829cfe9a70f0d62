/** Which tasks travel together. */
import { expect, test } from 'vitest';
import type { PublishOutcome } from '../../../src/broker/broker.ts';
import type { QueuedBundle } from '../../../src/contract/messages/bundle.ts';
import type { Job } from '../../../src/contract/messages/job.ts';
import type { Manifest } from '../../../src/models/manifest.ts';
import { Bundles, type Common } from '../../../src/tasks/bundles.ts';
import { furtherTry, Storing } from '../../../src/tasks/storing.ts';

const HOME = '0a0b0c0d';
const STORED: PublishOutcome = { type: 'stored' };
const NUMBER = { type: 'float32', name: 'x', tensor: 'x', unit: 'm' };
const manifest = {
  name: 'm',
  inputs: [NUMBER],
  outputs: [NUMBER],
  batching: { maxBatchSize: 4 },
} as unknown as Manifest;
const COMMON: Common = {
  manifest,
  version: '1',
  isPinned: true,
  lane: 'interactive',
  owner: 'ada',
  timeoutMs: 1_000,
  deadlineSecond: 2,
};

/** A queue that stores a bundle when it is told to. */
function openQueue() {
  const sent: {
    readonly rows: readonly unknown[];
    readonly after: number | undefined;
    answer(outcome: PublishOutcome): void;
  }[] = [];
  const storeBundle = ({ columns }: QueuedBundle, { after }: { after?: number | undefined } = {}) =>
    new Promise<PublishOutcome>((answer) => sent.push({ rows: columns.x as unknown[], after, answer }));
  const broker = { storeBundle, whenConnected: async () => {}, now: () => 1_000 };
  const storing = new Storing({ broker, limits: { queueMaxJobs: 10, queueMaxBytes: 10 } });
  return { sent, bundles: new Bundles({ broker, storing, home: HOME }) };
}

/** Submits a task with an input, and tells its id. */
function submit(bundles: Bundles, x: number, common: Partial<Common> = {}) {
  const place = bundles.place({ ...COMMON, ...common });
  const stored = place.store({ ...job(place.address.id), input: { x } });
  return { address: place.address, stored };
}

function job(taskId: string): Job {
  return {
    ...{ v: 1, taskId, model: 'm', version: '1', owner: 'ada', submittedAt: 1_000, deadline: 2_000 },
    input: { x: 0 },
  };
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const rowsOf = (sent: ReturnType<typeof openQueue>['sent']) => sent.map(({ rows }) => rows);

test('a task is sent at the end of the turn, alone if none came with it', async () => {
  const { sent, bundles } = openQueue();
  const { stored, address } = submit(bundles, 1);
  expect(sent).toEqual([]);
  await turn();
  expect(rowsOf(sent)).toEqual([[1]]);
  expect(address).toMatchObject({ row: 0, home: HOME, deadlineSecond: 2, model: 'm' });
  sent[0]?.answer(STORED);
  await stored;
});

test('tasks that come while a bundle is being stored are the next bundle, and all are told when it is stored', async () => {
  const { sent, bundles } = openQueue();
  const first = submit(bundles, 1);
  await turn();
  const second = submit(bundles, 2);
  await turn();
  const third = submit(bundles, 3);
  await turn();
  expect(rowsOf(sent)).toEqual([[1]]);
  sent[0]?.answer(STORED);
  await first.stored;
  await turn();
  expect(rowsOf(sent)).toEqual([[1], [2, 3]]);
  expect(third.address.bundle).toBe(second.address.bundle);
  expect([second.address.row, third.address.row]).toEqual([0, 1]);
  expect(third.address.secret).not.toBe(second.address.secret);
  sent[1]?.answer(STORED);
  await Promise.all([second.stored, third.stored]);
});

test('a full bundle does not wait for the one before', async () => {
  const { sent, bundles } = openQueue();
  submit(bundles, 0);
  await turn();
  for (const x of [1, 2, 3, 4, 5]) submit(bundles, x);
  await turn();
  expect(rowsOf(sent)).toEqual([[0], [1, 2, 3, 4]]);
});

test.each<[string, Partial<Common>]>([
  ['another version', { version: '2' }],
  ['another lane', { lane: 'bulk' }],
  ['another owner', { owner: 'bob' }],
  ['another time limit', { timeoutMs: 2_000 }],
  ['a deadline in another second', { deadlineSecond: 3 }],
  ['a version that it did not pin', { isPinned: false }],
])('a task with %s travels in another bundle', async (_what, common) => {
  const { sent, bundles } = openQueue();
  submit(bundles, 1);
  submit(bundles, 2, common);
  await turn();
  expect(rowsOf(sent)).toEqual([[1], [2]]);
});

test('a refused bundle refuses each of its tasks, and the next is sent all the same', async () => {
  const { sent, bundles } = openQueue();
  const refused = [submit(bundles, 1), submit(bundles, 2)];
  await turn();
  const next = submit(bundles, 3);
  sent[0]?.answer({ type: 'full', reason: 'maximum messages exceeded' });
  for (const { stored } of refused) await expect(stored).rejects.toMatchObject({ code: 'QUEUE_FULL' });
  await turn();
  sent[1]?.answer(STORED);
  await next.stored;
});

test('a bundle that was not confirmed is sent again, and may be there already', async () => {
  const { sent, bundles } = openQueue();
  const { stored } = submit(bundles, 1);
  await turn();
  sent[0]?.answer({ type: 'unanswered', reason: 'x' });
  await expect.poll(() => sent.length).toBe(2);
  expect(sent.map(({ after }) => after)).toEqual([undefined, 0]);
  sent[1]?.answer({ type: 'alreadyThere', reason: 'x' });
  await stored;
});

test('a place without a job stays empty, and a job that comes later than its turn is an error', async () => {
  const { sent, bundles } = openQueue();
  const empty = bundles.place(COMMON);
  submit(bundles, 1);
  await turn();
  expect(rowsOf(sent)).toEqual([[1]]);
  expect(() => empty.store(job(empty.address.id))).toThrow('in the turn');
});

test('a task that is alone in its bundle is stored once, whichever try stores it', async () => {
  const { sent, bundles } = openQueue();
  const { address } = bundles.place(COMMON);
  const storing = bundles.storeAlone({ job: job(address.id), address }, furtherTry());
  expect(sent.map(({ after }) => after)).toEqual([0]);
  sent[0]?.answer({ type: 'alreadyThere', reason: 'x' });
  await storing;
});

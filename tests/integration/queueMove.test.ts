/** Moves of one queue at the same time: every job stays there at least once. */
import { expect, test } from 'vitest';
import { QueueMove, type QueueMoveOptions } from '../../src/rollout/queueMove.ts';
import { openTestBroker, queueJobs, tripJob } from '../support/jobs.ts';
import { startNats } from '../support/natsServer.ts';

const MODEL = 'trip-duration';
const JOBS = 100;
const AT_ONCE = 32;

type MoveBroker = QueueMoveOptions['broker'];

test('a move back loses no job, also while the first move has stored copies and not yet deleted the originals', async () => {
  await using nats = await startNats();
  await using broker = await openTestBroker(nats);
  await broker.ensureVersion(MODEL, '2');
  const jobs = Array.from({ length: JOBS }, (_, i) => ({ ...tripJob(broker, i), bucket: i }));
  await queueJobs(broker, jobs);

  const moveTo = (version: string, through: MoveBroker) =>
    new QueueMove({ broker: through, model: MODEL, stays: new Set([version]), versionAt: () => version });
  const stopped = stopBeforeDeleting(broker);
  const there = moveTo('2', stopped.broker).run();
  await stopped.reached;
  await moveTo('1', broker).run();
  stopped.goOn();
  await there;

  const left = new Set<string>();
  for (const version of ['1', '2']) {
    for (let from = 1; ; ) {
      const stored = await broker.nextJobOf(MODEL, version, from);
      if (stored === undefined) break;
      left.add(stored.subject.split('.').at(-1) ?? '');
      from = stored.sequence + 1;
    }
  }
  expect(left).toEqual(new Set(jobs.map(({ taskId }) => taskId)));
});

test('a move that stopped after it stored its copies is completed by the next move', async () => {
  await using nats = await startNats();
  await using broker = await openTestBroker(nats);
  await broker.ensureVersion(MODEL, '2');
  const jobs = Array.from({ length: AT_ONCE }, (_, i) => ({ ...tripJob(broker, i), bucket: i }));
  await queueJobs(broker, jobs);
  // The copies of a gateway that was killed before it deleted the originals.
  await queueJobs(
    broker,
    jobs.map((job) => ({ ...job, version: '2' })),
  );

  await new QueueMove({ broker, model: MODEL, stays: new Set(['2']), versionAt: () => '2' }).run();
  expect(await broker.nextJobOf(MODEL, '1', 1)).toBeUndefined();
  expect(await broker.queueFill(MODEL)).toMatchObject({ jobs: AT_ONCE });
});

/** The same broker, but deletions wait. `reached` resolves once those of one full step have started. */
function stopBeforeDeleting(broker: MoveBroker) {
  const reached = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  let asked = 0;
  const stopping: MoveBroker = {
    queuedVersions: (model) => broker.queuedVersions(model),
    nextJobOf: (model, version, from) => broker.nextJobOf(model, version, from),
    newestSequence: (job) => broker.newestSequence(job),
    handedOutUntil: (model, version, lane) => broker.handedOutUntil(model, version, lane),
    storeJob: (job, expected) => broker.storeJob(job, expected),
    async deleteJob(model, sequence) {
      asked++;
      if (asked === AT_ONCE) reached.resolve();
      await gate.promise;
      await broker.deleteJob(model, sequence);
    },
    now: () => broker.now(),
    notices: broker.notices,
  };
  return { broker: stopping, reached: reached.promise, goOn: () => gate.resolve() };
}

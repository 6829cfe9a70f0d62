/** What the sweeper mends: work whose end was stored, whose step is missing, and messages that are no work. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Broker } from '../../src/broker/broker.ts';
import { MESSAGE_VERSION } from '../../src/contract/messages/decoder.ts';
import { TaskState } from '../../src/contract/task.ts';
import { StepName } from '../../src/contract/work.ts';
import { workEnd } from '../../src/contract/workTask.ts';
import { readConfig } from '../../src/process/config.ts';
import { Storing } from '../../src/tasks/storing.ts';
import { WorkQueue } from '../../src/workflow/workQueue.ts';
import { WorkSweeper } from '../../src/workflow/workSweeper.ts';
import { eventually } from '../support/eventually.ts';
import { openTestBroker } from '../support/jobs.ts';
import { type ModelsFolder, SILENT } from '../support/models.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { inspectStreams, type StreamInspector } from '../support/streams.ts';
import { MODEL, queueTraining, TRAINER, trainableModels, trainingJob } from '../support/work.ts';

const MINUTE_MS = 60_000;
const NINE_DAYS_MS = 9 * 24 * 60 * MINUTE_MS;

let models: ModelsFolder;
let nats: NatsServer;
let broker: Broker;
let streams: StreamInspector;

beforeAll(async () => {
  models = await trainableModels();
  nats = await startNats();
  [broker, streams] = await Promise.all([
    openTestBroker(nats, { MODELS_DIR: models.path }),
    inspectStreams(nats),
  ]);
});

afterAll(async () => {
  for (const opened of [streams, broker, nats, models]) await opened?.[Symbol.asyncDispose]();
});

beforeEach(() => streams.purge('WORK', '>'));

/** A sweeper to which all messages are so much older. */
function sweepLater(ms: number): WorkSweeper {
  const storing = new Storing({ broker, limits: readConfig({}) });
  const later = { work: broker.work, connected: true, now: () => broker.now() + ms };
  return new WorkSweeper({ broker: later, queue: new WorkQueue({ broker, storing }), log: SILENT });
}

test('work whose end was stored leaves the queue with its steps', async () => {
  const { address, job } = await queueTraining(broker);
  const end = workEnd({ job, results: [] }, { state: TaskState.Canceled }, broker.now());
  await broker.work.storeEnd(address, { v: MESSAGE_VERSION, ...end });
  await using _sweeper = sweepLater(MINUTE_MS);
  await eventually(
    () => streams.subjects('WORK'),
    (subjects) => subjects.length === 0,
  );
});

test('the step that follows the last result is queued again', async () => {
  const { address, job } = trainingJob(broker);
  await broker.work.storeJob(address, job);
  const times = { startedAt: 1, finishedAt: 2, trainer: TRAINER, attempts: 1 };
  const result = { v: MESSAGE_VERSION, taskId: job.taskId, step: StepName.Prepare, ...times, output: {} };
  await broker.work.storeStepResult(result);
  await using _sweeper = sweepLater(MINUTE_MS);
  const subject = `work.${MODEL}.${address.deadlineSecond}.${address.id}`;
  await eventually(
    () => streams.subjects('WORK'),
    (subjects) => subjects.includes(`${subject}.train.cpu`),
  );
  expect(await streams.subjects('WORK')).toEqual([subject, `${subject}.train.cpu`]);
});

test('what is no work, or cannot be read, stays as long as work may wait, and then goes', async () => {
  const { address } = trainingJob(broker, { timeoutMs: NINE_DAYS_MS });
  const { deadlineSecond, id } = address;
  const strange = ['work.x.y.z', `work.${MODEL}.${deadlineSecond}.${id}`];
  for (const subject of strange) await streams.publish(subject, '{');
  const ended = await queueTraining(broker);
  const end = workEnd({ job: ended.job, results: [] }, { state: TaskState.Canceled }, broker.now());
  await broker.work.storeEnd(ended.address, { v: MESSAGE_VERSION, ...end });
  const isLeft = (subjects: readonly string[]) => subjects.length === strange.length;
  {
    await using _sweeper = sweepLater(MINUTE_MS);
    expect((await eventually(() => streams.subjects('WORK'), isLeft)).toSorted()).toEqual(strange.toSorted());
  }
  await using _sweeper = sweepLater(NINE_DAYS_MS);
  await eventually(
    () => streams.subjects('WORK'),
    (subjects) => subjects.length === 0,
  );
});

test('work with a deadline that no process of ours sets expires all the same', async () => {
  const { address } = await queueTraining(broker, { timeoutMs: 4 * NINE_DAYS_MS });
  await using _sweeper = sweepLater(NINE_DAYS_MS);
  const end = await eventually(
    () => broker.work.readEnd(address),
    (found) => found !== undefined,
  );
  expect(end?.state).toBe('EXPIRED');
});

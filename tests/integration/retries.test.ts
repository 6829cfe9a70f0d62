/** A retry while the first try is still running: the task may end between any two steps of the retry. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Broker } from '../../src/broker/broker.ts';
import { rowBatchEnd } from '../../src/broker/endTask.ts';
import { requestHash } from '../../src/contract/digests.ts';
import { MESSAGE_VERSION } from '../../src/contract/messages/decoder.ts';
import type { Job, RowBatchJob } from '../../src/contract/messages/job.ts';
import { Lane } from '../../src/contract/subjects.ts';
import { type FinishedTask, finishedTask } from '../../src/contract/task.ts';
import { Catalog } from '../../src/models/catalog.ts';
import { readConfig } from '../../src/process/config.ts';
import { createLog } from '../../src/process/log.ts';
import { Acceptance } from '../../src/tasks/acceptance.ts';
import { Bundles } from '../../src/tasks/bundles.ts';
import { OpenTasks } from '../../src/tasks/openTasks.ts';
import { RequestRecords } from '../../src/tasks/requestRecords.ts';
import { Requests } from '../../src/tasks/requests.ts';
import { RowBatchQuestion } from '../../src/tasks/rowBatchTask.ts';
import { SingleQuestion } from '../../src/tasks/singleTask.ts';
import { Storing } from '../../src/tasks/storing.ts';
import { TaskEvents } from '../../src/tasks/taskEvents.ts';
import { TaskReader } from '../../src/tasks/taskReader.ts';
import type { AcceptanceParts, Question } from '../../src/tasks/taskToAccept.ts';
import { addressOf, HOME, openTestBroker, tripJob } from '../support/jobs.ts';
import { TEST_MODELS } from '../support/models.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { inspectStreams, type StreamInspector } from '../support/streams.ts';

let nats: NatsServer;
let broker: Broker;
let streams: StreamInspector;

beforeAll(async () => {
  nats = await startNats();
  [broker, streams] = await Promise.all([openTestBroker(nats), inspectStreams(nats)]);
});

// A job that is stored after its task has ended waits for a worker to remove it, and no worker runs here.
beforeEach(() => streams.purge('JOBS_trip-duration', 'jobs.>'));

afterAll(async () => {
  for (const opened of [streams, broker, nats]) await opened?.[Symbol.asyncDispose]();
});

/** A gateway's part that accepts tasks under a `requestId`, and the tasks that it follows. */
async function openRequests(home: string, change: (parts: AcceptanceParts) => Partial<AcceptanceParts>) {
  const limits = readConfig({ LOG_LEVEL: 'error', MODELS_DIR: TEST_MODELS });
  const { models } = await Catalog.open(TEST_MODELS, createLog(limits, 'test'));
  const [model] = models;
  if (model === undefined) throw new Error('a model is served');
  const events = new TaskEvents();
  const open = new OpenTasks({ broker, home, limit: 100, events });
  const reader = new TaskReader({ broker, open, home, models, limits });
  const storing = new Storing({ broker, limits });
  const admission = {
    results: { isFull: false, admit: () => {} },
    queue: {
      requireSpace: () => {},
      requireRoom: async () => {},
      admit: async () => {},
      isFilled: async () => false,
    },
    chunks: { admit: async () => {} },
  };
  const bundlesBy = (by: Pick<Storing, 'storeJob'>) => new Bundles({ broker, storing: by, home });
  const quotas = { begin: () => undefined, admit: () => {} };
  const fairShare = { enter: () => Lane.Interactive };
  const inputBlobs = { place: () => undefined, placeColumns: () => undefined };
  const bundles = bundlesBy(storing);
  const whole = { broker, open, admission, storing, bundles, quotas, fairShare, inputBlobs };
  const changed = { ...whole, ...change(whole) };
  const acceptance = new Acceptance({ open, admission, events, home });
  const records = new RequestRecords({ broker, storing });
  const requests = new Requests({ broker, records, acceptance, admission, reader });
  const asked = { model, options: {}, owner: 'anonymous', trace: undefined, gone: undefined };
  return {
    open,
    requests,
    asked,
    queue: { ...changed, bundles: bundlesBy(changed.storing) },
    [Symbol.dispose]: () => open[Symbol.dispose](),
  };
}

/** Accepts the task of an earlier try again. */
function retry(
  { requests }: Awaited<ReturnType<typeof openRequests>>,
  question: Question,
  job: Job | RowBatchJob,
) {
  return requests.accept(question.sameTask(job, addressOf(job)), question, job.taskId);
}

/** Stores the record of a first try. */
async function recordFirstTry(question: Question, job: Job | RowBatchJob): Promise<void> {
  const hash = requestHash(job.owner, job.model, job.taskId);
  await broker.storeRequest(hash, { v: MESSAGE_VERSION, job, inputDigest: question.digest() });
}

/** Ends a task as a worker does after the first try. */
async function runToItsEnd(job: Job | RowBatchJob, end: FinishedTask): Promise<void> {
  const address = addressOf(job);
  expect(await broker.ends.storeTask(end, address)).toEqual(end);
  if ('batch' in job) await broker.removeRowBatch(address);
  else await broker.removeEnded(address, job.owner);
}

/** Does the work only at the first call. */
function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => {
    done ??= work();
    return done;
  };
}

describe.each([
  ['before the retry follows it', HOME, 'chunks'],
  ['while the retry stores it', HOME, 'storing'],
  ['while a retry on another gateway stores it', '0f0e0d0c', 'storing'],
] as const)('a task that ends %s', (_when, home, step) => {
  test('is returned with its end by the retry if it is a row batch, and no job of it stays in the queue', async () => {
    const { input, ...header } = tripJob(broker, 1);
    const batch = { ...header, batch: { rowCount: 1, rowsPerChunk: 1_000 } };
    await broker.storeRowBatchJob(batch, addressOf(batch));
    const now = broker.now();
    const tally = { isComplete: true, rowsDone: 1, rowsFailed: 0, startedAt: now, finishedAt: now };
    const end = once(async () => {
      const done = { v: MESSAGE_VERSION, taskId: batch.taskId, chunk: 0, startedAt: now, finishedAt: now };
      await broker.chunks.store({ ...done, rowsFailed: 0, columns: { durationMinutes: [1] }, errors: [] });
      await runToItsEnd(batch, rowBatchEnd(batch, tally, now));
    });
    using gateway = await openRequests(home, interrupted(step, end));
    const question = new RowBatchQuestion({ ...gateway.asked, inputs: [input] }, gateway.queue);
    await recordFirstTry(question, batch);
    const task = await retry(gateway, question, batch);
    expect(task).toMatchObject({ id: batch.taskId, state: 'SUCCEEDED', batch: { rowsDone: 1 } });
    expect((await streams.state(`JOBS_${batch.model}`)).messages).toBe(0);
    if (home === HOME) expect(gateway.open.known(batch.taskId)?.state).toBe('SUCCEEDED');
  });
});

test('a single task that ends while its retry stores it is SUCCEEDED for the gateway, not QUEUED', async () => {
  const job = { ...tripJob(broker, 1), lane: Lane.Bulk };
  const now = broker.now();
  const result = finishedTask(job, {
    state: 'SUCCEEDED',
    attempts: 1,
    startedAt: now,
    finishedAt: now,
    prediction: { durationMinutes: 1 },
  });
  const end = once(async () => runToItsEnd(job, result));
  using gateway = await openRequests(HOME, interrupted('storing', end));
  const question = new SingleQuestion({ ...gateway.asked, input: job.input }, gateway.queue);
  await recordFirstTry(question, job);
  await retry(gateway, question, job);
  // The notice of its end arrives before the broker's next answer.
  await broker.readClock();
  expect(gateway.open.known(job.taskId)?.state).toBe('SUCCEEDED');
});

/** Makes something happen before a step of an acceptance. */
function interrupted(step: 'chunks' | 'storing', happen: () => Promise<void>) {
  return ({ admission, storing }: AcceptanceParts): Partial<AcceptanceParts> => {
    if (step === 'chunks') return { admission: { ...admission, chunks: { admit: happen } } };
    const storeJob: AcceptanceParts['storing']['storeJob'] = async (...job) => {
      await happen();
      await storing.storeJob(...job);
    };
    return { storing: { storeJob } };
  };
}

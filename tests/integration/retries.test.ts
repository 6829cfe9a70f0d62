/** A retry that comes while the first try is still at it: the task may end anywhere between two steps of the retry. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Broker } from '../../src/broker/broker.ts';
import { batchResult } from '../../src/broker/endTask.ts';
import { requestHash } from '../../src/contract/digests.ts';
import { MESSAGE_VERSION } from '../../src/contract/messages/decoder.ts';
import type { ChunkJob, Job, RowBatchJob } from '../../src/contract/messages/job.ts';
import { newResult, type Result } from '../../src/contract/messages/result.ts';
import { Lane } from '../../src/contract/subjects.ts';
import { parseTaskId } from '../../src/contract/task.ts';
import { Catalog } from '../../src/models/catalog.ts';
import { readConfig } from '../../src/process/config.ts';
import { createLog } from '../../src/process/log.ts';
import { Acceptance, type AcceptanceOptions } from '../../src/tasks/acceptance.ts';
import { OpenTasks } from '../../src/tasks/openTasks.ts';
import { Storing } from '../../src/tasks/storing.ts';
import { TaskEvents } from '../../src/tasks/taskEvents.ts';
import { TaskReader } from '../../src/tasks/taskReader.ts';
import { HOME, openTestBroker, tripJob } from '../support/jobs.ts';
import { LINE_MODELS } from '../support/models.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';

/** The digest of what is asked. */
const SAME = 'a'.repeat(64);

let nats: NatsServer;
let broker: Broker;

beforeAll(async () => {
  nats = await startNats();
  broker = await openTestBroker(nats);
});

afterAll(async () => {
  for (const opened of [broker, nats]) await opened?.[Symbol.asyncDispose]();
});

/** A gateway's part that accepts, and what it follows. */
async function openAcceptance(home: string, options: Partial<AcceptanceOptions> = {}) {
  const limits = readConfig({ LOG_LEVEL: 'error', MODELS_DIR: LINE_MODELS });
  const log = createLog(limits, 'test');
  const { models } = await Catalog.open(LINE_MODELS, log);
  const events = new TaskEvents();
  const open = new OpenTasks({ broker, home, limit: 100, maxSubscriptions: 100, events, log });
  const acceptance = new Acceptance({
    broker,
    open,
    resultAdmission: { isFull: false, admit: () => {} },
    queueAdmission: { admit: async (_model, _count, make) => make() },
    chunkAdmission: { admit: async () => {} },
    reader: new TaskReader({ broker, home, models, limits }),
    events,
    storing: new Storing({ broker, limits }),
    home,
    ...options,
  });
  return { open, acceptance, [Symbol.dispose]: () => open[Symbol.dispose]() };
}

function tripBatch(): { batch: RowBatchJob; chunk: ChunkJob } {
  const { input: _, ...header } = tripJob(broker, 1);
  const batch = { ...header, batch: { rowCount: 1, rowsPerChunk: 1_000 } };
  return { batch, chunk: { ...batch, chunk: 0, columns: {} } };
}

/** As the first try does, and then a worker. */
async function runToItsEnd(job: Job | RowBatchJob, result: Result): Promise<void> {
  const address = parseTaskId(job.taskId);
  if (address === undefined) throw new Error('a job has an id');
  expect(await broker.storeResult(result, address)).toEqual({ type: 'stored' });
  if ('batch' in job) await broker.removeRowBatch(address);
  else await broker.removeJob(address);
}

/** Does it once only, the first time. */
function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => {
    done ??= work();
    return done;
  };
}

describe.each([
  ['before the retry follows it', HOME, 'chunkRoom'],
  ['while the retry stores it', HOME, 'storing'],
  ['while a retry on another gateway stores it', '0f0e0d0c', 'storing'],
] as const)('a task that ends %s', (_when, home, step) => {
  test('is a batch: it has ended for who retries and who asks, and nothing of it stays in the queue', async () => {
    const { batch, chunk } = tripBatch();
    const hash = requestHash(batch.owner, batch.model, batch.taskId);
    await broker.storeRequest(hash, { v: MESSAGE_VERSION, job: batch, inputDigest: SAME });
    await broker.storeRowBatchJob(batch);
    const now = broker.now();
    const tally = { isComplete: true, rowsDone: 1, rowsFailed: 0, startedAt: now, finishedAt: now };
    const end = once(async () => {
      const done = { v: MESSAGE_VERSION, taskId: batch.taskId, chunk: 0, startedAt: now, finishedAt: now };
      await broker.chunks.store({ ...done, rowsFailed: 0, columns: { durationMinutes: [1] }, errors: [] });
      await runToItsEnd(batch, batchResult(batch, tally, now));
    });
    using gateway = await openAcceptance(home, interrupted(step, end));
    const task = await gateway.acceptance.acceptOnce(batch, batch.taskId, SAME, () => [chunk]);
    expect(task).toMatchObject({ id: batch.taskId, state: 'SUCCEEDED', batch: { rowsDone: 1 } });
    expect(await broker.queueFill(batch.model)).toMatchObject({ jobs: 0 });
    if (home === HOME) expect(gateway.open.known(batch.taskId)?.state).toBe('SUCCEEDED');
  });
});

test.each(['queueRoom', 'storing'] as const)(
  'a single task that ends while it waits for %s is not followed as one that waits',
  async (step) => {
    const job = { ...tripJob(broker, 1), lane: Lane.Bulk };
    const hash = requestHash(job.owner, job.model, job.taskId);
    const now = broker.now();
    const result = newResult(job, {
      state: 'SUCCEEDED',
      attempts: 1,
      startedAt: now,
      finishedAt: now,
      timings: { queueMs: 1, batchMs: 1, computeMs: 1, batchSize: 1 },
      prediction: { durationMinutes: 1 },
    });
    const end = once(async () => runToItsEnd(job, result));
    using gateway = await openAcceptance(HOME, interrupted(step, end));
    await broker.storeRequest(hash, { v: MESSAGE_VERSION, job, inputDigest: SAME });
    await gateway.acceptance.acceptOnce(job, job.taskId, SAME);
    // What was heard of it is there by the next answer of the broker.
    await broker.readClock();
    expect(gateway.open.known(job.taskId)?.state).toBe('SUCCEEDED');
  },
);

/** Has something happen before a step of an acceptance. */
function interrupted(
  step: 'queueRoom' | 'chunkRoom' | 'storing',
  happen: () => Promise<void>,
): Partial<AcceptanceOptions> {
  if (step === 'chunkRoom') return { chunkAdmission: { admit: happen } };
  if (step === 'queueRoom') {
    const admit: AcceptanceOptions['queueAdmission']['admit'] = async (_model, _count, make) => {
      await happen();
      return make();
    };
    return { queueAdmission: { admit } };
  }
  const { queueMaxJobs, queueMaxBytes } = readConfig({});
  const storing = new Storing({ broker, limits: { queueMaxJobs, queueMaxBytes } });
  return {
    storing: {
      storedChunks: (address) => storing.storedChunks(address),
      untilAnswered: (until, store) => storing.untilAnswered(until, store),
      storeJob: async (job, attempt) => {
        await happen();
        await storing.storeJob(job, attempt);
      },
      storeRowBatch: async (job, chunks, address, attempt) => {
        await happen();
        await storing.storeRowBatch(job, chunks, address, attempt);
      },
    },
  };
}

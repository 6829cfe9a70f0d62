/** The store of dead letters, when the tasks of one owner fill it. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Job } from '../../src/contract/messages/job.ts';
import { Catalog } from '../../src/models/catalog.ts';
import { DeadLetterShares } from '../../src/tasks/deadLetterShares.ts';
import { eventually } from '../support/eventually.ts';
import { addressOf, type Broker, letterOf, openTestBroker, tripJob } from '../support/jobs.ts';
import { SILENT, TEST_MODELS } from '../support/models.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';

const MIB = 1024 * 1024;
/** The store of dead letters then has its least size, 16 MiB. */
const SMALL = { RESULT_MAX_BYTES: String(64 * MIB) };

let nats: NatsServer;
let broker: Broker;

beforeAll(async () => {
  nats = await startNats();
  broker = await openTestBroker(nats, SMALL);
});

afterAll(async () => {
  for (const opened of [broker, nats]) await opened?.[Symbol.asyncDispose]();
});

/** Stores dead letters of an owner. @param bytes of each, about. */
async function bury(owner: string, count: number, bytes: number): Promise<readonly Job[]> {
  const jobs = Array.from({ length: count }, (_, i) => tripJob(broker, i, undefined, owner));
  for (const job of jobs) {
    const letter = letterOf(job, broker.now());
    const padded = Buffer.concat([Buffer.from(letter.job, 'base64'), Buffer.alloc((bytes * 3) / 4, ' ')]);
    const outcome = await broker.deadLetters.store({ ...letter, job: padded.toString('base64') });
    expect(outcome.type).toBe('stored');
  }
  return jobs;
}

async function kept(jobs: readonly Job[]): Promise<readonly boolean[]> {
  const letters = await Promise.all(jobs.map((job) => broker.deadLetters.read(addressOf(job))));
  return letters.map((letter) => letter !== undefined);
}

test('the oldest letters of the owner who has most are removed once the store is nearly full, and those of others stay', async () => {
  const calm = await bury('calm', 3, 100_000);
  const greedy = await bury('greedy', 20, 640_000);
  const { models } = await Catalog.open(TEST_MODELS, SILENT);
  await using _shares = await DeadLetterShares.open({ broker, models, log: SILENT });
  const { bytes } = await eventually(
    () => broker.deadLetters.held(),
    (held) => held.bytes <= 8 * MIB,
  );
  expect(bytes).toBeGreaterThan(7 * MIB);
  expect(await kept(calm)).toEqual([true, true, true]);
  const left = await kept(greedy);
  const first = left.indexOf(true);
  expect(left).toEqual(left.map((_, i) => i >= first));
  // There is room for the others again.
  await bury('calm', 3, 640_000);
});

/** Thousands of jobs, stored in the queue without a gateway. */
import { type Broker, openBroker } from '../../src/broker/broker.ts';
import { type Bundle, bundleOf } from '../../src/contract/messages/bundle.ts';
import type { DeadLetter } from '../../src/contract/messages/deadLetter.ts';
import { MESSAGE_VERSION } from '../../src/contract/messages/decoder.ts';
import { type Ends, endOf } from '../../src/contract/messages/ends.ts';
import type { Job } from '../../src/contract/messages/job.ts';
import { ANONYMOUS } from '../../src/contract/owner.ts';
import { subjects } from '../../src/contract/subjects.ts';
import type { FinishedTask } from '../../src/contract/task.ts';
import { newRowAddress, parseTaskId, type TaskAddress } from '../../src/contract/taskId.ts';
import { Catalog } from '../../src/models/catalog.ts';
import { readConfig } from '../../src/process/config.ts';
import { createLog } from '../../src/process/log.ts';
import { eventually } from './eventually.ts';
import { TEST_MODELS } from './models.ts';
import { tripNumber } from './predictDirectly.ts';
import type { StreamInspector } from './streams.ts';
import { newBundleAddress, newTaskAddress } from './taskAddresses.ts';

export type { Broker } from '../../src/broker/broker.ts';
export type { Job } from '../../src/contract/messages/job.ts';
export type { WorkerPresence } from '../../src/contract/messages/presence.ts';

export const HOME = '0a0b0c0d';
const LONGEST_MS = 300_000;

/** A broker connection for a test, with the streams of the models that processes serve. */
export async function openTestBroker(
  { url }: { readonly url: string },
  env: Record<string, string> = {},
): Promise<Broker> {
  const config = readConfig({ LOG_LEVEL: 'error', MODELS_DIR: TEST_MODELS, ...env });
  const log = createLog(config, 'test');
  const { models } = await Catalog.open(config.modelsDir, log);
  return openBroker({ access: { natsUrl: url }, role: 'gateway', name: 'test', models, limits: config, log });
}

export function tripJob(
  broker: Pick<Broker, 'now'>,
  i: number,
  timeoutMs = LONGEST_MS,
  owner = ANONYMOUS,
): Job {
  return jobFor(broker, { model: 'trip-duration', input: { ...tripNumber(i) }, timeoutMs, owner });
}

/**
 * A job for version 1 of a model. By default it does not expire, also on a busy machine.
 *
 * @param timeoutMs from now; negative: its time is over.
 */
export function jobFor(
  broker: Pick<Broker, 'now'>,
  {
    model,
    input,
    timeoutMs = LONGEST_MS,
    owner = ANONYMOUS,
  }: Pick<Job, 'model' | 'input'> & { readonly timeoutMs?: number; readonly owner?: string },
): Job {
  const now = broker.now();
  const deadline = now + timeoutMs;
  return {
    v: MESSAGE_VERSION,
    taskId: newTaskAddress({ model, home: HOME, deadline, owner }).id,
    model,
    version: '1',
    input,
    submittedAt: Math.min(now, deadline - 1),
    deadline,
    owner,
  };
}

/** The dead letter that a worker would store. */
export function letterOf(job: Job, diedAt: number): DeadLetter {
  return {
    v: 1,
    taskId: job.taskId,
    model: job.model,
    code: 'WORKER_CRASHED',
    reason: 'The model crashed whenever it ran this input.',
    attempts: 3,
    worker: 'worker-0a0b0c0d',
    diedAt,
    subject: subjects.job(bundleOfOne(job)),
    job: Buffer.from(JSON.stringify(job)).toString('base64'),
  };
}

/** Trips for version 1 that travel together. @param buckets of each. */
export function tripBundle(broker: Pick<Broker, 'now'>, buckets: readonly number[]): Bundle {
  return bundleOfJobs(together(buckets.map((bucket, row) => ({ ...tripJob(broker, row), bucket }))));
}

/** Jobs of one model as rows of one bundle: they get new ids, and the times of the first. */
export function together(jobs: readonly Job[]): readonly Job[] {
  const [first] = jobs;
  if (first === undefined) return [];
  const { model, submittedAt, deadline, owner } = first;
  const bundle = newBundleAddress(model, HOME, Math.ceil(deadline / 1000), owner);
  return jobs.map((job, row) => ({
    ...job,
    taskId: newRowAddress(bundle, row).id,
    submittedAt,
    deadline,
  }));
}

/** @param jobs made by `together`. */
export function bundleOfJobs(jobs: readonly Job[]): Bundle {
  return bundleOf(jobs.map((job) => ({ job, address: addressOf(job) })));
}

/** A job that travels alone. */
export function bundleOfOne(job: Job): Bundle {
  return bundleOfJobs([job]);
}

export function addressOf({ taskId }: Pick<Job, 'taskId'>): TaskAddress {
  const address = parseTaskId(taskId);
  if (address === undefined) throw new Error('the test makes task ids');
  return address;
}

/** This number is small, so that a busy machine confirms each bundle in time. */
const AT_ONCE = 250;

/** Stores jobs, each alone in its bundle. @throws if one is not stored. */
export async function queueJobs(broker: Broker, jobs: readonly Job[]): Promise<void> {
  await storeBundles(broker, jobs.map(bundleOfOne));
}

/** Stores bundles, some at the same time. @throws if one is not stored. */
export async function storeBundles(broker: Broker, bundles: readonly Bundle[]): Promise<void> {
  for (let start = 0; start < bundles.length; start += AT_ONCE) {
    const some = bundles.slice(start, start + AT_ONCE);
    const outcomes = await Promise.all(some.map((bundle) => broker.storeBundle(bundle)));
    const bad = outcomes.find(({ type }) => type !== 'stored');
    if (bad !== undefined) throw new Error(`a bundle was not stored: ${JSON.stringify(bad)}`);
  }
}

/** The stored end of a job's task, if there is one. */
export async function storedEnd(
  streams: StreamInspector,
  job: Pick<Job, 'taskId'>,
): Promise<FinishedTask | undefined> {
  const address = addressOf(job);
  const stored = await streams.last('ENDS', subjects.ends(address, ANONYMOUS));
  return stored && endOf(stored as unknown as Ends, address);
}

/** The stored end of a job's task, once there is one. */
export function resultOf(
  streams: StreamInspector,
  job: Pick<Job, 'taskId'>,
): Promise<FinishedTask | undefined> {
  return eventually(
    () => storedEnd(streams, job),
    (found) => found !== undefined,
  );
}

/** Jobs put into the queue past the gateway, thousands at a time. */
import { type Broker, openBroker } from '../../src/broker/broker.ts';
import { MESSAGE_VERSION } from '../../src/contract/messages/decoder.ts';
import type { Job } from '../../src/contract/messages/job.ts';
import { newTaskId } from '../../src/contract/task.ts';
import { Catalog } from '../../src/models/catalog.ts';
import { readConfig } from '../../src/process/config.ts';
import { createLog } from '../../src/process/log.ts';
import { LINE_MODELS } from './models.ts';
import { tripNumber } from './predictDirectly.ts';
import { eventually, type StreamInspector } from './streams.ts';

export const HOME = '0a0b0c0d';

/** A broker connection of the test's own, with the streams of the models that processes serve. */
export async function openTestBroker(
  { url }: { readonly url: string },
  env: Record<string, string> = {},
): Promise<Broker> {
  const config = readConfig({ LOG_LEVEL: 'error', MODELS_DIR: LINE_MODELS, ...env });
  const log = createLog(config, 'test');
  const { models } = await Catalog.open(config.modelsDir, log);
  return openBroker({ url, name: 'test', models, limits: config, log });
}

export function tripJob(broker: Broker, i: number, timeoutMs = 60_000): Job {
  const submittedAt = broker.now();
  const deadline = submittedAt + timeoutMs;
  return {
    v: MESSAGE_VERSION,
    taskId: newTaskId({ model: 'trip-duration', home: HOME, deadline }),
    model: 'trip-duration',
    version: '1',
    input: { ...tripNumber(i) },
    submittedAt,
    deadline,
    owner: 'anonymous',
  };
}

/** Stores jobs a thousand at a time. @throws if one is not stored. */
export async function queueJobs(broker: Broker, jobs: readonly Job[]): Promise<void> {
  for (let start = 0; start < jobs.length; start += 1_000) {
    const outcomes = await Promise.all(jobs.slice(start, start + 1_000).map((job) => broker.storeJob(job)));
    const bad = outcomes.find(({ type }) => type !== 'stored');
    if (bad !== undefined) throw new Error(`a job was not stored: ${JSON.stringify(bad)}`);
  }
}

/** The stored result of a job, once there is one. */
export function resultOf(
  streams: StreamInspector,
  { taskId }: Pick<Job, 'taskId'>,
): Promise<Record<string, unknown> | undefined> {
  return eventually(
    () => streams.last('RESULTS', `results.${HOME}.${taskId}`),
    (found) => found !== undefined,
  );
}

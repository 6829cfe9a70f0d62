/** A broker whose store has space for the streams of Tidings and for little more. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { streamSizes } from '../../src/broker/streams.ts';
import { Catalog } from '../../src/models/catalog.ts';
import { readConfig } from '../../src/process/config.ts';
import { createLog } from '../../src/process/log.ts';
import { onlyTask, PREDICT_TRIP, post, sse, TASK_RESULT, taskIn } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { openTestBroker } from '../support/jobs.ts';
import { TEST_MODELS } from '../support/models.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { tripNumber } from '../support/predictDirectly.ts';
import { startGateway, startProcess, startWorker } from '../support/processes.ts';
import { inspectStreams } from '../support/streams.ts';

const MIB = 1024 * 1024;
/** Less than the smallest stream, so that no stream fits a second time. */
const SPARE_BYTES = 2 * MIB;
const SMALL = {
  RESULT_MAX_BYTES: String(256 * MIB),
  QUEUE_MAX_BYTES: String(64 * MIB),
  BLOBS_MAX_BYTES: String(16 * MIB),
  ARTIFACTS_MAX_BYTES: String(16 * MIB),
};

let nats: NatsServer;

beforeAll(async () => {
  nats = await startNats({ maxFileStore: String((await reservedBytes(SMALL)) + SPARE_BYTES) });
});

afterAll(() => nats?.[Symbol.asyncDispose]());

test('gateways and workers start on it one after the other, and continue when the broker restarts', async () => {
  await using gateway = await startGateway(nats, SMALL);
  await using worker = await startWorker(nats, SMALL);
  await using otherGateway = await startGateway(nats, SMALL);
  await nats.restart();
  for (const process of [gateway, worker, otherGateway])
    await process.logged('connected to the broker again');
  const accepted = await eventually(
    () => post(otherGateway.url, PREDICT_TRIP, { input: tripNumber(1) }),
    ({ errors }) => errors === undefined,
  );
  const { id } = taskIn(accepted, 'predictTrip');
  expect(await onlyTask(sse(gateway.url, TASK_RESULT, { id }))).toMatchObject({ state: 'SUCCEEDED' });
  await eventually(
    () => fetch(gateway.url.replace('/graphql', '/ready')),
    ({ ok }) => ok,
  );
  for (const { output } of [gateway, worker, otherGateway])
    expect(output()).not.toContain('the streams could not be checked');
});

test('a stream can grow when another one shrinks, in either order', async () => {
  const grown = { ...SMALL, RESULT_MAX_BYTES: String(128 * MIB), QUEUE_MAX_BYTES: String(128 * MIB) };
  await using streams = await inspectStreams(nats);
  for (const env of [grown, SMALL]) {
    await using _broker = await openTestBroker(nats, env);
    expect(await streams.maxBytes('ENDS')).toBe(Number(env.RESULT_MAX_BYTES));
    expect(await streams.maxBytes('JOBS_trip-duration')).toBe(Number(env.QUEUE_MAX_BYTES));
  }
});

test('streams that do not fit are refused with the needed, reserved and used sizes, also beside foreign streams', async () => {
  await using own = await startNats({ maxFileStore: String(64 * MIB) });
  await using streams = await inspectStreams(own);
  await streams.add({ name: 'ORDERS', subjects: ['orders'], max_bytes: 16 * MIB });
  await using gateway = startProcess('src/main.ts', { NATS_URL: own.url, PORT: '0', ...SMALL });
  expect(await gateway.ended).toBe(78);
  expect(gateway.output()).toContain(
    'beside 16 MiB of other streams (ORDERS); 64 MiB are reserved by streams that are there, of which 0 bytes are used',
  );
  expect(gateway.output()).toContain('set max_file_store of nats-server to at least 706 MiB');
});

async function reservedBytes(env: Record<string, string>): Promise<number> {
  const config = readConfig({ ...env, MODELS_DIR: TEST_MODELS });
  using catalog = await Catalog.open(config.modelsDir, createLog({ ...config, logLevel: 'silent' }, 'test'));
  return streamSizes(catalog.models, config)
    .values()
    .reduce((sum, size) => sum + size, 0);
}

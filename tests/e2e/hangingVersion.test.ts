/** A version whose check hangs does not delay other versions, and its process ends with its worker. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ENDLESS_MILES } from '../support/badTrips.js';
import { eventually } from '../support/eventually.ts';
import { openTestBroker, queueJobs, resultOf, tripJob } from '../support/jobs.ts';
import { addConstantVersion, type ModelsFolder, modelsWith } from '../support/models.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { startProcess, startWorker } from '../support/processes.ts';
import { descendantsOf, isRunning } from '../support/processTable.ts';
import { inspectStreams } from '../support/streams.ts';

const imported = (script: string) => `--import=${join(import.meta.dirname, '../support', script)}`;

/** The golden row of version 2 never ends. */
async function modelsThatHang(): Promise<ModelsFolder> {
  const models = await modelsWith((manifest) => {
    manifest.versions = 'all';
    manifest.batching = { maxBatchSize: 1, maxWaitMs: 0 };
    Object.assign(manifest.limits as object, { runTimeoutMs: 1_000 });
  });
  await addConstantVersion(models, '2', 5);
  const file = join(models.model, '2/golden.json');
  await writeFile(
    file,
    (await readFile(file, 'utf8')).replace('"tripDistanceMiles":3', `"tripDistanceMiles":${ENDLESS_MILES}`),
  );
  return models;
}

/** A worker that serves version 1 while the check of version 2 runs. */
async function startWithHanging(nats: NatsServer, models: ModelsFolder, env: Record<string, string> = {}) {
  const options = `${imported('badVersion.js')} ${imported('tellRows.js')}`;
  const settings = { NATS_URL: nats.url, MODELS_DIR: models.path, BAD_VERSION: '2', NODE_OPTIONS: options };
  const worker = startProcess('workers/main.ts', { ...settings, ...env });
  await worker.logged('version offered');
  return worker;
}

describe.concurrent.each(['eager', 'lazy'])(
  'with %s loading, a version that hangs in its check',
  (loading) => {
    test('is refused while the other version is served', async () => {
      await using nats = await startNats();
      await using models = await modelsThatHang();
      await using broker = await openTestBroker(nats, { MODELS_DIR: models.path });
      await using streams = await inspectStreams(nats);
      const env = { SESSION_LOADING: loading, SESSION_MEMORY_MIB: '1000' };
      await using worker = await startWithHanging(nats, models, env);
      const job = tripJob(broker, 1);
      await queueJobs(broker, [job]);
      expect(await resultOf(streams, job)).toMatchObject({ state: 'SUCCEEDED' });
      expect(worker.output()).not.toContain('version refused');
      await worker.logged('version refused');
      expect(worker.output()).toMatch(/"version":"2".*the run took longer than 10000 ms/);
      await worker.ready;
    });
  },
);

describe.concurrent('the processes of sessions end with a worker', () => {
  test('that is stopped while it loads a version', async () => {
    await using nats = await startNats();
    await using models = await modelsThatHang();
    await using worker = await startWithHanging(nats, models);
    const processes = descendantsOf(worker);
    expect(processes.length).toBeGreaterThanOrEqual(2);
    worker.kill('SIGTERM');
    expect(await worker.ended).toBe(0);
    await eventually(
      () => processes.filter(isRunning),
      (left) => left.length === 0,
    );
  });

  test('that is killed during an endless run', async () => {
    await using nats = await startNats();
    await using broker = await openTestBroker(nats);
    await using worker = await startWorker(nats, {
      NODE_OPTIONS: `${imported('badTrips.js')} ${imported('tellRows.js')}`,
    });
    const processes = descendantsOf(worker);
    expect(processes.length).toBeGreaterThanOrEqual(1);
    const told = worker.output().length;
    const job = tripJob(broker, 1);
    await queueJobs(broker, [{ ...job, input: { ...job.input, tripDistanceMiles: ENDLESS_MILES } }]);
    await eventually(
      () => worker.output().slice(told),
      (output) => output.includes('rows: 1'),
    );
    worker.kill('SIGKILL');
    await eventually(
      () => processes.filter(isRunning),
      (left) => left.length === 0,
    );
  });
});

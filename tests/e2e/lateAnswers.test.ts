/** Answers that come about when their run times out: each task gets its own answer or an error, never another one's. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { ENDLESS_MILES } from '../support/badTrips.js';
import { openTestBroker, queueJobs, resultOf, tripJob } from '../support/jobs.ts';
import { modelsWith } from '../support/models.ts';
import { startNats } from '../support/natsServer.ts';
import { openDirectModel, tripNumber } from '../support/predictDirectly.ts';
import { startWorker } from '../support/processes.ts';
import { inspectStreams } from '../support/streams.ts';

const RUN_TIMEOUT_MS = 1_500;

/** Trip-duration with one row in each run, and with other limits. */
function modelsWithLimits(limits: Record<string, number>) {
  return modelsWith((manifest) => {
    manifest.batching = { maxBatchSize: 1, maxWaitMs: 0 };
    Object.assign(manifest.limits as object, { runTimeoutMs: RUN_TIMEOUT_MS, ...limits });
  });
}

const imported = (script: string) => ({
  NODE_OPTIONS: `--import=${join(import.meta.dirname, '../support', script)}`,
});

test.concurrent('a run that ended in time while its worker was paused is answered, and the next run gets its own answer', async () => {
  await using nats = await startNats();
  await using models = await modelsWithLimits({});
  await using broker = await openTestBroker(nats);
  await using streams = await inspectStreams(nats);
  await using model = await openDirectModel();
  const env = { ...imported('slowRuns.js'), RUN_MS: '100', MODELS_DIR: models.path };
  await using worker = await startWorker(nats, env);
  const jobs = Array.from({ length: 20 }, (_, i) => tripJob(broker, i));
  await queueJobs(broker, jobs);
  for (const round of [0, 5]) {
    await resultOf(streams, jobs[round] ?? { taskId: '' });
    // The next run continues, and ends long before the worker checks its clock again.
    worker.kill('SIGSTOP');
    // The run's time limit has to pass while the worker stands still. No event tells that.
    await sleep(2 * RUN_TIMEOUT_MS);
    worker.kill('SIGCONT');
  }
  for (const [i, job] of jobs.entries()) {
    const result = await resultOf(streams, job);
    expect(result).toMatchObject({
      state: 'SUCCEEDED',
      prediction: { durationMinutes: expect.closeTo(await model.predict(tripNumber(i)), 4) },
    });
  }
  expect(worker.output()).not.toContain('session process died');
});

test.concurrent('a row that waits behind an endless one does not count as the cause when their process is ended', async () => {
  await using nats = await startNats();
  await using models = await modelsWithLimits({ maxAttempts: 1 });
  await using broker = await openTestBroker(nats);
  await using streams = await inspectStreams(nats);
  await using _worker = await startWorker(nats, { ...imported('badTrips.js'), MODELS_DIR: models.path });
  const jobs = Array.from({ length: 6 }, (_, i) => tripJob(broker, i));
  const isEndless = (i: number) => i % 2 === 0;
  await queueJobs(
    broker,
    jobs.map((job, i) =>
      isEndless(i) ? { ...job, input: { ...job.input, tripDistanceMiles: ENDLESS_MILES } } : job,
    ),
  );
  for (const [i, job] of jobs.entries()) {
    const result = await resultOf(streams, job);
    expect(result).toMatchObject(
      isEndless(i) ? { error: { code: 'RUN_TIMEOUT' } } : { state: 'SUCCEEDED', attempts: 1 },
    );
  }
  expect((await streams.state('SUSPECTS')).last_seq).toBe(0);
});

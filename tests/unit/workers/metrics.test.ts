/** What workers and trainers count of their events. */
import { expect, test } from 'vitest';
import { StepName } from '../../../src/contract/work.ts';
import { Metrics } from '../../../src/metrics/metrics.ts';
import { StepEvents } from '../../../workers/training/stepEvents.ts';
import { StepMetrics } from '../../../workers/training/stepMetrics.ts';
import { WorkerEvents } from '../../../workers/workerEvents.ts';
import { WorkerMetrics } from '../../../workers/workerMetrics.ts';

const VERSION = { model: 'churn', version: '1' };

async function samplesIn(metrics: Metrics): Promise<ReadonlyMap<string, number>> {
  const families = await metrics.read();
  return new Map(
    families.flatMap(({ samples }) => samples.map(({ series, value }) => [series, value] as const)),
  );
}

test('a worker counts the rows, the fill and the failures of its runs', async () => {
  const metrics = new Metrics();
  const events = new WorkerEvents();
  using _counting = new WorkerMetrics({
    metrics,
    events,
    versions: { models: [], loadedCount: 2 },
    refused: () => [{ model: 'churn', version: '2' }],
    hosts: { bytes: 1_000 },
    slots: { count: 4, busy: 1 },
    memoryMaxBytes: 0,
  });
  events.emit('loaded', { ...VERSION, tookMs: 500 });
  const ran = { ...VERSION, traces: () => [], attempt: 1, begunAt: 1 };
  const run = { formedAt: 1, startedAt: 2 };
  const full = { ...run, computeMs: 4, batchSize: 32 };
  const alone = { ...run, computeMs: 2, batchSize: 1 };
  events.emit('ran', { ...ran, run: full, maxRows: 128, errorCode: undefined });
  events.emit('ran', { ...ran, run: alone, maxRows: 1, errorCode: 'INFERENCE_FAILED' });
  events.emit('redelivered', VERSION);
  const samples = await samplesIn(metrics);
  expect(samples.get('tidings_batch_rows_sum{model="churn",version="1"}')).toBe(33);
  expect(samples.get('tidings_batch_fill_ratio_sum{model="churn",version="1"}')).toBe(1.25);
  expect(samples.get('tidings_batch_run_seconds_sum{model="churn",version="1"}')).toBeCloseTo(0.006);
  expect(samples.get('tidings_batch_runs_failed_total{model="churn",version="1"}')).toBe(1);
  expect(samples.get('tidings_redeliveries_total{model="churn",version="1"}')).toBe(1);
  // It is there before the first one, so that the first one is an increase.
  expect(samples.get('tidings_dead_letters_stored_total{model="churn",version="1"}')).toBe(0);
  expect(samples.get('tidings_refused_version_info{model="churn",version="2"}')).toBe(1);
  expect(samples.get('tidings_slots_busy')).toBe(1);
});

test('a trainer counts its steps by how they ended', async () => {
  const metrics = new Metrics();
  const events = new StepEvents();
  using _counting = new StepMetrics({ metrics, events });
  const step = { model: 'churn', step: StepName.Train, taskId: 'training-1' };
  events.emit('begun', step);
  expect((await samplesIn(metrics)).get('tidings_steps_running')).toBe(1);
  const tried = { job: step, attempt: 1, startedAt: 1_000, endedAt: 3_000 };
  events.emit('over', { ...tried, outcome: 'failed', errorCode: 'TRAINING_FAILED' });
  const samples = await samplesIn(metrics);
  expect(samples.get('tidings_steps_running')).toBe(0);
  expect(samples.get('tidings_steps_ended_total{model="churn",step="train",outcome="failed"}')).toBe(1);
  expect(samples.get('tidings_step_duration_seconds_sum{model="churn",step="train"}')).toBe(2);
});

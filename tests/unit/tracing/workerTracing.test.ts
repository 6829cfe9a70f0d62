import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { EndsPart, Run } from '../../../src/contract/messages/ends.ts';
import { traceparentOf } from '../../../src/contract/trace.ts';
import { newSpan, newTraceId } from '../../../src/tracing/spans.ts';
import { WorkerTracing } from '../../../src/tracing/workerTracing.ts';
import { type Collector, startCollector } from '../../support/collector.ts';
import { SILENT } from '../../support/models.ts';

const RUN: Run = { formedAt: 100, startedAt: 102, computeMs: 3, batchSize: 3 };
const NAMED = { model: 'churn', version: '2' };
let collector: Collector;
let tracing: WorkerTracing;

beforeEach(async () => {
  collector = await startCollector();
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', collector.url);
  const config = { tracesSampler: 'parentbased_traceidratio', tracesSamplerArg: 0 } as const;
  tracing = new WorkerTracing({ role: 'worker', id: 'worker-1', log: SILENT, config, now: () => 110 });
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await tracing[Symbol.asyncDispose]();
  await collector[Symbol.asyncDispose]();
});

function endsOf(traces: EndsPart['traces']): EndsPart {
  const rows = (traces ?? []).map((_, row) => row);
  const ended = { state: 'SUCCEEDED', finishedAt: 106, attempts: 1, modelVersion: '2' } as const;
  return { ...ended, rows, secrets: '', submittedAt: rows, run: RUN, traces };
}

test('the batch of tasks of several traces is in the first, and has links to all', async () => {
  const [first, second] = [newSpan(newTraceId()), newSpan(newTraceId())];
  const unwanted = { ...newSpan(newTraceId()), isSampled: false };
  const traces = [unwanted, first, second].map(traceparentOf);
  tracing.ran({
    ...NAMED,
    run: RUN,
    attempt: 1,
    begunAt: RUN.formedAt,
    traces: () => traces,
    errorCode: undefined,
  });
  tracing.stored({
    model: 'churn',
    part: endsOf([null, ...traces]),
    fieldsOf: (i) => ({ taskId: `task-${i}` }),
  });

  const ofFirst = await collector.traceWith(first.traceId, ['batch churn', 'run churn', 'result churn']);
  const [batch, run, result] = ofFirst;
  expect(batch).toMatchObject({ parentSpanId: first.spanId, links: [first.spanId, second.spanId] });
  expect(batch).toMatchObject({ startMs: 100, endMs: 105 });
  expect(run).toMatchObject({ parentSpanId: batch?.spanId, startMs: 102, endMs: 105 });
  expect(result).toMatchObject({ parentSpanId: batch?.spanId, startMs: 106, endMs: 110 });
  expect(result?.attributes).toMatchObject({ 'tidings.task.id': 'task-2' });
  const ofSecond = await collector.traceWith(second.traceId, ['result churn']);
  expect(ofSecond).toMatchObject([{ parentSpanId: second.spanId, links: [batch?.spanId] }]);
  expect(collector.spans.length).toBe(4);
});

test('a step of a training is in the trace of its request', async () => {
  const task = newSpan(newTraceId());
  const job = { v: 1, taskId: 'training-1', model: 'churn', owner: 'ada', submittedAt: 1, deadline: 2 };
  const step = { ...job, step: 'train', trace: traceparentOf(task) } as const;
  tracing.tried({ job: step, attempt: 2, startedAt: 100, endedAt: 110, errorCode: 'TRAINING_FAILED' });
  const spans = await collector.traceWith(task.traceId, ['step train']);
  expect(spans).toMatchObject([{ parentSpanId: task.spanId, isError: true, startMs: 100, endMs: 110 }]);
  expect(spans[0]?.attributes).toMatchObject({
    'error.type': 'TRAINING_FAILED',
    'tidings.step.attempt': '2',
  });
});

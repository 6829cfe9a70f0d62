import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ANONYMOUS } from '../../../src/contract/owner.ts';
import type { FinishedTask } from '../../../src/contract/task.ts';
import { traceparentOf } from '../../../src/contract/trace.ts';
import { TaskEvents } from '../../../src/tasks/taskEvents.ts';
import { GatewayTracing } from '../../../src/tracing/gatewayTracing.ts';
import { newSpan, newTraceId } from '../../../src/tracing/spans.ts';
import { type Collector, startCollector } from '../../support/collector.ts';
import { SILENT } from '../../support/models.ts';

const END = 1_000;
let collector: Collector;
let tracing: GatewayTracing;
let now: number;

beforeEach(async () => {
  collector = await startCollector();
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', collector.url);
  const config = { tracesSampler: 'parentbased_traceidratio', tracesSamplerArg: 0 } as const;
  now = END;
  tracing = new GatewayTracing({
    id: 'gateway-1',
    log: SILENT,
    config,
    events: new TaskEvents(),
    now: () => now,
  });
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await tracing[Symbol.asyncDispose]();
  await collector[Symbol.asyncDispose]();
});

/** Subscribes to a task that has ended, and reads all states. */
async function watch(task: FinishedTask): Promise<void> {
  const lists = tracing.followedLists({
    watchIds: async () =>
      (async function* () {
        yield { task };
      })(),
  } as unknown as Parameters<GatewayTracing['followedLists']>[0]);
  await Array.fromAsync(await lists.watchIds(...([] as unknown as Parameters<typeof lists.watchIds>)));
}

test('an end that is looked up later than 10 s after it makes the trace no longer', async () => {
  const [late, early] = [newSpan(newTraceId()), newSpan(newTraceId())];
  const task = { id: 'task-1', model: 'churn', modelVersion: '1', owner: ANONYMOUS, state: 'SUCCEEDED' };
  const endOf = (trace: string) => ({ ...task, finishedAt: END, trace }) as unknown as FinishedTask;
  now = END + 10_001;
  await watch(endOf(traceparentOf(late)));
  now = END + 10_000;
  await watch(endOf(traceparentOf(early)));
  await collector.traceWith(early.traceId, ['push churn']);
  expect(collector.spans.map(({ traceId }) => traceId)).toEqual([early.traceId]);
});

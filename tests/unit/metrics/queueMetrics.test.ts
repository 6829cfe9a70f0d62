import { expect, test, vi } from 'vitest';
import { Lane } from '../../../src/contract/subjects.ts';
import { Metrics } from '../../../src/metrics/metrics.ts';
import { addQueueMetrics, type LaneFigures } from '../../../src/metrics/queueMetrics.ts';

async function valuesOf(lane: Partial<LaneFigures>): Promise<Readonly<Record<string, number | undefined>>> {
  const metrics = new Metrics();
  const place = { model: 'churn', version: '1', lane: Lane.Bulk, isPaused: false };
  const figures = { waiting: 0, inHand: 0, backlogSeconds: undefined };
  addQueueMetrics({
    metrics,
    queues: { list: async () => [{ ...place, ...figures, ...lane }] },
    stores: [
      {
        stores: async () => [
          { name: 'ENDS', messages: 3, bytes: 50, maxBytes: 100, dropsOldest: false },
          { name: 'LOGS', messages: 9, bytes: 100, maxBytes: 100, dropsOldest: true },
        ],
      },
    ],
    workers: { list: () => [] },
    models: [],
  });
  const families = await metrics.read();
  return Object.fromEntries(
    families.flatMap(({ samples }) => samples.map(({ series, value }) => [series, value])),
  );
}

test('a backlog is told in seconds, unless it is not known', async () => {
  const backlog = 'tidings_queue_backlog_seconds{model="churn",version="1",lane="bulk"}';
  expect(await valuesOf({ backlogSeconds: 5 })).toMatchObject({ [backlog]: 5 });
  expect(await valuesOf({ backlogSeconds: undefined })).not.toHaveProperty([backlog]);
});

test('a stream that drops its oldest messages has no limit that it could reach', async () => {
  const values = await valuesOf({});
  expect(values).toMatchObject({
    'tidings_store_bytes{store="LOGS"}': 100,
    'tidings_store_max_bytes{store="ENDS"}': 100,
  });
  expect(values).not.toHaveProperty(['tidings_store_max_bytes{store="LOGS"}']);
});

test('the broker is asked once in five seconds, however often metrics are read', async () => {
  vi.useFakeTimers();
  try {
    const metrics = new Metrics();
    const list = vi.fn(async () => []);
    const stores = vi.fn(async () => []);
    addQueueMetrics({
      metrics,
      queues: { list },
      stores: [{ stores }],
      workers: { list: () => [] },
      models: [],
    });
    for (let second = 0; second < 10; second++) {
      await metrics.read();
      await vi.advanceTimersByTimeAsync(1_000);
    }
    expect([list.mock.calls.length, stores.mock.calls.length]).toEqual([2, 2]);
  } finally {
    vi.useRealTimers();
  }
});

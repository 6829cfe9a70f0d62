import { expect, test } from 'vitest';
import { Lane } from '../../../src/contract/subjects.ts';
import { Metrics } from '../../../src/metrics/metrics.ts';
import { addQueueMetrics, type LaneFigures } from '../../../src/metrics/queueMetrics.ts';

async function valuesOf(lane: Partial<LaneFigures>): Promise<Readonly<Record<string, number | undefined>>> {
  const metrics = new Metrics();
  const place = { model: 'churn', version: '1', lane: Lane.Bulk, isPaused: false };
  const figures = { waiting: 0, inHand: 0, endedPerSecond: undefined };
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
    families.flatMap(({ samples }) =>
      samples.map(({ name, labels, value }) => [
        `${name} ${labels.map(([, text]) => text).join(' ')}`,
        value,
      ]),
    ),
  );
}

test.each([
  ['nothing waits', { waiting: 0, endedPerSecond: undefined }, 0],
  ['ten wait and two end a second', { waiting: 10, endedPerSecond: 2 }, 5],
  ['some wait and none ends', { waiting: 1, endedPerSecond: 0 }, 300],
  ['some wait and the rate is not known', { waiting: 1, endedPerSecond: undefined }, 300],
  ['so many wait that all would expire', { waiting: 1e6, endedPerSecond: 1 }, 300],
])('if %s, the backlog is told in seconds', async (_what, lane, seconds) => {
  expect(await valuesOf(lane)).toMatchObject({ 'tidings_queue_backlog_seconds churn 1 bulk': seconds });
});

test('a stream that drops its oldest messages has no limit that it could reach', async () => {
  const values = await valuesOf({});
  expect(values).toMatchObject({ 'tidings_store_bytes LOGS': 100, 'tidings_store_max_bytes ENDS': 100 });
  expect(values).not.toHaveProperty(['tidings_store_max_bytes LOGS']);
});

/** The clocks of machines need not agree, since deadlines are in the broker's time. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { onlyTask, sse, submitTrip, TASK_RESULT } from '../support/client.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { tripNumber } from '../support/predictDirectly.ts';
import { type Gateway, startGateway, startWorker } from '../support/processes.ts';

const FIVE_MINUTES_MS = 300_000;
/** For times that are compared with this process's clock at another moment. It is far below the clocks' difference. */
const TOLERANCE_MS = 120_000;

let nats: NatsServer;
let exact: Gateway;

beforeAll(async () => {
  nats = await startNats();
  exact = await startGateway(nats);
});

afterAll(async () => {
  for (const started of [exact, nats]) await started?.[Symbol.asyncDispose]();
});

const skewed = (ms: number) => ({
  NODE_OPTIONS: `--import=${join(import.meta.dirname, '../support/clockSkew.js')}`,
  CLOCK_SKEW_MS: String(ms),
});

test.for([
  ['ahead', FIVE_MINUTES_MS, -FIVE_MINUTES_MS],
  ['behind', -FIVE_MINUTES_MS, FIVE_MINUTES_MS],
] as const)(
  'a gateway whose clock is 5 minutes %s, and a worker with the opposite offset, end tasks normally',
  async ([, gatewayMs, workerMs]) => {
    await using gateway = await startGateway(nats, skewed(gatewayMs));

    const short = await submitTrip(gateway.url, tripNumber(1), { timeoutMs: 500 });
    const expired = await onlyTask(sse(exact.url, TASK_RESULT, { id: short.id }));
    expect(expired).toMatchObject({ state: 'EXPIRED', error: { code: 'DEADLINE_EXCEEDED' } });
    expect(Date.parse(expired.finishedAt ?? '') - Date.parse(expired.submittedAt)).toBeGreaterThanOrEqual(
      500,
    );

    const waiting = await submitTrip(gateway.url, tripNumber(2), { timeoutMs: 200_000 });
    await using _worker = await startWorker(nats, skewed(workerMs));
    for (const { url } of [gateway, exact]) {
      const done = await onlyTask(sse(url, TASK_RESULT, { id: waiting.id }));
      expect(done).toMatchObject({ state: 'SUCCEEDED' });
      for (const instant of [done.submittedAt, done.startedAt, done.finishedAt])
        expect(Math.abs(Date.parse(instant ?? '') - Date.now())).toBeLessThan(TOLERANCE_MS);
      expect(done.timings?.queueMs).toBeLessThan(TOLERANCE_MS);
    }
  },
);

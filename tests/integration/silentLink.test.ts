/** Links that go silent without closing are noticed in seconds and recover by themselves, and nothing is lost. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { onlyTask, PREDICT_TRIP, post, sse, submitTrip, TASK_RESULT } from '../support/client.ts';
import { startNats } from '../support/natsServer.ts';
import { tripNumber } from '../support/predictDirectly.ts';
import { startGateway, startWorker } from '../support/processes.ts';
import { startProxy } from '../support/silentProxy.ts';
import { refusalIn } from '../support/transports.ts';

const SLOW_RUNS = {
  NODE_OPTIONS: `--import=${join(import.meta.dirname, '../support/slowRuns.js')}`,
  RUN_MS: '200',
};

test.concurrent('a gateway with a silent link refuses tasks and logs it, and delivers missed results when the link is back', async () => {
  await using nats = await startNats();
  await using link = await startProxy(nats);
  await using gateway = await startGateway(link);
  const { id } = await submitTrip(gateway.url, tripNumber(1), { timeoutMs: 60_000 });
  const waiting = onlyTask(sse(gateway.url, TASK_RESULT, { id }));

  link.goSilent();
  const refused = await post(gateway.url, PREDICT_TRIP, { input: tripNumber(2) });
  expect(refusalIn(refused).extensions.code).toBe('BROKER_UNAVAILABLE');
  await gateway.logged('connection to the broker lost');
  await using worker = await startWorker(nats, { LOG_LEVEL: 'debug' });
  await worker.logged(id);

  link.resume();
  expect(await waiting).toMatchObject({ id, state: 'SUCCEEDED' });
  const next = await submitTrip(gateway.url, tripNumber(3));
  expect(await onlyTask(sse(gateway.url, TASK_RESULT, { id: next.id }))).toMatchObject({
    state: 'SUCCEEDED',
  });
});

test.concurrent('another worker runs the jobs of a worker with a silent link, which serves again when the link is back', async () => {
  await using nats = await startNats();
  await using link = await startProxy(nats);
  await using gateway = await startGateway(nats);
  await using silent = await startWorker(link, SLOW_RUNS);
  const finished = (tasks: readonly { id: string }[]) =>
    Promise.all(tasks.map(({ id }) => onlyTask(sse(gateway.url, TASK_RESULT, { id }))));
  const submit = (count: number) =>
    Promise.all(Array.from({ length: count }, (_, i) => submitTrip(gateway.url, tripNumber(i))));

  const first = await submit(100);
  link.goSilent();
  const [other] = await Promise.all([startWorker(nats), silent.logged('connection to the broker lost')]);
  for (const { state } of await finished(first)) expect(state).toBe('SUCCEEDED');

  await other[Symbol.asyncDispose]();
  const second = await submit(20);
  link.resume();
  for (const { state } of await finished(second)) expect(state).toBe('SUCCEEDED');
});

test.concurrent('a worker asks for jobs again if its pull requests are lost on a link that still answers pings', async () => {
  await using nats = await startNats();
  await using link = await startProxy(nats);
  await using gateway = await startGateway(nats);
  await using worker = await startWorker(link);
  const { id: first } = await submitTrip(gateway.url, tripNumber(0));
  await onlyTask(sse(gateway.url, TASK_RESULT, { id: first }));
  link.goDeaf();
  // More jobs than the worker's credit. All that it asked for are sent, and lost on the link.
  const tasks = await Promise.all(
    Array.from({ length: 200 }, (_, i) => submitTrip(gateway.url, tripNumber(i))),
  );
  await worker.logged('asking for jobs again');
  link.resume();
  for (const { id } of tasks) {
    expect(await onlyTask(sse(gateway.url, TASK_RESULT, { id }))).toMatchObject({ state: 'SUCCEEDED' });
  }
  expect(worker.output()).not.toContain('connection to the broker lost');
});

test.concurrent('a task runs although the only request of an idle worker was lost', async () => {
  await using nats = await startNats();
  await using link = await startProxy(nats);
  await using gateway = await startGateway(nats);
  const lost = link.lose(/v1_interactive \S+ \d+\r\n\{"batch":1,"expires":60000000000\}/);
  await using _worker = await startWorker(link);
  await lost;
  // Less than the time after which the worker itself takes its request for lost.
  const { id } = await submitTrip(gateway.url, tripNumber(1), { timeoutMs: 40_000 });
  expect(await onlyTask(sse(gateway.url, TASK_RESULT, { id }))).toMatchObject({ state: 'SUCCEEDED' });
});

/** What others than ours wrote to the broker, or newer ones of ours: it harms no batch but its own, and no process. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseTaskId } from '../../src/task.ts';
import { submitTrip } from '../support/client.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { tripNumber } from '../support/predictDirectly.ts';
import { type Gateway, startGateway } from '../support/processes.ts';
import { eventually, inspectStreams, type StreamInspector } from '../support/streams.ts';

let nats: NatsServer;
let gateway: Gateway;
let streams: StreamInspector;

beforeAll(async () => {
  nats = await startNats();
  gateway = await startGateway(nats);
  streams = await inspectStreams(nats);
});

afterAll(async () => {
  for (const started of [streams, gateway, nats]) await started?.[Symbol.asyncDispose]();
});

const NEWER = JSON.stringify({ v: 2 });

test('a task that cannot be ended holds up none that is due later, is told of once, and is come back to', async () => {
  const [first, second] = [
    (await submitTrip(gateway.url, tripNumber(1), { timeoutMs: 100 })).id,
    (await submitTrip(gateway.url, tripNumber(2), { timeoutMs: 2_000 })).id,
  ];
  const subject = `results.${parseTaskId(first)?.home}.${first}`;
  await streams.publish(subject, NEWER);
  await eventually(
    () => streams.last('RESULTS', `results.*.${second}`),
    (result) => result?.state === 'EXPIRED',
  );
  await streams.purge('RESULTS', subject);
  await eventually(
    () => streams.last('RESULTS', subject),
    (result) => result?.state === 'EXPIRED',
  );
  expect(gateway.output().match(/"an overdue task could not be expired, trying again"/g)).toHaveLength(1);
});

/** A worker that is written from docs/protocol.md, "A worker", and does not use our code. */
import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { connect, createInbox, headers, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { expect, test } from 'vitest';
import { fieldOf, onlyTask, post, sse, submitTrip, TASK_RESULT } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { startNats } from '../support/natsServer.ts';
import { tripNumber } from '../support/predictDirectly.ts';
import { startGateway } from '../support/processes.ts';

const ID = 'worker-of-another-house';
const WORKERS = '{ health { workers { id models { modelName provider executionProvider } } } }';
const SERVED = { modelName: 'trip-duration', provider: 'OTHER', executionProvider: 'abacus' };
const SECOND_NS = 1_000_000_000;

test('a foreign worker announces itself, takes a job, and its result reaches the subscriber', async () => {
  await using nats = await startNats();
  await using gateway = await startGateway(nats);
  const connection = await connect({ servers: nats.url });
  await using leaving = new AsyncDisposableStack();
  leaving.defer(() => connection.close());
  const presence = serve(connection, { model: 'trip-duration', version: '1', minutes: 42 });
  leaving.defer(() => clearInterval(presence));
  await eventually(
    async () => fieldOf<{ workers: { id: string; models: object[] }[] }>(await post(gateway.url, WORKERS)),
    ({ workers }) => workers.some(({ id, models }) => id === ID && isDeepStrictEqual(models, [SERVED])),
  );
  const { id } = await submitTrip(gateway.url, tripNumber(1), { modelVersion: '1' });
  expect(await onlyTask(sse(gateway.url, TASK_RESULT, { id }))).toMatchObject({
    id,
    state: 'SUCCEEDED',
    attempts: 1,
    timings: { batchSize: 1 },
    prediction: { durationMinutes: 42 },
  });
  // The job has left its queue: the broker has no job to deliver.
  await eventually(
    async () =>
      (await connection.request('$JS.API.STREAM.INFO.JOBS_trip-duration')).json<{
        state: { messages: number };
      }>(),
    ({ state }) => state.messages === 0,
  );
});

/**
 * Answers each task of the lane `interactive` with the same number.
 *
 * @returns the timer that announces its presence.
 */
function serve(
  connection: NatsConnection,
  { model, version, minutes }: { model: string; version: string; minutes: number },
): NodeJS.Timeout {
  const presence = {
    id: ID,
    startedAt: Date.now(),
    reads: 2,
    models: [{ model, version, executionProvider: 'abacus' }],
  };
  const announce = () => connection.publish('workers.presence', JSON.stringify(presence));
  connection.subscribe('workers.ask', { callback: announce });
  announce();
  const timer = setInterval(announce, 1_000);

  const inbox = createInbox();
  const pull = () =>
    connection.publish(
      `$JS.API.CONSUMER.MSG.NEXT.JOBS_${model}.v${version}_interactive`,
      JSON.stringify({ batch: 1, expires: 5 * SECOND_NS, idle_heartbeat: SECOND_NS }),
      { reply: inbox },
    );
  connection.subscribe(inbox, {
    callback: (_problem, message) => {
      if (message.headers === undefined || message.headers.code === 0) void answer(message);
      else if (message.headers.code !== 100) pull();
    },
  });
  pull();
  return timer;

  async function answer(message: Msg): Promise<void> {
    const bundle = message.json<{ rows: number[]; secrets: string; submittedAt: number[]; owner: string }>();
    const [, , , , second, name = ''] = message.subject.split('.');
    const [home, digits = ''] = name.split('_');
    const owner = createHash('sha256').update(bundle.owner).digest('hex').slice(0, 16);
    const slot = Math.floor(Number.parseInt(digits.slice(0, 12), 16) / 100_000);
    const now = Date.now();
    const run = { formedAt: now, startedAt: now, computeMs: 0, batchSize: bundle.rows.length };
    const part = {
      ...{ rows: bundle.rows, secrets: bundle.secrets, submittedAt: bundle.submittedAt },
      ...{ modelVersion: version, state: 'SUCCEEDED', finishedAt: now, attempts: 1, run },
      columns: { durationMinutes: bundle.rows.map(() => minutes) },
    };
    const ends = { v: 2, model, second: Number(second), owner: bundle.owner, parts: [part] };
    // No end of the bundle may be stored yet.
    const first = headers();
    first.set('Nats-Expected-Last-Subject-Sequence', '0');
    await connection.request(`ends.${owner}.${slot}.${home}.${name}`, JSON.stringify(ends), {
      headers: first,
      timeout: 2_000,
    });
    message.respond('+ACK');
    pull();
  }
}

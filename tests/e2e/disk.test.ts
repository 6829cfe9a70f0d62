/** A broker that cannot write or forbids a subject: the API gives the reason, and recovers with the broker. */
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { onlyTask, PREDICT_TRIP, post, sse, submitTrip, TASK_RESULT, taskIn } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { tripNumber } from '../support/predictDirectly.ts';
import { type Gateway, startGateway, startProcess, startWorker } from '../support/processes.ts';
import { canMountDisks, mountSmallDisk } from '../support/smallDisk.ts';

const run = promisify(execFile);

/** Makes every write of the process to a file fail (EFBIG), as on a disk that is full or read-only. */
const refuseWrites = ({ pid }: NatsServer) => run('prlimit', ['--pid', String(pid), '--fsize=0:']);
const allowWrites = ({ pid }: NatsServer) => run('prlimit', ['--pid', String(pid), '--fsize=unlimited:']);

const submit = ({ url }: Gateway, trip: number) => post(url, PREDICT_TRIP, { input: tripNumber(trip) });

/** Submits a trip until it is accepted, and waits for its end. */
async function predictAgain(gateway: Gateway, trip: number) {
  const accepted = await eventually(
    () => submit(gateway, trip),
    ({ errors }) => errors === undefined,
  );
  return onlyTask(sse(gateway.url, TASK_RESULT, { id: taskIn(accepted, 'predictTrip').id }));
}

// The tests run at the same time, since they mostly wait for a broker that does not answer.
describe.runIf(process.platform === 'linux')('a disk that refuses writes', { concurrent: true }, () => {
  test('leads to BROKER_UNAVAILABLE, and accepted tasks end once the broker can write again', async () => {
    await using nats = await startNats();
    await using gateway = await startGateway(nats);
    const waiting = await submitTrip(gateway.url, tripNumber(1));
    await refuseWrites(nats);
    const { errors } = await submit(gateway, 2);
    expect(errors).toMatchObject([
      {
        message: expect.stringMatching(/broker did not confirm.*did not answer/),
        extensions: { code: 'BROKER_UNAVAILABLE', retryAfterMs: expect.any(Number) },
      },
    ]);
    // A nats-server that could not write tries again only after a restart.
    await allowWrites(nats);
    await nats.restart();
    await using _worker = await startWorker(nats);
    expect(await onlyTask(sse(gateway.url, TASK_RESULT, { id: waiting.id }))).toMatchObject({
      state: 'SUCCEEDED',
    });
    expect(await predictAgain(gateway, 3)).toMatchObject({ state: 'SUCCEEDED' });
  });

  test('makes a starting gateway wait, with the reason in its log', async () => {
    await using nats = await startNats();
    await refuseWrites(nats);
    await using starting = startProcess('src/main.ts', { NATS_URL: nats.url, PORT: '0' });
    await starting.logged('waiting for the broker to serve its streams');
    await allowWrites(nats);
    await starting.ready;
  });
});

async function ready({ url }: Gateway): Promise<{ readonly status: number; readonly text: string }> {
  const response = await fetch(url.replace('/graphql', '/ready'));
  return { status: response.status, text: await response.text() };
}

describe.runIf(canMountDisks)('a full disk that gets space again', { concurrent: true }, () => {
  test('makes a gateway unready with the reason, until its foreign broker is restarted', async () => {
    await using disk = await mountSmallDisk(64);
    await using nats = await startNats({ dataDir: join(disk.path, 'nats') });
    await using gateway = await startGateway(nats);
    await using _worker = await startWorker(nats);
    expect(await ready(gateway)).toMatchObject({ status: 200 });
    disk.fill();
    expect(
      await eventually(
        () => ready(gateway),
        ({ status }) => status !== 200,
      ),
    ).toMatchObject({
      status: 503,
      text: expect.stringMatching(/The broker does not store .*disk is full, or was full.*STORE_FULL/),
    });
    const { errors } = await eventually(
      () => submit(gateway, 1),
      (answer) => answer.errors !== undefined,
    );
    expect(errors).toMatchObject([{ extensions: { code: 'BROKER_UNAVAILABLE', retryAfterMs: 1_000 } }]);
    disk.makeRoom();
    // The stream that failed keeps failing, although there is space.
    expect(await submit(gateway, 2)).toMatchObject({
      errors: [{ message: expect.stringContaining('disk is full'), extensions: { retryAfterMs: 1_000 } }],
    });
    expect(await ready(gateway)).toMatchObject({
      status: 503,
      text: expect.stringContaining('stream JOBS_trip-duration'),
    });
    await nats.restart();
    expect(await predictAgain(gateway, 3)).toMatchObject({ state: 'SUCCEEDED' });
    expect(
      await eventually(
        () => ready(gateway),
        ({ status }) => status === 200,
      ),
    ).toBeDefined();
  });
});

test.concurrent('a subject that the broker forbids is named in the refusal, until it is allowed', async () => {
  const rules = (publish: string) =>
    `authorization { users: [{ user: tidings, password: secret, permissions: { publish: ${publish}, subscribe: ">" } }] }\n`;
  await using nats = await startNats({ config: rules('{ deny: ["jobs.>"] }') });
  const broker = { url: nats.url.replace('//', '//tidings:secret@') };
  await using gateway = await startGateway(broker);
  await using _worker = await startWorker(broker);
  const { errors } = await submit(gateway, 1);
  expect(errors).toMatchObject([
    {
      message: expect.stringMatching(/Permissions Violation for Publish to "jobs\.trip-duration\./),
      extensions: { code: 'BROKER_UNAVAILABLE' },
    },
  ]);
  // The subject ends with the task's id, which must stay secret.
  expect(errors?.[0]?.message).not.toMatch(/[0-9a-f]{24}/);
  expect(gateway.output()).toContain('Permissions Violation');
  const configFile = join(nats.dataDir, 'nats-server.conf');
  const config = await readFile(configFile, 'utf8');
  await writeFile(configFile, config.replace(rules('{ deny: ["jobs.>"] }'), rules('">"')));
  process.kill(nats.pid, 'SIGHUP');
  expect(await predictAgain(gateway, 2)).toMatchObject({ state: 'SUCCEEDED' });
});

/** Workers: credit, broken jobs, broken models, and problems with their configuration. */
import { createHash } from 'node:crypto';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encodeBundle } from '../../src/contract/messages/bundle.ts';
import { subjects } from '../../src/contract/subjects.ts';
import { unnamedTaskId } from '../../src/contract/taskId.ts';
import { eventually } from '../support/eventually.ts';
import { bundleOfOne, openTestBroker, queueJobs, resultOf, storedEnd, tripJob } from '../support/jobs.ts';
import { modelsWith } from '../support/models.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { type Process, startProcess, startWorker } from '../support/processes.ts';
import { inspectStreams, type StreamInspector } from '../support/streams.ts';

const CREDIT = 2 * 64;
const JOBS = 800;
const SLOW_RUNS = {
  NODE_OPTIONS: `--import=${join(import.meta.dirname, '../support/slowRuns.js')}`,
  RUN_MS: '500',
};

let nats: NatsServer;
/** Of the tests that need no worker of their own. */
let worker: Process;

beforeAll(async () => {
  nats = await startNats();
  worker = await startWorker(nats, { EXECUTION_PROVIDERS: 'cuda,cpu' });
});

afterAll(async () => {
  await worker?.[Symbol.asyncDispose]();
  await nats?.[Symbol.asyncDispose]();
});

test('two workers share 800 waiting jobs, and neither holds more than its credit', async () => {
  await using own = await startNats();
  await using broker = await openTestBroker(own);
  await using streams = await inspectStreams(own);
  await queueJobs(
    broker,
    Array.from({ length: JOBS }, (_, i) => tripJob(broker, i, 300_000)),
  );

  // So slow that jobs still wait when the second one is ready.
  const env = { LOG_LEVEL: 'debug', ...SLOW_RUNS };
  const [first, second] = await Promise.all([startWorker(own, env), startWorker(own, env)]);
  await using _first = first;
  await using _second = second;
  let mostHeld = 0;
  await eventually(
    () => streams.consumer('JOBS_trip-duration', 'v1_interactive'),
    ({ num_ack_pending, num_pending }) => {
      mostHeld = Math.max(mostHeld, num_ack_pending);
      return num_ack_pending + num_pending === 0;
    },
  );
  expect(mostHeld).toBeGreaterThan(0);
  expect(mostHeld).toBeLessThanOrEqual(2 * CREDIT);
  expect(await streams.ended()).toHaveLength(JOBS);
  expect((await streams.state('JOBS_trip-duration')).messages).toBe(0);
  for (const each of [first, second]) expect(each.output()).toContain('task finished');
});

describe('a job that cannot be run', () => {
  test('leaves the queue as a dead letter if it cannot be read, and others are not affected', async () => {
    await using broker = await openTestBroker(nats);
    await using streams = await inspectStreams(nats);
    const good = tripJob(broker, 1);
    const broken: [string, string][] = [
      ['{"v":2,', 'not JSON'],
      ['[]', 'must be a JSON object'],
      ['{}', 'v must be the message version 2'],
      [encodeBundle(bundleOfOne(good)).replace('"count":1', '"count":2'), 'secrets must be'],
      [JSON.stringify(good), 'taskId must be'],
    ];
    for (const [i, [body, reason]] of broken.entries()) {
      const subject = subjects.job(bundleOfOne(tripJob(broker, 2 + i)));
      await streams.publish(subject, body);
      const taskId = unnamedTaskId('trip-duration', digestOf(subject + body));
      const letter = await eventually(
        () => streams.last('DEAD', `dead.trip-duration.${taskId}`),
        (found) => found !== undefined,
      );
      expect(letter).toMatchObject({ taskId, code: 'MALFORMED_JOB', subject, attempts: 1 });
      expect(String(letter?.reason)).toContain(reason);
    }
    await queueJobs(broker, [good]);
    expect(await resultOf(streams, good)).toMatchObject({ state: 'SUCCEEDED' });
    await queueIsEmpty(streams);
  });

  test('is kept in part if it is larger than a dead letter can be', async () => {
    await using broker = await openTestBroker(nats);
    await using streams = await inspectStreams(nats);
    const subject = subjects.job(bundleOfOne(tripJob(broker, 7)));
    const body = 'x'.repeat(900_000);
    await streams.publish(subject, body);
    const taskId = unnamedTaskId('trip-duration', digestOf(subject + body));
    const letter = await eventually(
      () => streams.last('DEAD', `dead.trip-duration.${taskId}`),
      (found) => found !== undefined,
    );
    expect(String(letter?.job).length).toBeGreaterThan(500_000);
    expect(worker.output()).not.toContain('Error');
  });

  test('waits for a newer worker if its message version is newer', async () => {
    await using broker = await openTestBroker(nats);
    await using streams = await inspectStreams(nats);
    const job = tripJob(broker, 1);
    const bundle = bundleOfOne(job);
    const subject = subjects.job(bundle);
    await streams.publish(subject, encodeBundle(bundle).replace('"v":2', '"v":99'));
    const consumer = await eventually(
      () => streams.consumer('JOBS_trip-duration', 'v1_interactive'),
      ({ num_redelivered }) => num_redelivered > 0,
    );
    expect(consumer.num_redelivered).toBe(1);
    expect(await storedEnd(streams, job)).toBeUndefined();
    expect(await streams.last('DEAD', `dead.trip-duration.${job.taskId}`)).toBeUndefined();
    await streams.purge('JOBS_trip-duration', subject);
  });

  test('expires without a run if its deadline has passed', async () => {
    await using broker = await openTestBroker(nats);
    await using streams = await inspectStreams(nats);
    const due = tripJob(broker, 1, -1_000);
    const job = { ...due, submittedAt: due.deadline - 1_000 };
    await queueJobs(broker, [job]);
    expect(await resultOf(streams, job)).toMatchObject({
      state: 'EXPIRED',
      attempts: 0,
      error: { code: 'DEADLINE_EXCEEDED' },
    });
    await queueIsEmpty(streams);
  });
});

describe('a worker that has nothing to serve names what it refuses, and ends with exit code 78', () => {
  const wrongMinutes = (text: string) => {
    const golden = JSON.parse(text);
    golden.rows[0].output.durationMinutes += 1;
    return JSON.stringify(golden);
  };
  const noMinutes = (text: string) => {
    const golden = JSON.parse(text);
    golden.rows[0].output = {};
    return JSON.stringify(golden);
  };
  const refusals: [string, readonly string[], (folder: string) => Promise<void>][] = [
    [
      'versions with a corrupt model.onnx, with other answers than their golden rows, and with a golden row without output',
      [
        'version 1 is refused: ',
        'must have the SHA-256 of its version.json',
        'version 2 is refused: ',
        'golden.json wants durationMinutes',
        'version 3 is refused: ',
        'golden.json must give durationMinutes for',
      ],
      async (folder) => {
        for (const version of ['2', '3'])
          await cp(join(folder, '1'), join(folder, version), { recursive: true });
        await corrupt(join(folder, '1/model.onnx'));
        await edit(join(folder, '2/golden.json'), wrongMinutes);
        await edit(join(folder, '3/golden.json'), noMinutes);
      },
    ],
    [
      'a version whose manifest names a type and a tensor that the graph does not have',
      [
        "the manifest's input tripDistanceMiles is trip_distance float64[N], the graph has trip_distance float32[",
        "the manifest's output durationMinutes is minutes float32[N], the graph has only duration float32[",
      ],
      (folder) =>
        edit(join(folder, 'model.json'), (text) =>
          text
            .replace(/("tensor": "trip_distance",\s*"type": )"float32"/, '$1"float64"')
            .replace('"tensor": "duration"', '"tensor": "minutes"'),
        ),
    ],
    [
      'a manifest that breaks its schema',
      ['model.json: /batching/maxBatchSize must be >= 1'],
      (folder) =>
        edit(join(folder, 'model.json'), (text) => text.replace(/"maxBatchSize": \d+/, '"maxBatchSize": 0')),
    ],
  ];

  test.for(refusals)('%s', async ([, messages, spoil]) => {
    await using models = await modelsWith();
    await spoil(models.model);
    await using refused = startProcess('workers/main.ts', { NATS_URL: nats.url, MODELS_DIR: models.path });
    expect(await refused.ended).toBe(78);
    for (const message of ['trip-duration', ...messages]) expect(refused.output()).toContain(message);
  });
});

test.each([
  ['that are new', false],
  ['that are there and grow', true],
])(
  'streams %s and do not fit into the store of a foreign broker are refused with their total size',
  async (_what, exist) => {
    await using own = await startNats();
    if (exist) await (await openTestBroker(own))[Symbol.asyncDispose]();
    await using gateway = startProcess('src/main.ts', {
      NATS_URL: own.url,
      PORT: '0',
      RESULT_MAX_BYTES: String(10 ** 12),
    });
    expect(await gateway.ended).toBe(78);
    expect(gateway.output()).toMatch(
      /must have room for 1636 GiB \(JOBS_trip-duration 128 MiB \+ ENDS 931 GiB \+ REQUESTS 233 GiB \+ CHUNKS 466 GiB \+ /,
    );
  },
);

test('STREAM_REPLICAS above 1 is refused for a single nats-server', async () => {
  await using refused = startProcess('workers/main.ts', { NATS_URL: nats.url, STREAM_REPLICAS: '3' });
  expect(await refused.ended).toBe(78);
  expect(refused.output()).toContain('STREAM_REPLICAS must be 1 with a single nats-server, got 3');
});

test('an execution provider that is not available is skipped, and the reason is logged', async () => {
  const output = await eventually(
    () => worker.output(),
    (text) => text.includes('"executionProvider":"cpu"'),
  );
  expect(output).toContain('execution provider passed over');
});

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

async function queueIsEmpty(streams: StreamInspector): Promise<void> {
  await eventually(
    () => streams.state('JOBS_trip-duration'),
    ({ messages }) => messages === 0,
  );
}

async function corrupt(file: string): Promise<void> {
  const bytes = await readFile(file);
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 0xff;
  await writeFile(file, bytes);
}

async function edit(file: string, change: (text: string) => string): Promise<void> {
  const before = await readFile(file, 'utf8');
  const after = change(before);
  if (after === before) throw new Error(`${file} was not changed`);
  await writeFile(file, after);
}

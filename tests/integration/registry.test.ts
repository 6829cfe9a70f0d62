/** The registry at a real broker: numbers, two that register at once, one that comes late, and what is swept. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { blobOf } from '../../src/contract/blob.ts';
import { type NewVersion, registerVersion } from '../../src/registry/register.ts';
import { RegistrySweep } from '../../src/registry/registrySweep.ts';
import { dropRetired } from '../../src/registry/retiredConsumers.ts';
import { retireVersion } from '../../src/registry/retirement.ts';
import { type Broker, openTestBroker } from '../support/jobs.ts';
import { modelOf } from '../support/madeModels.ts';
import { type ModelsFolder, modelsWith, SILENT } from '../support/models.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { newVersion } from '../support/registry.ts';
import { inspectStreams, type StreamInspector } from '../support/streams.ts';

const HOUR_MS = 3_600_000;

let nats: NatsServer;
let streams: StreamInspector;
let models: ModelsFolder;
/** Those of two processes. */
let broker: Broker;
let other: Broker;

beforeAll(async () => {
  [nats, models] = await Promise.all([startNats(), modelsWith()]);
  [broker, other] = await Promise.all([openTestBroker(nats), openTestBroker(nats)]);
  streams = await inspectStreams(nats);
});

afterAll(async () => {
  for (const opened of [streams, broker, other, models, nats]) await opened?.[Symbol.asyncDispose]();
});

function register(by: Broker, version: NewVersion, wanted?: string) {
  const { versions, artifacts } = by;
  return registerVersion(
    version,
    { versions, artifacts, modelsDir: models.path, signingKey: undefined },
    wanted,
  );
}

async function numbersOf(model: string): Promise<readonly string[]> {
  const { versions } = await broker.versions.read();
  return versions.flatMap((each) => (each.model === model ? each.version : []));
}

async function presentOf(model: string): Promise<readonly string[]> {
  const { versions } = await broker.versions.read();
  return versions.flatMap((each) => (each.model === model && each.retired === undefined ? each.version : []));
}

test('a version gets the number after the highest of folders and registry, retired ones included', async () => {
  const model = 'numbered';
  await mkdir(join(models.path, model, '7'), { recursive: true });
  const first = await register(broker, await newVersion(broker, model, { weights: 'one' }));
  expect(first).toMatchObject({ isNew: true, record: { version: '8' } });
  await retireVersion(broker, { model, version: '8', by: 'local' });
  const second = await register(other, await newVersion(broker, model, { weights: 'one' }));
  expect(second).toMatchObject({ isNew: true, record: { version: '9' } });
});

test('after the highest number that there is, a version needs one that is free', async () => {
  const model = 'numbered-last';
  await register(broker, await newVersion(broker, model, { weights: 'last' }), '999999999');
  const version = await newVersion(broker, model, { weights: 'one more' });
  await expect(register(broker, version)).rejects.toThrow('no number is left after numbered-last/999999999');
  expect(await register(broker, version, '6')).toMatchObject({ isNew: true, record: { version: '6' } });
});

test('of many that register at once, other weights get numbers of their own, and equal weights one', async () => {
  const model = 'raced';
  const all = await Promise.all(
    Array.from({ length: 20 }, async (_, i) =>
      register(
        i % 2 === 0 ? broker : other,
        await newVersion(broker, model, { weights: `weights ${i % 5}`, taskId: `task ${i}` }),
      ),
    ),
  );
  expect(all.filter(({ isNew }) => isNew)).toHaveLength(5);
  expect(await numbersOf(model)).toEqual(['1', '2', '3', '4', '5']);
});

test('a trainer that finishes late finds the version of its task, also if it has other weights', async () => {
  const model = 'late';
  const taskId = 'the task';
  const first = await register(
    broker,
    await newVersion(broker, model, { weights: 'of the second try', taskId }),
  );
  await register(broker, await newVersion(broker, model, { weights: 'of another task', taskId: 'another' }));
  const late = await register(
    other,
    await newVersion(broker, model, { weights: 'of the first try', taskId }),
  );
  expect(late).toEqual({ isNew: false, record: first.record });
  expect(await numbersOf(model)).toEqual(['1', '2']);
});

test('two tries of one task that end at the same time are one version', async () => {
  const model = 'twice';
  const tries = Array.from({ length: 12 }, async (_, i) =>
    register(
      i % 2 === 0 ? broker : other,
      await newVersion(broker, model, { weights: `of try ${i}`, taskId: `task ${i % 3}` }),
    ),
  );
  const versions = (await Promise.all(tries)).map(({ record }) => record.version);
  expect(new Set(versions)).toEqual(new Set(['1', '2', '3']));
  expect(await numbersOf(model)).toEqual(['1', '2', '3']);
});

test('a version that is pushed keeps its number, which no other version and no retired one gets again', async () => {
  const model = 'pushed';
  const version = await newVersion(broker, model, { weights: 'five' });
  expect(await register(broker, version, '5')).toMatchObject({ isNew: true, record: { version: '5' } });
  expect(await register(other, version, '5')).toMatchObject({ isNew: false, record: { version: '5' } });
  const another = await newVersion(broker, model, { weights: 'another five' });
  await expect(register(other, another, '5')).rejects.toThrow(
    'pushed/5 is in the registry already, and has other weights',
  );
  await retireVersion(broker, { model, version: '5', by: 'local' });
  await expect(register(other, version, '5')).rejects.toThrow('is retired, and its number is not used again');
});

test('a version is not registered while one of its files is no whole artifact', async () => {
  const model = 'partial';
  const version = await newVersion(broker, model, { weights: 'there' });
  const file = { path: 'model.onnx', sha256: 'ab'.repeat(32), bytes: 5 };
  await expect(register(broker, { ...version, files: [...version.files, file] })).rejects.toThrow(
    'model.onnx must be an artifact of 5 bytes',
  );
  expect(await numbersOf(model)).toEqual([]);
});

test('a record that cannot be read takes its number, and harms no other version', async () => {
  const model = 'damaged';
  await streams.publish(`versions.${model}.3.record`, '{"v":1,"model":');
  const { record } = await register(broker, await newVersion(broker, model, { weights: 'good' }));
  expect(record.version).toBe('4');
  await streams.publish(`versions.${model}.4.retired`, 'nothing that can be read');
  const { versions } = await broker.versions.read();
  const ours = versions.filter((each) => each.model === model);
  expect(ours).toMatchObject([
    { version: '3', record: undefined },
    { version: '4', retired: { by: 'unknown' } },
  ]);
});

test('a version that the rollout names is not retired, and a version can be retired twice', async () => {
  const model = 'named';
  const { record } = await register(broker, await newVersion(broker, model, { weights: 'named' }));
  const weights = [{ version: record.version, percent: 100 }];
  const rollout = { v: 1, weights, ranges: [[record.version, 0, 10_000]] as const, setAt: broker.now() };
  await broker.rollouts.store(model, rollout, { revision: 0, record: undefined });
  const retirement = { model, version: record.version, by: 'local' };
  await expect(retireVersion(broker, retirement)).rejects.toMatchObject({ code: 'VERSION_IN_USE' });
  const { revision } = await broker.rollouts.read(model);
  await broker.rollouts.store(
    model,
    { ...rollout, weights: [], ranges: [] },
    { revision, record: undefined },
  );
  await retireVersion(broker, retirement);
  await retireVersion(other, retirement);
  await expect(retireVersion(broker, { ...retirement, version: '77' })).rejects.toMatchObject({
    code: 'BAD_USER_INPUT',
  });
  await expect(retireVersion(broker, { ...retirement, version: '77', inFolder: true })).rejects.toMatchObject(
    {
      message: expect.stringContaining('remove the folder named/77 instead'),
    },
  );
});

test('sweeps of several gateways retire old versions once, and leave those that had a share', async () => {
  const model = 'outdated';
  for (const weights of ['a', 'b', 'c', 'd', 'e'])
    await register(broker, await newVersion(broker, model, { weights }));
  const [first = ''] = await numbersOf(model);
  const rollout = {
    v: 1,
    weights: [{ version: first, percent: 100 }],
    ranges: [[first, 0, 10_000]] as const,
    setAt: 1,
  };
  await broker.rollouts.store(model, rollout, { revision: 0, record: undefined });
  await Promise.all([broker, other].map((each) => sweepOf(each).sweepVersions()));
  const present = await presentOf(model);
  expect(present).toHaveLength(3);
  expect(present[0]).toBe(first);
});

test('a sweep retires no version of a model whose rollout cannot be read, such as one of a newer gateway', async () => {
  const model = 'unreadable';
  for (const weights of ['a', 'b', 'c', 'd'])
    await register(broker, await newVersion(broker, model, { weights }));
  const present = await presentOf(model);
  const { revision } = await broker.rollouts.read(model);
  const unreadable = { v: 1, weights: [], ranges: [['1', 0, 5_000]] as const, setAt: 1 };
  await broker.rollouts.store(model, unreadable, { revision, record: undefined });
  await sweepOf(broker).sweepVersions();
  expect(await presentOf(model)).toEqual(present);
});

test('the consumers of a retired version are deleted when no task can wait for it', async () => {
  const model = 'trip-duration';
  const { record } = await register(broker, await newVersion(broker, model, { weights: 'consumed' }));
  const { version } = record;
  await broker.ensureVersion(model, version);
  await retireVersion(broker, { model, version, by: 'local' });
  const models = [
    { ...modelOf('Any', 'numbers', 1), manifest: { ...modelOf('Any', 'numbers', 1).manifest, name: model } },
  ];
  await dropRetired(broker, models);
  expect(await broker.queuedVersions(model)).toContain(version);
  await dropRetired(at(broker, HOUR_MS), models);
  expect(await broker.queuedVersions(model)).not.toContain(version);
});

test('artifacts that no record names are removed after a day, and those of retired versions', async () => {
  const model = 'swept';
  const kept = await register(broker, await newVersion(broker, model, { weights: 'kept' }));
  const retired = await register(broker, await newVersion(broker, model, { weights: 'retired' }));
  await retireVersion(broker, { model, version: retired.record.version, by: 'local' });
  const { digest, content } = blobOf(Buffer.from('named by nothing'));
  await broker.artifacts.put(digest, content);
  const data = blobOf(Buffer.from('rows'));
  await broker.artifacts.put(data.digest, data.content);
  await streams.publish(
    'steps.the-task.prepare',
    JSON.stringify({ output: { files: [{ sha256: data.digest }] } }),
  );

  await sweepOf(broker).sweepArtifacts();
  expect(await broker.artifacts.has(digest)).toBe(true);
  await sweepOf(broker, 25 * HOUR_MS).sweepArtifacts();
  expect(await broker.artifacts.has(digest)).toBe(false);
  expect(await broker.artifacts.has(retired.record.sha256)).toBe(false);
  expect(await broker.artifacts.has(kept.record.sha256)).toBe(true);
  expect(await broker.artifacts.has(data.digest)).toBe(true);
});

/** The broker as it is later. */
function at(open: Broker, laterMs: number) {
  return {
    versions: open.versions,
    rollouts: open.rollouts,
    now: () => open.now() + laterMs,
    dropVersion: (model: string, version: string) => open.dropVersion(model, version),
    queuedVersions: (model: string) => open.queuedVersions(model),
    namedArtifacts: () => open.namedArtifacts(),
  };
}

function sweepOf(open: Broker, laterMs = 0): RegistrySweep {
  return new RegistrySweep({
    broker: at(open, laterMs),
    artifacts: open.artifacts,
    models: [modelOf('Outdated', 'numbers', 1), modelOf('Unreadable', 'numbers', 1)],
    keep: 2,
    log: SILENT,
  });
}

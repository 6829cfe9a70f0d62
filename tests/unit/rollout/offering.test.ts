/** Which version answers, whatever folders and workers there are. */
import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import type { WorkerPresence } from '../../../src/contract/messages/presence.ts';
import { BUCKETS, type BucketRange, type Weight } from '../../../src/contract/rollout.ts';
import type { Model, ModelVersion } from '../../../src/models/models.ts';
import { Offering } from '../../../src/rollout/offering.ts';

const HALVES: readonly BucketRange[] = [
  ['1', 0, BUCKETS / 2],
  ['2', BUCKETS / 2, BUCKETS],
];

function record(version: string): ModelVersion {
  return { version, folder: version, sha256: version, created: '2026-01-01', trainedOn: [], metrics: [] };
}

/** A gateway's view of a model `m`. */
function openOffering({
  folders = ['1', '2'],
  ranges = [] as readonly BucketRange[],
  weights = [] as readonly Weight[],
  manifest = {},
} = {}) {
  const view = {
    model: {
      manifest: { name: 'm', ...manifest },
      versions: folders.map(record),
      unreadable: [],
    } as unknown as Model & {
      versions: readonly ModelVersion[];
    },
    workers: [] as WorkerPresence[],
    ensured: [] as string[],
    log: [] as object[],
    hear: (_presence: WorkerPresence) => {},
  };
  const offering = new Offering({
    broker: { ensureVersion: async (_model, version) => void view.ensured.push(version) },
    models: [view.model],
    workers: {
      list: () => view.workers,
      onPresence: (listener) => {
        view.hear = listener;
        return { [Symbol.dispose]: () => {} };
      },
    },
    rollouts: { of: () => (ranges.length === 0 ? undefined : { weights, ranges }) },
    log: pino({ base: null }, { write: (line) => void view.log.push(JSON.parse(line)) }),
  });
  return {
    offering,
    view,
    /** Each change of what is there makes a new list, as the catalog's does. */
    setFolders: (versions: readonly string[]) => {
      view.model.versions = versions.map(record);
    },
    /** What the workers of now serve, and what each of them refuses (as an older one tells it), and finishes. */
    setWorkers: (
      serving: readonly string[],
      refusing: readonly string[] = [],
      leaving: readonly string[] = [],
    ) => {
      view.workers = serving.map((version, i) => ({
        id: `w${i}`,
        startedAt: 0,
        reads: 2,
        models:
          version === '' ? [] : [{ model: 'm', version, executionProvider: 'cpu', finishedLastMinute: 3 }],
        refused: refusing.map((refused) => ({
          model: 'm',
          version: refused,
          reason: "broken: 'a.onnx'",
        })),
        leaving: leaving.map((version) => ({ model: 'm', version })),
      }));
      // The look of a moment ago is not to be used.
      view.model.versions = [...view.model.versions];
    },
    [Symbol.dispose]: () => offering[Symbol.dispose](),
  };
}

describe('without a rollout', () => {
  test('the newest version that a live worker serves answers', () => {
    using gateway = openOffering();
    gateway.setWorkers(['1']);
    expect(gateway.offering.defaultVersion(gateway.view.model)).toBe('1');
    gateway.setWorkers(['1', '2']);
    expect(gateway.offering.defaultVersion(gateway.view.model)).toBe('2');
  });

  test('before any worker lives, the newest answers', () => {
    using gateway = openOffering();
    expect(gateway.offering.defaultVersion(gateway.view.model)).toBe('2');
  });

  test('a new version that workers refuse gets no tasks', () => {
    using gateway = openOffering();
    gateway.setWorkers([''], ['2']);
    expect(gateway.offering.defaultVersion(gateway.view.model)).toBe('1');
  });

  test('while all workers are away, the newest that was served goes on answering', () => {
    using gateway = openOffering();
    gateway.setWorkers(['1']);
    expect(gateway.offering.defaultVersion(gateway.view.model)).toBe('1');
    gateway.setWorkers([]);
    expect(gateway.offering.defaultVersion(gateway.view.model)).toBe('1');
  });

  test('a version without its folder answers no tasks any more, though workers serve it', () => {
    using gateway = openOffering();
    gateway.setWorkers(['1', '2']);
    gateway.offering.versionsChanged(gateway.view.model);
    gateway.setFolders(['1']);
    expect(gateway.offering.defaultVersion(gateway.view.model)).toBe('1');
    expect(gateway.offering.offers(gateway.view.model, '2')).toBe(false);
    expect(gateway.offering.versions(gateway.view.model).map(({ state }) => state)).toEqual([
      'SERVED',
      'LEAVING',
    ]);
  });

  test('a version that leaves is shown until no worker works on its queue', () => {
    using gateway = openOffering();
    gateway.setWorkers(['1', '2']);
    gateway.offering.versionsChanged(gateway.view.model);
    gateway.setFolders(['1']);
    gateway.setWorkers(['1'], [], ['2']);
    expect(gateway.offering.versions(gateway.view.model)).toMatchObject([
      { state: 'SERVED', liveWorkers: 1 },
      { state: 'LEAVING', liveWorkers: 1 },
    ]);
    gateway.setFolders(['1', '2']);
    expect(gateway.offering.isAvailable(gateway.view.model, '2')).toBe(false);
    gateway.setFolders(['1']);
    gateway.setWorkers(['1']);
    expect(gateway.offering.versions(gateway.view.model)).toHaveLength(1);
  });

  test('a version that appears answers after this gateway has made sure of its consumer', async () => {
    using gateway = openOffering({ folders: ['1'] });
    gateway.setFolders(['1', '2']);
    gateway.setWorkers(['1', '2']);
    expect(gateway.offering.defaultVersion(gateway.view.model)).toBe('1');
    gateway.offering.versionsChanged(gateway.view.model);
    await Promise.resolve();
    expect(gateway.view.ensured).toEqual(['2']);
    expect(gateway.offering.defaultVersion(gateway.view.model)).toBe('2');
  });

  test('a task for a model without a version that answers is refused, and the refusal tells what to do', () => {
    using gateway = openOffering({ folders: [] });
    const { model } = gateway.view;
    expect(() => gateway.offering.choose(model, {})).toThrow('holds none that can be read');
    using untrained = openOffering({ folders: [], manifest: { training: {} } });
    expect(() => untrained.offering.choose(untrained.view.model, {})).toThrow('trainModel makes one');
    model.versions = [{ ...record('1'), registered: {} as ModelVersion['registered'] }];
    expect(() => gateway.offering.choose(model, {})).toThrow('(1) answer once setRollout names them');
  });
});

describe('with a rollout', () => {
  test('the version that the bucket belongs to answers', () => {
    using gateway = openOffering({ ranges: HALVES });
    gateway.setWorkers(['1', '2']);
    expect(gateway.offering.versionAt(gateway.view.model, 0)).toBe('1');
    expect(gateway.offering.versionAt(gateway.view.model, BUCKETS - 1)).toBe('2');
  });

  test('the others stand in for one that no worker serves', () => {
    using gateway = openOffering({ ranges: HALVES });
    gateway.setWorkers(['1']);
    expect(gateway.offering.versionAt(gateway.view.model, BUCKETS - 1)).toBe('1');
  });

  test('a version with another model in its folder does not have the share of the former', () => {
    const weights = [
      { version: '1', percent: 50 },
      { version: '2', percent: 50, digest: 'that of before' },
    ];
    using gateway = openOffering({ ranges: HALVES, weights });
    gateway.setWorkers(['1', '2']);
    expect(gateway.offering.versionAt(gateway.view.model, BUCKETS - 1)).toBe('1');
    weights[1] = { version: '2', percent: 50, digest: '2' };
    expect(gateway.offering.versionAt(gateway.view.model, BUCKETS - 1)).toBe('2');
  });

  test('a version without a share gets no tasks, though it is the only served one', () => {
    using gateway = openOffering({ ranges: [['1', 0, BUCKETS]] });
    gateway.setWorkers(['2']);
    expect(gateway.offering.versionAt(gateway.view.model, 5)).toBe('1');
  });

  test('and all its versions gone, the newest version answers', () => {
    using gateway = openOffering({ ranges: [['3', 0, BUCKETS]] });
    gateway.setWorkers(['1', '2']);
    expect(gateway.offering.versionAt(gateway.view.model, 5)).toBe('2');
  });

  test('an affinity key always goes to the same bucket, and a pinned task has no bucket', () => {
    using gateway = openOffering({ ranges: HALVES });
    gateway.setWorkers(['1', '2']);
    const { model } = gateway.view;
    const once = gateway.offering.choose(model, { affinityKey: 'anna' });
    expect(gateway.offering.choose(model, { affinityKey: 'anna' })).toEqual(once);
    expect(gateway.offering.choose(model, { modelVersion: '1', affinityKey: 'anna' })).toEqual({
      version: '1',
      bucket: undefined,
    });
  });
});

test('the first task for a version without a worker is logged, and the next ones are not', () => {
  using gateway = openOffering();
  const { model, log } = gateway.view;
  gateway.setWorkers(['2']);
  gateway.offering.choose(model, {});
  expect(log).toEqual([]);
  for (let i = 0; i < 3; i++) gateway.offering.choose(model, { modelVersion: '1' });
  expect(log).toMatchObject([
    { model: 'm', version: '1', msg: 'tasks wait for a version that no live worker serves' },
  ]);
});

test('the log tells once that an older version answers since no worker serves the newest, unless one refuses it', () => {
  using refused = openOffering();
  refused.setWorkers(['1'], ['2']);
  refused.offering.choose(refused.view.model, {});
  expect(refused.view.log).toEqual([]);
  using gateway = openOffering();
  gateway.setWorkers(['1']);
  for (let i = 0; i < 3; i++) gateway.offering.choose(gateway.view.model, {});
  expect(gateway.view.log).toMatchObject([
    { version: '1', newest: '2', msg: 'an older version answers: no worker serves the newest' },
  ]);
});

test('the refusal of a pinned version names the versions that can be had, and why a refused one cannot', () => {
  using gateway = openOffering({ folders: ['1', '2', '3'] });
  gateway.setWorkers(['1'], ['3']);
  const pin = (modelVersion: string) => () => gateway.offering.choose(gateway.view.model, { modelVersion });
  for (const version of ['4', 'x'.repeat(1_000)])
    expect(pin(version)).toThrow(
      /modelVersion must be a version of m that can be had \(1, 2\), got "[4x]*"$/,
    );
  expect(pin('3')).toThrow(/\(1, 2\), got "3" \(a worker refuses it: broken: 'a.onnx'\)$/);
});

test('each version is shown with its workers and the reason of a refusal', () => {
  using gateway = openOffering({ folders: ['1', '2', '3'] });
  gateway.setWorkers(['1', '1'], ['3']);
  expect(gateway.offering.versions(gateway.view.model)).toMatchObject([
    { record: { version: '1' }, state: 'SERVED', liveWorkers: 2, finishedLastMinute: 6, refusal: undefined },
    { record: { version: '2' }, state: 'WAITING', liveWorkers: 0, finishedLastMinute: 0 },
    { record: { version: '3' }, state: 'REFUSED', refusal: "broken: 'a.onnx'" },
  ]);
});

test('a worker of an older Tidings serves no version, and the log and each refusal say that it must be upgraded', () => {
  using gateway = openOffering();
  const { offering, view } = gateway;
  gateway.setWorkers(['2', '1']);
  const [newer, older] = view.workers;
  if (newer === undefined || older === undefined) throw new Error('there are two workers');
  view.workers = [newer, { ...older, reads: undefined }];
  const why = 'w1 of an older Tidings cannot read the jobs of this gateway: upgrade it';
  expect(offering.versions(view.model)).toMatchObject([
    { state: 'REFUSED', liveWorkers: 0, refusal: `the worker ${why}` },
    { state: 'SERVED', liveWorkers: 1 },
  ]);
  for (const modelVersion of ['1', '2', undefined])
    expect(() => offering.choose(view.model, { modelVersion })).toThrow(
      `No task of m is accepted now: the worker ${why}, or stop it.`,
    );
  for (let i = 0; i < 3; i++) for (const presence of view.workers) view.hear(presence);
  expect(view.log).toMatchObject([
    { worker: 'w1', msg: 'a worker of an older Tidings cannot read the jobs of this gateway: upgrade it' },
  ]);
  gateway.setWorkers(['2', '1']);
  expect(offering.versions(view.model)).toMatchObject([{ state: 'SERVED' }, { state: 'SERVED' }]);
});

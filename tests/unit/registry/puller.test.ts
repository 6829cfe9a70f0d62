/** What a process makes of the registry: with a real catalogue, and a registry that the test writes. */
import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { RegisteredVersion } from '../../../src/broker/broker.ts';
import type { VersionRecord } from '../../../src/contract/messages/versionRecord.ts';
import { Catalog } from '../../../src/models/catalog.ts';
import { Puller, type PullerOptions } from '../../../src/registry/puller.ts';
import { recordOnly } from '../../../src/registry/recordOnly.ts';
import { eventually } from '../../support/eventually.ts';
import { addConstantVersion, modelsWith, SILENT } from '../../support/models.ts';

const MODEL = 'trip-duration';
const AN_HOUR_MS = 3_600_000;

function recordOf(version: string): VersionRecord {
  const sha256 = version.padStart(64, '0');
  return {
    ...{
      v: 1,
      model: MODEL,
      version,
      sha256,
      created: 1,
      owner: 'local',
      metrics: [],
      gates: [],
      profile: [],
    },
    files: [{ path: 'version.json', sha256, bytes: 1 }],
  };
}

class Registry {
  #tell = () => {};
  #versions: readonly RegisteredVersion[] = [];
  readonly broker: PullerOptions['broker'];

  constructor() {
    const deaf = { [Symbol.dispose]: () => {} };
    this.broker = {
      now: () => AN_HOUR_MS,
      onConnectionChange: () => deaf,
      versions: {
        read: async () => ({ versions: this.#versions, lastSequence: 0 }),
        listen: (listener) => {
          this.#tell = listener;
          return deaf;
        },
      },
    };
  }

  set(...versions: readonly (string | { readonly retired: string; readonly at: number })[]): void {
    this.#versions = versions.map((each) => {
      const version = typeof each === 'string' ? each : each.retired;
      const retired = typeof each === 'string' ? undefined : { v: 1, retiredAt: each.at, by: 'local' };
      return { model: MODEL, version, record: recordOf(version), retired };
    });
    this.#tell();
  }
}

async function openBench(options: Partial<PullerOptions> = {}) {
  const stack = new AsyncDisposableStack();
  const models = stack.use(await modelsWith());
  const catalog = stack.use(await Catalog.open(models.path, SILENT));
  const registry = new Registry();
  const bring: PullerOptions['bring'] = async (record, here) => here ?? recordOnly(record);
  const puller = stack.use(new Puller({ broker: registry.broker, catalog, bring, log: SILENT, ...options }));
  const present = () => catalog.models[0]?.versions.map(({ version }) => version) ?? [];
  return {
    ...{ models, catalog, registry, puller, present },
    /** Resolves once the catalogue has these versions. */
    shows: (...wanted: readonly string[]) =>
      eventually(present, (versions) => versions.join() === wanted.join()),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

test('versions come beside the folders, and go when they are retired', async () => {
  await using bench = await openBench();
  bench.registry.set('2', '3');
  await bench.shows('1', '2', '3');
  bench.registry.set({ retired: '2', at: AN_HOUR_MS }, '3');
  await bench.shows('1', '3');
});

test('a version whose record is lost with its stream stays', async () => {
  await using bench = await openBench();
  bench.registry.set('2');
  await bench.shows('1', '2');
  bench.registry.set('3');
  await bench.shows('1', '2', '3');
});

test('a version that cannot come is refused with the reason, and the others come', async () => {
  const broken = new Set(['3']);
  let changes = 0;
  await using bench = await openBench({
    bring: async (record, here) => {
      if (broken.has(record.version)) throw new Error('its file is gone');
      return here ?? recordOnly(record);
    },
    onChange: () => changes++,
  });
  bench.registry.set('2', '3', '4');
  await bench.shows('1', '2', '4');
  expect(bench.puller.refused).toEqual([
    {
      model: MODEL,
      version: '3',
      reason: 'version 3 of the registry cannot be brought here: its file is gone',
    },
  ]);
  broken.clear();
  bench.registry.set('2', '3', '4');
  await bench.shows('1', '2', '3', '4');
  expect(bench.puller.refused).toEqual([]);
  expect(changes).toBe(2);
});

test('a folder of MODELS_DIR counts before a version of the registry with the same number, which is refused', async () => {
  await using bench = await openBench();
  await addConstantVersion(bench.models, '2', 42);
  using _watching = bench.catalog.watch(() => {});
  await bench.shows('1', '2');
  bench.registry.set('2', '3');
  await bench.shows('1', '2', '3');
  const [, second] = bench.catalog.models[0]?.versions ?? [];
  expect(second?.registered).toBeUndefined();
  expect(bench.puller.refused).toMatchObject([
    { version: '2', reason: expect.stringContaining('MODELS_DIR has a folder of that number') },
  ]);
});

test('the files of a retired version go only when no task can wait for it', async () => {
  const removed: string[] = [];
  await using bench = await openBench({ remove: async (_model, version) => void removed.push(version) });
  bench.registry.set({ retired: '2', at: AN_HOUR_MS - 1_000 }, { retired: '3', at: 0 }, '4');
  await bench.shows('1', '4');
  await turn();
  expect(removed).toEqual(['3']);
});

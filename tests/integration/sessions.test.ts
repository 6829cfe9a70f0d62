/** Sessions that move between shared processes and processes of their own, with real processes and models. */
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Catalog } from '../../src/models/catalog.ts';
import type { Manifest } from '../../src/models/manifest.ts';
import { Hosts } from '../../workers/hosts.ts';
import { decodeBatch } from '../../workers/runtimes/onnx/decoder.ts';
import { encodeBatch } from '../../workers/runtimes/onnx/encoder.ts';
import { SessionCrashed } from '../../workers/runtimes/sessionProcess.ts';
import { Session } from '../../workers/session.ts';
import { SessionMemory } from '../../workers/sessionMemory.ts';
import { WorkerEvents } from '../../workers/workerEvents.ts';
import { SILENT, writeAddingModel } from '../support/models.ts';
import { pidOf } from '../support/processTable.ts';

/** All sessions share one process, unless they must not. */
let open: (name: string) => Promise<Opened>;
let opened: AsyncDisposableStack;

interface Opened {
  readonly session: Session;
  readonly manifest: Manifest;
  /** Runs one row, and gives the answer. */
  predict(x: number, options?: { readonly alone: boolean }): Promise<unknown>;
}

beforeEach(async () => {
  opened = new AsyncDisposableStack();
  const folder = opened.use(await mkdtempDisposable(`${tmpdir()}/tidings-models-`));
  for (const [i, name] of ['one', 'two', 'three'].entries()) await writeAddingModel(folder.path, name, i + 1);
  const { models } = opened.use(await Catalog.open(folder.path, SILENT));
  const hosts = opened.use(
    new Hosts({
      sharedMax: 1,
      isolates: false,
      maxMib: 0,
      givesBack: false,
      onMeasured: () => {},
      log: SILENT,
    }),
  );
  const memory = new SessionMemory({ loading: 'eager', limitMib: 0, bytes: () => hosts.bytes });
  const { signal } = new AbortController();
  open = async (name) => {
    const { manifest, versions } = models.find((model) => model.manifest.name === name) ?? {};
    if (manifest === undefined || versions?.[0] === undefined)
      throw new Error(`there must be a model ${name}`);
    const session = opened.use(
      await Session.open({
        manifest,
        version: versions[0],
        executionProviders: ['cpu'],
        cudaVisibleDevices: undefined,
        threads: 1,
        hosts,
        events: new WorkerEvents(),
        memory,
        log: SILENT,
        signal,
      }),
    );
    const predict: Opened['predict'] = async (x, options) => {
      using held = await session.hold(options);
      const run = encodeBatch(manifest, [{ x }]);
      const { outputs } = await held.run(run.columns);
      const [prediction] = decodeBatch(manifest, { outputs }, run);
      return (prediction as Record<string, unknown>).y;
    };
    return { session, manifest, predict };
  };
});
afterEach(async () => {
  vi.useRealTimers();
  await opened[Symbol.asyncDispose]();
});

test('small versions share a process, and each gives its own answers there', async () => {
  const [one, two, three] = await Promise.all(['one', 'two', 'three'].map(open));
  expect(new Set([one, two, three].map((each) => each?.session.sharedHost)).size).toBe(1);
  const answers = await Promise.all([one, two, three].map((each) => each?.predict(10)));
  expect(answers).toEqual([11, 12, 13]);
});

test('a suspect row has a process of its own, and its version shares one again after a minute without suspects', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const [one, two] = [await open('one'), await open('two')];
  const shared = two.session.sharedHost;
  expect(one.session.sharedHost).toBe(shared);

  expect(await one.predict(1, { alone: true })).toBe(2);
  expect(one.session.sharedHost).toBeUndefined();
  expect(await one.predict(2)).toBe(3);
  expect(one.session.sharedHost).toBeUndefined();

  vi.advanceTimersByTime(60_000);
  await vi.waitUntil(() => one.session.sharedHost !== undefined);
  expect(one.session.sharedHost).toBe(shared);
  expect(await Promise.all([one.predict(3), two.predict(3)])).toEqual([4, 5]);
});

test('when a process dies in a run, the run that was handed over ahead succeeds in the next process', async () => {
  const { session, manifest } = await open('one');
  const pid = pidOf(session.sharedHost);
  using held = await session.hold();
  process.kill(pid, 'SIGSTOP');
  const runs = [1, 2].map((x, i) => held.run(encodeBatch(manifest, [{ x }]).columns, { ahead: i > 0 }));
  const outcomes = Promise.allSettled(runs);
  process.kill(pid, 'SIGKILL');
  const [present, ahead] = await outcomes;
  expect(present).toMatchObject({ status: 'rejected', reason: expect.any(SessionCrashed) });
  expect(ahead).toMatchObject({ status: 'fulfilled' });
  expect(session.sharedHost?.pid).not.toBe(pid);
});

test('when a shared process is killed, runs that had not begun succeed in the next one', async () => {
  const [one, two] = [await open('one'), await open('two')];
  const killed = one.session.sharedHost;
  const runs = Array.from({ length: 20 }, (_, i) => [one.predict(i), two.predict(i)]).flat();
  process.kill(pidOf(killed), 'SIGKILL');
  const outcomes = await Promise.allSettled(runs);
  // The run that was under way is to blame.
  expect(outcomes.filter(({ status }) => status === 'rejected').length).toBeLessThanOrEqual(1);
  expect(await Promise.all([one.predict(1), two.predict(1)])).toEqual([2, 3]);
  expect(two.session.sharedHost).not.toBe(killed);
});

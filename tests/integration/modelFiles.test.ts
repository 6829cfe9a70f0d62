/** Harmful model files: versions are refused, and runs that want too much memory fail alone. */
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempDisposable, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { post } from '../support/client.ts';
import {
  addingGraph,
  hungryGraph,
  writeAddingModel,
  writeNumberModel,
  writeNumberVersion,
} from '../support/models.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { externalTensor, message } from '../support/onnxFiles.ts';
import { COMPILED, type Gateway, startGateway, startProcess, startWorker } from '../support/processes.ts';

const ROOT = join(import.meta.dirname, '../..');
const VERSIONS = '{ models { versions { version state reason } } }';
const PREDICT = `mutation ($x: Float!) {
  predictHungry(input: { x: $x }, options: { waitMs: 30000, modelVersion: "1" }) { state error { code } }
}`;

let nats: NatsServer;
let gateway: Gateway;
const opened = new AsyncDisposableStack();

beforeAll(async () => {
  nats = opened.use(await startNats());
  const folder = opened.use(await mkdtempDisposable(join(tmpdir(), 'tidings-models-')));
  const version = (name: string) => join(folder.path, 'hungry', name);
  await writeNumberModel(folder.path, 'hungry');
  await writeNumberVersion(version('1'), hungryGraph(), [{ x: 1, y: 1 }]);
  await writeNumberVersion(version('2'), hungryGraph(), [{ x: 2800, y: 2800 }]);
  const elsewhere = message(7, message(5, externalTensor('w', '../../1/weights.bin')));
  await writeNumberVersion(version('3'), Buffer.concat([addingGraph(0), elsewhere]), [{ x: 1, y: 1 }]);
  await writeNumberVersion(version('4'), addingGraph(0), [{ x: 1, y: 1 }]);
  await rm(join(version('4'), 'model.onnx'));
  execFileSync('mkfifo', [join(version('4'), 'model.onnx')]);
  await writeNumberVersion(version('5'), addingGraph(0), [{ x: 1, y: 1 }]);
  await rm(join(version('5'), 'golden.json'));
  await writeNumberVersion(version('6'), addingGraph(0), [{ x: 1, y: 1 }]);
  await writeFile(join(version('6'), 'golden.json'), '{ "tolerance": 0, "rows": [null] }');

  const env = { MODELS_DIR: folder.path, SESSION_MAX_MIB: '300' };
  opened.use(await startWorker(nats, env));
  gateway = opened.use(await startGateway(nats, env));
});

afterAll(() => opened[Symbol.asyncDispose]());

describe('a refused version has a reason without a path of the machine', () => {
  test.for<[name: string, what: string, reason: string]>([
    [
      '2',
      'whose golden rows need more memory than a session may take',
      'SESSION_MAX_MIB allows a process 300 MiB',
    ],
    ['3', 'that has weights in another file', 'hungry/3/model.onnx: it keeps weights in another file'],
    ['4', 'whose model is a pipe', 'hungry/4/model.onnx: it must be a regular file, got a named pipe'],
    ['5', 'without golden rows', 'hungry/5/golden.json must be a readable JSON file: ENOENT'],
    ['6', 'with a malformed golden row', 'hungry/6/golden.json must hold rows of the shape'],
  ])('for version %s, %s', async ([name, , reason]) => {
    const { data } = await post(gateway.url, VERSIONS, {});
    const { models } = data as unknown as { models: { versions: { version: string; reason: string }[] }[] };
    const found = models[0]?.versions.find(({ version }) => version === name);
    expect(found).toMatchObject({ state: 'REFUSED', reason: expect.stringContaining(reason) });
    expect(found?.reason).not.toMatch(/(?<![\w.])\//);
  });
});

test('a run that needs more memory than a session may use fails alone', async () => {
  const rows = [1, 2, 2_800, 3, 4];
  const answers = await Promise.all(rows.map((x) => post(gateway.url, PREDICT, { x })));
  expect(answers.map(({ data }) => data?.predictHungry?.state)).toEqual(
    rows.map((x) => (x === 2_800 ? 'FAILED' : 'SUCCEEDED')),
  );
  expect(answers[2]?.data?.predictHungry?.error?.code).toBe('INFERENCE_FAILED');
});

test('the size of a session is the most memory that its golden rows used, not what it keeps afterwards', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'tidings-models-'));
  await writeNumberModel(folder.path, 'hungry', { maxBatchSize: 1 });
  // The largest row is neither the first nor in the full batch.
  const golden = [1, 500, 1].map((x) => ({ x, y: x }));
  await writeNumberVersion(join(folder.path, 'hungry/1'), hungryGraph(), golden);
  await using worker = startProcess('workers/main.ts', {
    NATS_URL: nats.url,
    MODELS_DIR: folder.path,
    SESSION_MEMORY_MIB: '400',
  });
  expect(await worker.ended).toBe(78);
  expect(worker.output()).toMatch(/it takes [5-7]\d\d MiB, all .*, where SESSION_MEMORY_MIB allows 400 MiB/);
});

test('a file that is replaced after its digest was taken is not served', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'tidings-models-'));
  await writeAddingModel(folder.path, 'adding', 1);
  const other = join(folder.path, 'other.onnx');
  await writeFile(other, addingGraph(2));
  const { stdout } = await promisify(execFile)(process.execPath, ['src/cli/model.ts', 'check', 'adding'], {
    cwd: ROOT,
    env: {
      PATH: process.env.PATH,
      ...COMPILED,
      MODELS_DIR: folder.path,
      SWAP_FOR: other,
      NODE_OPTIONS: `--import=${join(import.meta.dirname, '../support/swapFile.js')}`,
    },
  });
  expect(stdout).toMatch(/^1 .* ok$/m);
});

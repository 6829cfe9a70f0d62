/** Versions that are code: what a bad program does harms its own rows only, and their clients are told. */
import { mkdir, mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeCodeVersion } from '../support/codeModels.ts';
import { eventually } from '../support/eventually.ts';
import {
  ANSWERS_ANOTHER_ID,
  ANSWERS_TOO_MUCH,
  ANSWERS_WRONG_ROWS,
  ANSWERS_WRONG_TYPE,
  DIES,
  FAILS,
  FLOODS,
  HANGS,
  LEAVES_CHILDREN,
  TAKES_MEMORY,
  WRITES_NO_FRAME,
  WRITES_NO_JSON,
} from '../support/hostileNumbers.js';
import { type Broker, type Job, jobFor, openTestBroker, queueJobs, resultOf } from '../support/jobs.ts';
import { writeNumberModel } from '../support/models.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { COMPILED, type Process, ROOT, startWorker } from '../support/processes.ts';
import { isRunning } from '../support/processTable.ts';
import { inspectStreams, type StreamInspector } from '../support/streams.ts';

const SUPPORT = join(import.meta.dirname, '../support');
const SECRET = 'a-secret-of-operators';
let stack: AsyncDisposableStack;
let modelsDir: string;
let nats: NatsServer;
let broker: Broker;
let streams: StreamInspector;
let worker: Process;

/** A predictor that adds 1, and raises at 5. */
const PYTHON = `import os
import helper
class Predictor:
    def load(self, folder):
        print("loaded in", folder == os.getcwd())
    def predict(self, columns):
        values = [float(x) for x in columns["x"]]
        if 5 in values:
            open("/nowhere/at/all.txt")
        if 6 in values:
            return {"y": [float(len([name for name in os.environ if "secret" in os.environ[name]]))] * len(values)}
        return {"y": [helper.add(x) for x in values]}
`;
/** One that tells at 6 whether the folder of compiled modules is not one in its own. */
const NODE = `import { isAbsolute } from 'node:path';
export class Predictor {
  predict({ x }) {
    if (x.data.includes(5)) throw new RangeError('five is too much');
    if (x.data.includes(6)) return { y: x.data.map(() => Number(isAbsolute(process.env.NODE_COMPILE_CACHE))) };
    return { y: x.data.map((value) => value + 1) };
  }
}
`;

/** Add 1 to tensors. */
const TENSOR_VERSIONS = {
  tensorsnake: {
    code: { runtime: 'python', entry: 'predictor.py:Predictor' },
    files: {
      'predictor.py': `class Predictor:
    def predict(self, columns):
        return {"y": [[[x + 1 for x in row] for row in matrix] for matrix in columns["x"]]}
`,
    },
  },
  tensorscript: {
    code: { runtime: 'node', entry: 'predictor.mjs:Predictor' },
    files: {
      'predictor.mjs': `export class Predictor {
  predict({ x }) {
    return { y: { data: x.data.map((value) => value + 1), shape: x.shape } };
  }
}
`,
    },
  },
} as const;

beforeAll(async () => {
  stack = new AsyncDisposableStack();
  modelsDir = stack.use(await mkdtempDisposable(join(tmpdir(), 'tidings-models-'))).path;
  await writeNumberModel(modelsDir, 'hostile', { limits: { runTimeoutMs: 5_000 } });
  const hostile = await readFile(join(SUPPORT, 'hostileServe.js'), 'utf8');
  const numbers = await readFile(join(SUPPORT, 'hostileNumbers.js'), 'utf8');
  await writeCodeVersion({
    folder: join(modelsDir, 'hostile/1'),
    code: { runtime: 'command', command: [process.execPath, './serve.mjs'] },
    files: { 'serve.mjs': hostile, 'hostileNumbers.js': numbers },
  });
  const golden = [{ input: { x: 1 }, output: { y: 2 } }];
  await writeNumberModel(modelsDir, 'snake');
  await writeCodeVersion({
    folder: join(modelsDir, 'snake/1'),
    code: { runtime: 'python', entry: 'predictor.py:Predictor' },
    files: { 'predictor.py': PYTHON, 'helper.py': 'def add(x):\n    return x + 1\n' },
    golden,
  });
  await writeNumberModel(modelsDir, 'script');
  await writeCodeVersion({
    folder: join(modelsDir, 'script/1'),
    code: { runtime: 'node', entry: 'predictor.js:Predictor' },
    files: { 'predictor.js': NODE, 'package.json': '{ "type": "module" }' },
    golden,
  });
  await writeNumberModel(modelsDir, 'broken');
  await writeCodeVersion({
    folder: join(modelsDir, 'broken/1'),
    code: { runtime: 'command', command: ['./serve'] },
    files: { serve: '#!/bin/sh\necho no such library >&2; exit 3\n' },
  });
  for (const [name, tensorVersion] of Object.entries(TENSOR_VERSIONS)) {
    await writeTensorModel(name);
    const x = { shape: [2, 1], values: [1, 2] };
    const y = { shape: [2, 1], values: [2, 3] };
    await writeCodeVersion({
      folder: join(modelsDir, name, '1'),
      ...tensorVersion,
      golden: [{ input: { x }, output: { y } }],
    });
  }
  nats = stack.use(await startNats());
  const env = { MODELS_DIR: modelsDir, NODE_COMPILE_CACHE: relative(ROOT, COMPILED.NODE_COMPILE_CACHE) };
  broker = stack.use(await openTestBroker(nats, env));
  streams = stack.use(await inspectStreams(nats));
  worker = stack.use(await startWorker(nats, { ...env, SESSION_MAX_MIB: '600', OPERATOR_TOKEN: SECRET }));
});
afterAll(() => stack.disposeAsync());

async function writeTensorModel(name: string): Promise<void> {
  const field = { type: 'int16', shape: [2, 'width'], description: 'Numbers.' };
  const capital = `${name[0]?.toUpperCase()}${name.slice(1)}`;
  const manifest = {
    name,
    description: 'Adds 1.',
    versions: 'all',
    graphql: { mutation: name, inputType: `${capital}Input`, predictionType: `${capital}Answer` },
    inputs: [{ ...field, name: 'x', tensor: 'x' }],
    outputs: [{ ...field, name: 'y', tensor: 'y' }],
    axes: { width: { minimum: 1, maximum: 100 } },
    batching: { maxBatchSize: 8, maxWaitMs: 0 },
    limits: { timeoutMs: 60_000 },
    example: { x: { shape: [2, 1], values: [1, 2] } },
  };
  await mkdir(join(modelsDir, name));
  await writeFile(join(modelsDir, name, 'model.json'), JSON.stringify(manifest));
}

/** Runs a number among others of the same model, and expects that the others get their answers. */
async function runAmongOthers(model: string, x: number, added = 0) {
  const bad = jobFor(broker, { model, input: { x } });
  const good = Array.from({ length: 12 }, (_, i) => jobFor(broker, { model, input: { x: 10 + i } }));
  await queueJobs(broker, [...good.slice(0, 6), bad, ...good.slice(6)]);
  for (const [i, job] of good.entries())
    expect(await resultOf(streams, job)).toMatchObject({ prediction: { y: 10 + i + added } });
  return await resultOf(streams, bad);
}

async function predictionOf(job: Job) {
  await queueJobs(broker, [job]);
  return (await resultOf(streams, job))?.prediction;
}

test.each(['snake', 'script'])(
  'a class answers each row of a batch, and one that it refuses fails alone: %s',
  async (model) => {
    expect(await runAmongOthers(model, 5, 1)).toMatchObject({ error: { code: 'INFERENCE_FAILED' } });
  },
);

test.each(Object.keys(TENSOR_VERSIONS))(
  'tensors of a shape that varies from task to task go in and come out: %s',
  async (model) => {
    const numbers = (from: number, width: number) =>
      Buffer.from(Int16Array.from({ length: 2 * width }, (_, i) => from + i).buffer).toString('base64');
    const jobs = [1, 3, 3, 50].map((width) => ({
      width,
      job: jobFor(broker, { model, input: { x: { shape: [2, width], base64: numbers(7, width) } } }),
    }));
    await queueJobs(
      broker,
      jobs.map(({ job }) => job),
    );
    for (const { job, width } of jobs)
      expect((await resultOf(streams, job))?.prediction).toEqual({
        y: { shape: [2, width], base64: numbers(8, width) },
      });
  },
);

test('the owner of a task reads the sentence of an exception, without paths of the machine', async () => {
  const { error } = (await runAmongOthers('snake', 5, 1)) ?? {};
  expect(error?.message).toBe(
    "The model could not be run on this input: FileNotFoundError: [Errno 2] No such file or directory: 'all.txt'",
  );
  const failed = await runAmongOthers('hostile', FAILS);
  expect(failed?.error?.message).toBe(
    "The model could not be run on this input: ValueError: cannot read 'hostile/1/weights.bin'",
  );
});

test('the process of a version has no secret of the worker in its environment', async () => {
  expect(await predictionOf(jobFor(broker, { model: 'snake', input: { x: 6 } }))).toEqual({ y: 0 });
});

test('the process of a version has the compiled modules of the worker, and leaves none in its folder', async () => {
  expect(await predictionOf(jobFor(broker, { model: 'script', input: { x: 6 } }))).toEqual({ y: 1 });
});

test('what a version prints is in the log, and breaks nothing', async () => {
  expect(worker.output()).toContain('"line":"loaded in True"');
  expect(await runAmongOthers('hostile', FLOODS)).toMatchObject({ prediction: { y: FLOODS } });
  expect(worker.output().length).toBeLessThan(2_000_000);
  await eventually(
    () => worker.output(),
    (output) => output.includes('much of what a version printed is left out'),
  );
});

test.each([
  ['dies', DIES, 'WORKER_CRASHED'],
  ['takes more memory than it may', TAKES_MEMORY, 'WORKER_CRASHED'],
  ['hangs', HANGS, 'RUN_TIMEOUT'],
  ['answers with more than its outputs can need', ANSWERS_TOO_MUCH, 'INVALID_OUTPUT'],
  ['writes something that is no frame', WRITES_NO_FRAME, 'INVALID_OUTPUT'],
  ['writes a header that is no JSON', WRITES_NO_JSON, 'INVALID_OUTPUT'],
  ['answers a request that there is not', ANSWERS_ANOTHER_ID, 'INVALID_OUTPUT'],
  ['answers with another type', ANSWERS_WRONG_TYPE, 'INVALID_OUTPUT'],
  ['answers with another number of rows', ANSWERS_WRONG_ROWS, 'INVALID_OUTPUT'],
])('a row on which the program %s fails alone', async (_what, x, code) => {
  const end = await runAmongOthers('hostile', x);
  expect(end).toMatchObject({ state: 'FAILED', error: { code } });
});

test('a process that a program leaves behind ends with it', async () => {
  const { prediction } = (await runAmongOthers('hostile', LEAVES_CHILDREN)) ?? {};
  const left = Number(prediction?.y);
  expect(isRunning(left)).toBe(true);
  await runAmongOthers('hostile', DIES);
  await eventually(
    () => isRunning(left),
    (running) => !running,
  );
});

test('a version that cannot be started is refused with what it printed last', async () => {
  const { output } = worker;
  const [refusal] = output()
    .split('\n')
    .filter((line) => line.includes('"version":"1"') && line.includes('version refused'));
  expect(refusal).toContain('the session process died; it printed last: no such library');
});

test('the process of a version ends with a worker that is killed', async () => {
  const other = await startWorker(nats, { MODELS_DIR: modelsDir, WORKER_MODELS: 'hostile' });
  const pid = Number(/"pid":(\d+),"msg":"session ready"/.exec(other.output())?.[1]);
  expect(isRunning(pid)).toBe(true);
  other.kill('SIGKILL');
  await other.ended;
  await eventually(
    () => isRunning(pid),
    (running) => !running,
  );
});

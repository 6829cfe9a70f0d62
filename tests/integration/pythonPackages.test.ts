/** The packages of a version in Python: installed from the version's own wheels, once, by the worker that is first. */
import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { cp, mkdtempDisposable, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeCodeVersion, writeRecords } from '../support/codeModels.ts';
import { eventually } from '../support/eventually.ts';
import { writeNumberModel } from '../support/models.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { type Process, ROOT, startProcess, startWorker } from '../support/processes.ts';

const run = promisify(execFile);
const WHEEL = 'tiny-1.0-py3-none-any.whl';
/** Makes a wheel with a constant. */
const ZIP = `import sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w") as wheel:
    wheel.writestr("tiny.py", f"VALUE = {int(sys.argv[2], 16)}")
    wheel.writestr("tiny-1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: tiny\\nVersion: 1.0\\n")
    wheel.writestr("tiny-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    wheel.writestr("tiny-1.0.dist-info/RECORD", "")`;
const PREDICTOR = `import tiny
class Predictor:
    def predict(self, columns):
        return {"y": [float(x) + 0 * tiny.VALUE for x in columns["x"]]}
`;
const PYTHON = { runtime: 'python', entry: 'predictor.py:Predictor' } as const;
/** Where nothing answers: wheels come from the folder or not at all. */
const NO_INDEX = { PIP_INDEX_URL: 'http://127.0.0.1:9/' };

let stack: AsyncDisposableStack;
let nats: NatsServer;
let modelsDir: string;

beforeAll(async () => {
  stack = new AsyncDisposableStack();
  nats = stack.use(await startNats());
  modelsDir = stack.use(await mkdtempDisposable(join(tmpdir(), 'tidings-models-'))).path;
  await writeNumberModel(modelsDir, 'packed');
  const folder = join(modelsDir, 'packed/1');
  await using made = await mkdtempDisposable(join(tmpdir(), 'tidings-wheel-'));
  // Other content in each run of the test, so that nothing is installed already.
  await run('python3', ['-c', ZIP, join(made.path, WHEEL), randomBytes(4).toString('hex')]);
  const sha256 = createHash('sha256')
    .update(await readFile(join(made.path, WHEEL)))
    .digest('hex');
  const requirements = `tiny==1.0 --hash=sha256:${sha256}\n`;
  await writeCodeVersion({
    folder,
    code: PYTHON,
    files: { 'predictor.py': PREDICTOR, 'requirements.txt': requirements },
  });
  await cp(join(made.path, WHEEL), join(folder, 'wheels', WHEEL));
  await writeRecords({ folder, code: PYTHON });
});
afterAll(() => stack.disposeAsync());

const lineWith = (worker: Process, text: string) =>
  worker
    .output()
    .split('\n')
    .find((line) => line.includes(text)) ?? '';

test('two workers that start at once install the packages once, from the wheels of the version', async () => {
  const env = { MODELS_DIR: modelsDir, ...NO_INDEX };
  const workers = await Promise.all([startWorker(nats, env), startWorker(nats, env)]);
  for (const worker of workers) stack.use(worker);
  await Promise.all(workers.map((worker) => worker.logged('version offered')));
  const places = workers.map(
    (worker) => /with the packages of requirements\.txt \(([^)]+)\)/.exec(worker.output())?.[1],
  );
  expect(places[0]).toMatch(/^\.cache\/python\/[0-9a-f]{16}$/);
  stack.defer(() => rm(join(ROOT, String(places[0])), { recursive: true, force: true }));
  expect(places[1]).toBe(places[0]);
  const installing = workers.filter((worker) => lineWith(worker, 'once for these pins') !== '');
  expect(installing.length).toBe(1);
});

test('a version whose wheel was changed is refused by the name of the file', async () => {
  await using other = await mkdtempDisposable(join(tmpdir(), 'tidings-models-'));
  await cp(modelsDir, other.path, { recursive: true });
  await cp(join(modelsDir, 'packed/1/predictor.py'), join(other.path, 'packed/1/wheels', WHEEL));
  await using worker = startProcess('workers/main.ts', {
    NATS_URL: nats.url,
    MODELS_DIR: other.path,
    ...NO_INDEX,
  });
  const refusal = await eventually(
    () => lineWith(worker, 'version refused'),
    (line) => line !== '',
  );
  expect(refusal).toContain(`packed/1/wheels/${WHEEL} must have the SHA-256 of its version.json`);
  worker.ready.catch(() => {});
  await worker.ended;
});

/**
 * The examples of training, run as their pages say beside the real `npm start`, on made-up rows. They need Python with venv,
 * and its package index, or what an earlier run has installed below .cache.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fieldOf, post } from '../support/client.ts';
import { blockOfTest, readDocument } from '../support/documents.ts';
import { madeTracts, TRACTS } from '../support/madeTracts.ts';
import { MODELS } from '../support/models.ts';
import { startNats } from '../support/natsServer.ts';
import { startSystem } from '../support/npmStart.ts';
import { ROOT } from '../support/processes.ts';
import { findProgram } from '../support/programs.ts';

const run = promisify(execFile);
const python = findProgram({
  names: ['python3'],
  tests: 'The tests of the examples of training',
  debianPackage: 'python3-venv',
});
/** The first run installs packages. */
const INSTALLED_WITHIN_MS = 300_000;
const TRAININGS = `{ trainings(model: "housing") { edges { node {
  state training { version stages { name state worker note } } } } } }`;

interface Trainings {
  readonly edges: readonly {
    readonly node: {
      readonly state: string;
      readonly training: {
        readonly version: string | null;
        readonly stages: readonly {
          readonly name: string;
          readonly state: string;
          readonly worker: string | null;
          readonly note: string | null;
        }[];
      };
    };
  }[];
}

describe.runIf(python !== undefined)('with Python', () => {
  const opened = new AsyncDisposableStack();
  let models: string;
  let table: string;

  beforeAll(async () => {
    const folder = await mkdtempDisposable(join(tmpdir(), 'tidings-examples-'));
    opened.defer(() => folder.remove());
    models = join(folder.path, 'models');
    for (const name of ['housing', 'recipe.py', 'graph.py'])
      await cp(join(MODELS, name), join(models, name), { recursive: true });
    table = join(folder.path, 'boston_housing.csv');
    await writeFile(table, madeTracts(1));
  });
  afterAll(() => opened.disposeAsync());

  test(
    'the workflow for housing adds data, trains a version, tries it, and gives it a tenth of the tasks',
    async () => {
      await using system = await startSystem({ MODELS_DIR: models, TRAINERS: '1' });
      const output = await runWorkflow(await system.url());
      expect(output).toMatch(new RegExp(`^data +${TRACTS} census tracts$`, 'm'));
      expect(output).toMatch(/^training +train .* of 100 epochs$/m);
      expect(output).toMatch(/^gate +PASS /m);
      expect(output).toMatch(/^version +2$/m);
      expect(output).toMatch(/^answer +of version 2: [\d.]+ thousand dollars, [\d.]+ pupils per teacher$/m);
      expect(output).toMatch(/^rollout +10 % of the tasks go to it$/m);
    },
    INSTALLED_WITHIN_MS,
  );

  test(
    'the data service in Python takes the step prepare, and a version is trained on what it has cut',
    async () => {
      await using nats = await startNats();
      const env = {
        ...{ MODELS_DIR: models, NATS_URL: nats.url },
        ...{ TRAINERS: '1', TRAINER_STEPS: 'check,train,evaluate' },
      };
      await using system = await startSystem(env);
      const url = await system.url();
      await using _service = await startService(nats.url);
      expect(await runWorkflow(url)).toMatch(/^version +2$/m);
      const { edges } = fieldOf<Trainings>(await post(url, TRAININGS));
      const [prepare, ...others] = edges[0]?.node.training.stages ?? [];
      expect(prepare).toMatchObject({ name: 'PREPARE', state: 'SUCCEEDED', worker: 'data-service' });
      expect(prepare?.note).toMatch(/^prepared by data_service\.py: \d+ bytes$/);
      expect(new Set(others.map(({ state }) => state))).toEqual(new Set(['SUCCEEDED']));
    },
    INSTALLED_WITHIN_MS,
  );

  /** Runs the command of its page. */
  async function runWorkflow(url: string): Promise<string> {
    const command = blockOfTest('examples/housing-workflow/README.md', 'workflow').trim();
    const { stdout, stderr } = await run(
      'sh',
      ['-c', `${command.replace('boston_housing.csv', table)} ${url}`],
      {
        cwd: ROOT,
      },
    );
    expect(stderr).toBe('');
    return stdout;
  }
});

/** Installs the client of its page, once, and starts it. Resolves once it asks for steps. */
async function startService(natsUrl: string): Promise<AsyncDisposable> {
  const page = readDocument('examples/data-service-python/README.md');
  const [, version = ''] = /nats-py\[nkeys\]==([\d.]+)/.exec(page) ?? [];
  // Only a broker with roles needs nkeys.
  const install = `python3 -m venv .cache/data-service && .cache/data-service/bin/pip install --quiet nats-py==${version}`;
  await run('sh', ['-c', install], { cwd: ROOT });
  const service = spawn('.cache/data-service/bin/python', ['examples/data-service-python/data_service.py'], {
    cwd: ROOT,
    env: { ...process.env, NATS_URL: natsUrl },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const ready = Promise.withResolvers<void>();
  for (const stream of [service.stdout, service.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      if (/^ready$/m.test(output)) ready.resolve();
    });
  const closed = once(service, 'close');
  void closed.then(() => ready.reject(new Error(`the data service ended:\n${output}`)));
  await ready.promise;
  return {
    async [Symbol.asyncDispose]() {
      service.kill('SIGTERM');
      await closed;
    },
  };
}

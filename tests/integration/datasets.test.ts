/** Datasets from the command line to the report, and as GraphQL lists them, with a real gateway and a real trainer. */
import { execFile } from 'node:child_process';
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Broker } from '../../src/broker/broker.ts';
import { fieldOf, post } from '../support/client.ts';
import { copyInto, datasetRecord, writeParquetOf } from '../support/dataFiles.ts';
import { openTestBroker } from '../support/jobs.ts';
import { type ModelsFolder, modelsWith } from '../support/models.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import {
  type Gateway,
  type Process,
  ROOT,
  readyInTime,
  startGateway,
  startProcess,
} from '../support/processes.ts';
import { refusalIn } from '../support/transports.ts';

const TOKEN = 'open-sesame-open-sesame';
const OPERATOR = { authorization: `Bearer ${TOKEN}` };
const TRIPS = `SELECT (1 + i % 260)::BIGINT AS "PULocationID", (1 + i % 200)::BIGINT AS "DOLocationID", i / 10.0 AS trip_distance,
    TIMESTAMP '2021-01-01' + to_minutes(31 * i) AS lpep_pickup_datetime, (5 + i % 40)::DOUBLE AS minutes FROM range(200) AS trips(i)`;
const DATASETS = `query ($model: String, $name: String, $first: Int! = 20, $after: String) {
  datasets(model: $model, name: $name, first: $first, after: $after) {
    edges { node { name digest usable rowCount files { name place } } } pageInfo { hasNextPage endCursor } } }`;
const ADD = `mutation ($input: AddDatasetInput!) {
  addDataset(input: $input, options: { waitMs: 30000 }) { id kind state error { code message } dataset { usable } } }`;

const run = promisify(execFile);

interface Page {
  readonly edges: readonly {
    readonly node: { readonly name: string; readonly digest: string; readonly usable: boolean };
  }[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

let folder: AsyncDisposable & { readonly path: string };
let shared: string;
let models: ModelsFolder;
let nats: NatsServer;
let broker: Broker;
let gateway: Gateway;
let trainer: Process;

beforeAll(async () => {
  folder = await mkdtempDisposable(join(tmpdir(), 'tidings-datasets-'));
  shared = join(folder.path, 'shared');
  models = await modelsWith((manifest) => {
    manifest.training = {
      command: ['true'],
      columns: { pickupAt: 'lpep_pickup_datetime' },
      targets: { durationMinutes: 'minutes' },
    };
  });
  nats = await startNats();
  const env = { MODELS_DIR: models.path, OPERATOR_TOKEN: TOKEN };
  const started = startProcess('workers/trainer.ts', {
    ...{
      NATS_URL: nats.url,
      MODELS_DIR: models.path,
      DATA_DIR: join(folder.path, 'data'),
      DATASETS_DIR: shared,
    },
  });
  trainer = started;
  [broker, gateway] = await Promise.all([
    openTestBroker(nats, { MODELS_DIR: models.path }),
    startGateway(nats, env),
    readyInTime(started),
  ]);
  await writeParquetOf(path('trips.parquet'), TRIPS);
  await writeParquetOf(path('more.parquet'), TRIPS.replace('range(200)', 'range(100)'));
});
afterAll(async () => {
  for (const opened of [gateway, trainer, broker, nats, models, folder])
    await opened?.[Symbol.asyncDispose]();
});

function path(name: string): string {
  return join(folder.path, name);
}

/** What `npm run data` prints, and its exit code. */
async function data(...args: readonly string[]) {
  const env = { ...process.env, TIDINGS_KEY: TOKEN };
  const { stdout, stderr, code } = await run(
    process.execPath,
    ['src/cli/data.ts', ...args, '--url', gateway.url],
    {
      cwd: ROOT,
      env,
    },
  ).then(
    (ended) => ({ ...ended, code: 0 }),
    (error) => error as { stdout: string; stderr: string; code: number },
  );
  return { code, out: stdout, err: stderr };
}

async function list(variables: Record<string, unknown> = {}): Promise<Page> {
  return fieldOf(await post(gateway.url, DATASETS, variables, OPERATOR));
}

describe('npm run data', () => {
  test('uploads files, waits for the check, and prints the report; a second time nothing is uploaded', async () => {
    const first = await data(
      'add',
      'trips',
      path('trips.parquet'),
      path('more.parquet'),
      '--model',
      'trip-duration',
    );
    expect(first).toMatchObject({ code: 0 });
    expect(first.out).toContain('uploaded 2 files');
    expect(first.out).toMatch(
      /trips [0-9a-f]{12}: rows: 300, of them equal to an earlier one: 100, files: 2/,
    );
    expect(first.out).toMatch(/PULocationID +pickupLocationId +BIGINT +0 +0 +1 +200 +–/);
    expect(first.out).toMatch(/usable\. Its digest is [0-9a-f]{64}/);
    const second = await data(
      'add',
      'trips',
      path('trips.parquet'),
      path('more.parquet'),
      '--model',
      'trip-duration',
    );
    expect(second.out).toContain('there already: 2 of 2 files');
    expect(second.out).not.toContain('uploaded');
    expect((await data('list', '--name', 'trips')).out).toMatch(
      /^name +digest .*\ntrips +[0-9a-f]{12} +trip-duration .* 2 +300 +usable\n$/,
    );
  });

  test('files in the shared folder are registered by their path', async () => {
    await copyInto(shared, '2021/january.parquet', path('trips.parquet'));
    const added = await data(
      ...[
        'add',
        'shared',
        join(shared, '2021/january.parquet'),
        '--model',
        'trip-duration',
        '--in-folder',
        shared,
      ],
    );
    expect(added).toMatchObject({ code: 0, out: expect.stringContaining('rows: 200') });
    const { edges } = await list({ name: 'shared' });
    expect(edges[0]?.node).toMatchObject({ files: [{ name: '2021/january.parquet' }] });
  });

  test('goes on when its gateway stops during the check, and another one takes its place', async () => {
    await writeFile(
      path('few.csv'),
      'PULocationID,DOLocationID,tripDistanceMiles,lpep_pickup_datetime,minutes\n' +
        '1,2,3,2021-01-01 00:00:00,4\n5,6,7,2021-01-02 00:00:00,8\n',
    );
    const env = { MODELS_DIR: models.path, OPERATOR_TOKEN: TOKEN };
    const first = await startGateway(nats, env);
    trainer.kill('SIGSTOP');
    await using command = startProcess('src/cli/data.ts', { TIDINGS_KEY: TOKEN }, ROOT, [
      ...['add', 'few', path('few.csv'), '--model', 'trip-duration', '--url', first.url],
    ]);
    command.ready.catch(() => {});
    await command.logged('checking, in the task');
    await first[Symbol.asyncDispose]();
    await using _second = await startGateway(nats, { ...env, PORT: new URL(first.url).port });
    trainer.kill('SIGCONT');
    expect(await command.ended, command.output()).toBe(0);
    expect(command.output()).toContain('rows: 2');
  });

  test('ends with 1 and the report if no model can be trained on the data', async () => {
    await writeFile(path('other.csv'), 'a,b\n1,2\n');
    const { code, out } = await data('add', 'other', path('other.csv'), '--model', 'trip-duration');
    expect(code).toBe(1);
    expect(out).toContain('there is no column pickupLocationId or PULocationID');
    expect(out).toContain('the data have a, b');
    expect(out).toContain('unusable: no model is trained on it');
  });

  test.each<[what: string, args: () => string[], code: number, message: string]>([
    [
      'a file that is not there',
      () => ['add', 'a', path('no.csv')],
      1,
      'no.csv must be a file that can be read, and is not there',
    ],
    ['a folder', () => ['add', 'a', folder.path], 1, 'must be a file that can be read, got a folder'],
    ['an empty file', () => ['add', 'a', path('empty.csv')], 1, 'empty.csv is empty'],
    ['a text named .parquet', () => ['add', 'a', path('text.parquet')], 1, 'text.parquet cannot be read'],
    [
      'two formats',
      () => ['add', 'a', path('trips.parquet'), path('b.csv')],
      1,
      'all files must have one format',
    ],
    [
      'one file twice',
      () => ['add', 'a', path('b.csv'), path('b.csv')],
      1,
      'two files of a dataset cannot have one name',
    ],
    [
      'a model that is not there',
      () => ['add', 'a', path('b.csv'), '--model', 'nope'],
      1,
      '--model must be a model that can be trained (trip-duration), got nope',
    ],
    [
      'a wrong name',
      () => ['add', 'A B', path('b.csv')],
      1,
      'name must be lower-case letters, digits, - and _, 63 at most, got "A B"',
    ],
    ['no file', () => ['add', 'a'], 2, 'add needs the name of the dataset and its files'],
    ['no command', () => [], 2, 'expected add or list, got none'],
    [
      'a folder that is not there',
      () => ['add', 'a', path('b.csv'), '--in-folder', path('no')],
      1,
      '--in-folder must be a folder that is there',
    ],
  ])('refuses %s', async (_, args, code, message) => {
    await writeFile(path('empty.csv'), '');
    await writeFile(path('text.parquet'), 'a\n1\n');
    await writeFile(path('b.csv'), 'a\n1\n');
    const given = args();
    const hasModel = given.includes('--model') || given.length === 0;
    const refused = await data(...given, ...(hasModel ? [] : ['--model', 'trip-duration']));
    expect(refused).toMatchObject({ code, err: expect.stringContaining(message) });
    expect(refused.err).not.toContain('    at ');
  });
});

describe('addDataset', () => {
  const file = { name: 'a.parquet', sha256: 'a'.repeat(64) };
  const add = (input: object) =>
    post(
      gateway.url,
      ADD,
      { input: { name: 'some', model: 'trip-duration', files: [file], ...input } },
      OPERATOR,
    );

  test('fails the task if a file was neither uploaded nor lies in the folder', async () => {
    expect(fieldOf(await add({}))).toMatchObject({
      kind: 'DATASET',
      state: 'FAILED',
      error: { code: 'DATA_UNUSABLE', message: expect.stringContaining('a.parquet was not uploaded') },
      dataset: null,
    });
    expect((await list({ name: 'some' })).edges).toEqual([]);
  });

  test.each<[what: string, input: object, message: string]>([
    [
      'a digest in capitals',
      { files: [{ ...file, sha256: 'A'.repeat(64) }] },
      'files[0].sha256 must be 64 hex digits',
    ],
    [
      'a path out of the folder',
      { files: [{ ...file, name: '../a' }] },
      'files[0].name must be a path below a folder',
    ],
    ['a name twice', { files: [file, file] }, 'files[1].name must be the name of one file'],
    ['no files', { files: [] }, 'files must be a list of 1 to 1000, got 0 entries'],
    ['a model that is not there', { model: 'nope' }, 'model must be'],
  ])('refuses %s', async (_, input, message) => {
    expect(refusalIn(await add(input))).toMatchObject({
      message: expect.stringContaining(message),
      extensions: { code: 'BAD_USER_INPUT' },
    });
  });

  test('is for operators, and datasets are for viewers, too', async () => {
    const input = { name: 'some', model: 'trip-duration', files: [file] };
    expect(refusalIn(await post(gateway.url, ADD, { input }))).toMatchObject({
      extensions: { code: 'FORBIDDEN' },
    });
    expect(refusalIn(await post(gateway.url, DATASETS, {}))).toMatchObject({
      extensions: { code: 'FORBIDDEN' },
    });
  });
});

describe('the list of datasets', () => {
  const files = (digit: string) => [
    { name: 'a.csv', sha256: digit.repeat(64), bytes: 1, place: 'STORE' as const },
  ];
  const names = ({ edges }: Page) => edges.map(({ node }) => `${node.name} ${node.usable}`);

  test('has pages, newest check first, and filters; the newest check of a dataset counts', async () => {
    const stored = (name: string, digit: string, usable: boolean, model = 'listed') =>
      broker.datasets.store(datasetRecord({ name, model, usable, files: files(digit) }));
    await stored('one', '1', false);
    await stored('two', '2', true);
    await stored('three', '3', true);
    await stored('one', '1', true);
    await stored('three', '4', false);
    await stored('foreign', '5', true, 'other');
    const first = await list({ model: 'listed', first: 2 });
    expect(names(first)).toEqual(['three false', 'one true']);
    expect(first.pageInfo.hasNextPage).toBe(true);
    const second = await list({ model: 'listed', first: 2, after: first.pageInfo.endCursor });
    expect(names(second)).toEqual(['three true', 'two true']);
    expect(second.pageInfo.hasNextPage).toBe(false);
    expect(names(await list({ name: 'three' }))).toEqual(['three false', 'three true']);
    expect((await broker.datasets.newest('three', 5)).map(({ usable }) => usable)).toEqual([true]);
    const found = await broker.datasets.find('one', first.edges[1]?.node.digest ?? '');
    expect(found).toMatchObject({ name: 'one', usable: true });
    expect(await broker.datasets.find('one', 'f'.repeat(64))).toBeUndefined();
    for (const wrong of [{ first: 0 }, { first: 101 }, { after: 'x' }])
      expect(refusalIn(await post(gateway.url, DATASETS, wrong, OPERATOR))).toMatchObject({
        extensions: { code: 'BAD_USER_INPUT' },
      });
  });

  test('has short pages where reports are large, and a training finds all versions of such a dataset', async () => {
    const message = 'x'.repeat(1_000);
    const problems = Array.from({ length: 900 }, () => ({ message }));
    const shas = Array.from({ length: 24 }, (_, i) => (10 + i).toString(16).padStart(64, '0'));
    for (const sha256 of shas) {
      const large = [{ name: 'a.csv', sha256, bytes: 1, place: 'STORE' as const }];
      const stored = await broker.datasets.store(datasetRecord({ name: 'large', files: large, problems }));
      expect(stored.type).toBe('stored');
    }
    const found: string[] = [];
    const sizes: number[] = [];
    for (let after: string | null = null, isLast = false; !isLast; ) {
      const { edges, pageInfo }: Page = await list({ name: 'large', first: 100, after });
      found.push(...edges.map(({ node }) => node.digest));
      sizes.push(edges.length);
      ({ endCursor: after } = pageInfo);
      isLast = !pageInfo.hasNextPage;
    }
    const digests = shas
      .map(
        (sha256) =>
          datasetRecord({ name: 'large', files: [{ name: 'a.csv', sha256, bytes: 1, place: 'STORE' }] })
            .digest,
      )
      .toReversed();
    expect(found).toEqual(digests);
    // 16 MiB.
    expect(sizes).toEqual([18, 6]);
    expect((await broker.datasets.newest('large', 100)).map(({ digest }) => digest)).toEqual(digests);
    expect((await broker.datasets.newest('large', 20)).map(({ digest }) => digest)).toEqual(
      digests.slice(0, 20),
    );
  });
});

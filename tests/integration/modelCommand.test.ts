/** `npm run model`: foreign ONNX files are added, checked and served. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdtempDisposable, readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runModelCommand } from '../../src/cli/model/command.ts';
import type { Manifest } from '../../src/models/manifest.ts';
import { printableLines } from '../../src/process/printable.ts';
import type { GoldenRow } from '../../workers/golden.ts';
import { type Answer, collect, post, sse } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { startNats } from '../support/natsServer.ts';
import {
  classifier,
  columnPerTensor,
  externalWeights,
  fixedBatch,
  halfPrecision,
  image,
  manyInputs,
  mixedRows,
  namedTensors,
  openWidths,
  separateTensors,
  signedRows,
  textAndBoolean,
  unknownOperator,
  unusedConstants,
  windows,
  zipMapped,
} from '../support/onnxFiles.ts';
import { COMPILED, startGateway, startWorker } from '../support/processes.ts';

/** A tensor's name that turns a terminal's text red, reverses its direction and starts a new line. */
const HOSTILE = 'x\u001b[31m\u202e\u009b\ny';
const ROOT = join(import.meta.dirname, '../..');

interface Ending {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * A models folder that no test changes. The versions of fare answer `slope * tripDistance + puLocationId`, slopes 2 and
 * 3; pipeline has one version. To add a model starts three processes, so tests share what they only read or copy.
 */
let shared: Awaited<ReturnType<typeof openModels>>;
/** How the first version of fare was added. */
let addedFare: Ending;
/** The golden rows of the second version of fare, by tensors and by GraphQL names. */
const OWN_ROWS = '[{"PULocationID": 7, "trip_distance": 0.5}, {"puLocationId": 8, "tripDistance": 2}]';

beforeAll(async () => {
  shared = await openModels();
  const file = await shared.file('fare.onnx', separateTensors(2));
  addedFare = await shared.command('add', file, '--name', 'fare');
  const more = [
    [await shared.file('fare2.onnx', separateTensors(3)), '--name', 'fare', '--example', OWN_ROWS],
    [await shared.file('pipeline.onnx', columnPerTensor()), '--name', 'pipeline', '--max-batch-size', '8'],
  ];
  for (const args of more) expect(await shared.command('add', ...args)).toMatchObject({ code: 0 });
});

afterAll(() => shared?.[Symbol.asyncDispose]());

/** A new models folder with fare in it. */
async function openFare(versions: readonly string[] = ['1', '2']) {
  const models = await openModels();
  const copied = (name: string) =>
    cp(join(shared.modelsDir, 'fare', name), join(models.modelsDir, 'fare', name), { recursive: true });
  await Promise.all(['model.json', 'README.md', ...versions].map(copied));
  return models;
}

/** A new models folder, with a place for ONNX files beside it. */
async function openModels() {
  const folder = await mkdtempDisposable(join(tmpdir(), 'tidings-models-'));
  const modelsDir = join(folder.path, 'models');
  /** Half a second of CPU cheaper than as a process: so most tests run it. */
  const command = async (...args: string[]): Promise<Ending> => {
    const stdout: string[] = [];
    const stderr: string[] = [];
    const code = await runModelCommand(args, {
      env: { MODELS_DIR: modelsDir },
      print: (text) => stdout.push(`${text}\n`),
      printError: (text) => stderr.push(`${text}\n`),
    });
    return { code, stdout: stdout.join(''), stderr: stderr.join('') };
  };
  /** As users have it: with its exit code, and with what it prints made safe for a terminal. */
  const commandProcess = (...args: string[]): Promise<Ending> =>
    new Promise((resolve) => {
      const env = { PATH: process.env.PATH, ...COMPILED, MODELS_DIR: modelsDir };
      const options = { cwd: ROOT, env };
      execFile(process.execPath, ['src/cli/model.ts', ...args], options, (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
      );
    });
  return {
    modelsDir,
    command,
    commandProcess,
    /** Writes an ONNX file. @returns its path. */
    async file(name: string, content: Uint8Array | string): Promise<string> {
      const path = join(folder.path, name);
      await writeFile(path, content);
      return path;
    },
    async json(...path: string[]) {
      return JSON.parse(await readFile(join(modelsDir, ...path), 'utf8'));
    },
    /** Replaces members of a JSON file. */
    async edit(path: string, members: object): Promise<void> {
      await writeFile(join(modelsDir, path), JSON.stringify({ ...(await this.json(path)), ...members }));
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

describe('npm run model -- add', () => {
  test("adds a model with one tensor [N] per input, and makes golden rows from the file's answers", async () => {
    expect(addedFare).toMatchObject({ code: 0, stderr: '' });
    expect(addedFare.stdout).toContain('mutation predictFare');
    expect(addedFare.stdout).toContain('They do not prove that the answers are good');
    expect(addedFare.stdout).toMatch(/line 15 +puLocationId: +unit, minimum, maximum, description/);
    const manifest = await readFile(join(shared.modelsDir, 'fare/model.json'), 'utf8');
    expect(manifest.split('\n')[14]).toContain('"name": "puLocationId"');
    expect(JSON.parse(manifest)).toMatchObject({
      name: 'fare',
      graphql: {
        mutation: 'predictFare',
        inputType: 'PredictFareInput',
        predictionType: 'FarePrediction',
      },
      inputs: [
        { name: 'puLocationId', tensor: 'PULocationID', type: 'int64', unit: 'unknown' },
        { name: 'tripDistance', tensor: 'trip_distance', type: 'float32', unit: 'unknown' },
      ],
      outputs: [{ name: 'y', tensor: 'y', type: 'float32' }],
      example: { puLocationId: 1, tripDistance: 1 },
    });
    const { rows } = await shared.json('fare/1/golden.json');
    expect(rows).toHaveLength(5);
    for (const { input, output } of rows) expect(output.y).toBe(2 * input.tripDistance + input.puLocationId);
    expect(await filesIn(join(shared.modelsDir, 'fare'))).toEqual([
      ...['1/golden.json', '1/model.onnx', '1/version.json'],
      ...['2/golden.json', '2/model.onnx', '2/version.json'],
      ...['README.md', 'model.json'],
    ]);
  });

  test('prints control characters in names as escapes, and stores the names unchanged', async () => {
    await using models = await openModels();
    const file = await models.file('names.onnx', namedTensors(HOSTILE, `${HOSTILE}2`));
    const added = await models.commandProcess('add', file, '--name', 'names');
    expect(added).toMatchObject({ code: 0, stderr: '' });
    expect(added.stdout).toContain('tensor x\\u001b[31m\\u202e\\u009b\\u000ay');
    const { inputs } = await models.json('names/model.json');
    expect(inputs[0].tensor).toBe(HOSTILE);
    await models.edit('names/model.json', { inputs: [{ ...inputs[0], tensor: 'z' }] });
    const checked = await models.commandProcess('check', 'names');
    expect(checked.code).toBe(1);
    expect(checked.stderr).toContain('the graph has only x\\u001b[31m');
    const card = await readFile(join(models.modelsDir, 'names/README.md'), 'utf8');
    for (const text of [added.stdout, checked.stdout, checked.stderr, card])
      expect(printableLines(text)).toBe(text);
  });

  test('gives different names to tensors whose names would be the same in GraphQL', async () => {
    const { inputs, outputs, batching } = await shared.json('pipeline/model.json');
    expect(inputs).toMatchObject([
      { name: 'customerAge', tensor: 'Customer_Age', type: 'float32' },
      { name: 'customerAge2', tensor: 'Customer Age', type: 'float32' },
      { name: 'gender', tensor: 'Gender', type: 'string', maxLength: 200 },
    ]);
    expect(outputs).toMatchObject([{ name: 'variable', type: 'float32' }]);
    expect(outputs[0]).not.toHaveProperty('size');
    expect(batching).toEqual({ maxBatchSize: 8, maxWaitMs: 0, maxBulkBatchSize: 32 });
  });

  test('takes widths that the file leaves open from an example and its answer', async () => {
    await using models = await openModels();
    const file = await models.file('logarithms.onnx', openWidths());
    expect(await models.command('add', file, '--name', 'open')).toMatchObject({ code: 0 });
    expect((await models.json('open/model.json')).inputs).toMatchObject([{ shape: ['length'] }]);

    const zero = await models.command('add', file, '--name', 'zero', '--example', '{"x": [1, 0]}');
    expect(zero).toMatchObject({ code: 0 });
    expect((await models.json('zero/model.json')).outputs).toMatchObject([{ shape: [2] }, { size: 2 }]);

    const rows = await models.file('rows.jsonl', '{"x": [1, 2, 4]}\n{"x": [0.5, 8, 16]}\n');
    expect(await models.command('add', file, '--name', 'logarithms', '--example', rows)).toMatchObject({
      code: 0,
    });
    const manifest = await models.json('logarithms/model.json');
    expect(manifest.inputs).toMatchObject([{ name: 'x', type: 'float64', size: 3 }]);
    expect(manifest.outputs).toMatchObject([
      { name: 'logarithms', size: 3 },
      { name: 'negatives', size: 3 },
    ]);
    expect(manifest.example).toEqual({ x: [1, 2, 4] });
    const golden = await models.json('logarithms/1/golden.json');
    expect(golden.rows[1].output.negatives).toEqual([-0.5, -8, -16]);
    expect(golden.tolerance).toEqual({ logarithms: 0.001, negatives: 0.01 });
  });

  test('takes ZipMap out of the graph, and makes its classes the labels of a list', async () => {
    await using models = await openModels();
    const file = await models.file('zipmap.onnx', zipMapped());
    const added = await models.command('add', file, '--name', 'zipped');
    expect(added).toMatchObject({ code: 0, stderr: '' });
    expect(added.stdout).toContain('output_probability: ZipMap was taken out');
    expect((await models.json('zipped/model.json')).outputs).toMatchObject([
      { name: 'outputLabel', type: 'int64' },
      { name: 'outputProbability', type: 'float32', size: 2, labels: ['0', '1'] },
    ]);
    const { rows } = await models.json('zipped/1/golden.json');
    for (const { input, output } of rows) expect(output.outputProbability).toEqual(input.floatInput);
  });

  test('leaves out the outputs that --leave-out names', async () => {
    await using models = await openModels();
    const file = await models.file('zipmap.onnx', zipMapped());
    const args = ['add', file, '--name', 'zipped', '--leave-out'];
    expect((await models.command(...args, 'probability')).stderr).toContain(
      '--leave-out must name an output of zipmap.onnx (output_label, output_probability), got probability',
    );
    expect(await models.command(...args, 'output_probability')).toMatchObject({ code: 0 });
    expect((await models.json('zipped/model.json')).outputs).toMatchObject([{ name: 'outputLabel' }]);
  });

  const served: [string, () => Uint8Array, object][] = [
    ['a fixed batch of 1', fixedBatch, { inputs: [{ size: 4 }], batching: { maxBatchSize: 1 } }],
    ['pictures', image, { inputs: [{ shape: [3, 8, 8] }], outputs: [{ shape: [3, 8, 8] }] }],
    ['float16', halfPrecision, { inputs: [{ type: 'float16' }], outputs: [{}, { type: 'float16' }] }],
    [
      'rows that depend on each other, one task a run',
      mixedRows,
      { inputs: [{ shape: ['n'], batchAxis: null }], batching: { maxBatchSize: 1 } },
    ],
    [
      'rows that depend on the sign of others, one task a run',
      signedRows,
      { inputs: [{ shape: ['n', 2], batchAxis: null }], batching: { maxBatchSize: 1 } },
    ],
    [
      'an output that grows in steps, as long as it comes',
      windows,
      { inputs: [{ shape: [1, 'samples'] }], outputs: [{ shape: [1, 'frames'] }] },
    ],
  ];

  test.for(served)('serves a file with %s', async ([, content, manifest]) => {
    await using models = await openModels();
    const file = await models.file('odd.onnx', content());
    expect(await models.command('add', file, '--name', 'odd')).toMatchObject({ code: 0, stderr: '' });
    expect(await models.json('odd/model.json')).toMatchObject(manifest);
  });

  test('brings weights in a file beside the ONNX file into the version', async () => {
    await using models = await openModels();
    const file = await models.file('outside.onnx', externalWeights('weights.bin'));
    await models.file('weights.bin', new Uint8Array(Float32Array.of(3).buffer));
    const added = await models.command('add', file, '--name', 'outside');
    expect(added).toMatchObject({ code: 0, stderr: '' });
    expect(added.stdout).toContain('the weights of weights.bin were brought into the file');
    const { rows } = await models.json('outside/1/golden.json');
    for (const { input, output } of rows) expect(output.y).toBe(3 * input.tripDistance + input.puLocationId);
  });

  test('leaves large weights in a file of their own, which the digest of the version covers', async () => {
    await using models = await openModels();
    const file = await models.file('large.onnx', externalWeights('weights.bin'));
    const weights = await models.file('weights.bin', new Uint8Array(Float32Array.of(3).buffer));
    await truncate(weights, 257 * 2 ** 20);
    const added = await models.command('add', file, '--name', 'large');
    expect(added).toMatchObject({ code: 0, stderr: '' });
    expect(added.stdout).toContain(
      'weights.bin are too large to be brought into the file: they are in model.onnx.data',
    );
    const { files } = await models.json('large/1/version.json');
    expect(files).toMatchObject([{ path: 'model.onnx' }, { path: 'model.onnx.data', bytes: 257 * 2 ** 20 }]);
    const { rows } = await models.json('large/1/golden.json');
    for (const { input, output } of rows) expect(output.y).toBe(3 * input.tripDistance + input.puLocationId);
    const again = await models.command('add', file, '--name', 'large');
    expect(again.stderr).toContain('large.onnx is there already, as version 1');
    const kept = join(models.modelsDir, 'large/1/model.onnx.data');
    await writeFile(kept, new Uint8Array(Float32Array.of(4).buffer));
    const checked = await models.command('check', 'large');
    expect(checked.code).toBe(1);
    expect(checked.stderr).toContain(`${kept} must have the SHA-256 of its version.json`);
  });

  test('counts the warnings of ONNX Runtime, and does not print them', async () => {
    await using models = await openModels();
    const file = await models.file('warned.onnx', unusedConstants());
    const added = await models.command('add', file, '--name', 'warned');
    expect(added).toMatchObject({ code: 0, stderr: '' });
    expect(added.stdout).toContain('version 1: 2 warnings of ONNX Runtime');
    const checked = await models.command('check', 'warned');
    expect(checked).toMatchObject({ code: 0, stderr: '' });
    expect(checked.stdout).toContain('version 1: 2 warnings of ONNX Runtime');
  });

  const refusals: [string, () => Uint8Array | string, string][] = [
    ['an unknown operator', unknownOperator, 'The operator Frobnicate of com.example is not in ONNX Runtime'],
    [
      'weights that are not there',
      externalWeights,
      'Its weights are in "weights.bin": that file is not there, and belongs beside the ONNX file.',
    ],
    [
      'weights in another folder',
      () => externalWeights('../weights.bin'),
      'Its weights are in "../weights.bin": the name must be that of a file in the same folder.',
    ],
    ['a text instead of ONNX', () => 'this is a text', 'is no ONNX file, or it is incomplete'],
    ['only its first half', () => classifier().slice(0, 200), 'is no ONNX file, or it is incomplete'],
    ['a pickle', () => Uint8Array.of(0x80, 4, 0x95), 'it is a Python object (pickle or joblib)'],
    ['a pointer to another store', () => 'version https://git-lfs.github.com/spec/v1', 'git lfs pull'],
  ];

  test.for(refusals)('refuses a file with %s, and writes nothing', async ([, content, message]) => {
    await using models = await openModels();
    const file = await models.file('bad.onnx', content());
    const { code, stdout, stderr } = await models.command('add', file, '--name', 'bad');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('bad.onnx');
    expect(stderr).toContain(message);
    expect(stderr).not.toContain(models.modelsDir);
    expect(await filesIn(models.modelsDir)).toEqual([]);
  });

  test('refuses more inputs than a manifest may have', async () => {
    await using models = await openModels();
    const file = await models.file('wide.onnx', manyInputs(257));
    const { code, stderr } = await models.command('add', file, '--name', 'wide');
    expect(code).toBe(1);
    expect(stderr).toBe('model: the manifest of wide.onnx: /inputs must NOT have more than 256 items\n');
  });

  test('refuses names that are in use', async () => {
    await using models = await openFare(['1']);
    const other = await models.file('other.onnx', separateTensors(2));
    for (const mutation of ['predictFare', 'cancelTask']) {
      const { code, stderr } = await models.command('add', other, '--name', 'two', '--mutation', mutation);
      expect(code).toBe(1);
      expect(stderr).toContain(`one of the GraphQL names ${mutation}`);
      expect(stderr).toContain('choose another --mutation');
    }
  });

  test('adds the next version of a model of texts with its tokenizer, which the digest covers', async () => {
    await using models = await openModels();
    await cp(join(ROOT, 'models/language'), join(models.modelsDir, 'language'), { recursive: true });
    const bytes = await readFile(join(models.modelsDir, 'language/1/model.onnx'));
    // A field for people makes it another file of the same graph: number 6, three bytes.
    const better = await models.file('better.onnx', Buffer.concat([bytes, Buffer.from('\x32\x03new')]));
    expect(await models.command('add', better, '--name', 'language')).toMatchObject({ code: 0 });
    const [before, after] = await Promise.all(
      ['1', '2'].map((version) =>
        readFile(join(models.modelsDir, 'language', version, 'tokenizer.json'), 'utf8'),
      ),
    );
    expect(after).toBe(before);
    const record = join(models.modelsDir, 'language/2/version.json');
    const { files } = JSON.parse(await readFile(record, 'utf8'));
    expect(files).toMatchObject([{ path: 'model.onnx' }, { path: 'tokenizer.json' }]);
    const again = await models.command('add', better, '--name', 'language');
    expect(again.stderr).toContain('better.onnx is there already, as version 2');
  });

  test('refuses a version whose tokenizer no digest covers, until new golden rows are made', async () => {
    await using models = await openModels();
    await cp(join(ROOT, 'models/language'), join(models.modelsDir, 'language'), { recursive: true });
    const bytes = await readFile(join(models.modelsDir, 'language/1/model.onnx'));
    await models.edit('language/1/version.json', {
      sha256: createHash('sha256').update(bytes).digest('hex'),
      ...{ files: undefined, trainedOn: [] },
    });
    const refused = await models.command('check', 'language');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(
      'must have "files", because the version reads tokenizer.json, and a digest of model.onnx alone does not cover it',
    );
    const { example } = await models.json('language/model.json');
    const golden = await models.command('golden', 'language', '--example', JSON.stringify(example));
    expect(golden).toMatchObject({ code: 0, stderr: '' });
    const { files } = await models.json('language/1/version.json');
    expect(files).toMatchObject([{ path: 'model.onnx' }, { path: 'tokenizer.json' }]);
    expect(await models.command('check', 'language')).toMatchObject({ code: 0 });
    await writeFile(join(models.modelsDir, 'language/1/tokenizer.json'), '{}');
    const changed = await models.command('check', 'language');
    expect(changed.stderr).toContain('tokenizer.json must have the SHA-256 of its version.json');
  });

  test('adds the next version of an existing model, with the golden rows of the version before', async () => {
    await using models = await openFare();
    const manifest = await readFile(join(models.modelsDir, 'fare/model.json'), 'utf8');

    const first = await models.file('v1.onnx', separateTensors(2));
    const again = await models.command('add', first, '--name', 'fare');
    expect(again.code).toBe(1);
    expect(again.stderr).toContain(
      'v1.onnx is there already, as version 1. To have it twice on purpose, copy',
    );
    const stranger = await models.file('stranger.onnx', textAndBoolean());
    const refused = await models.command('add', stranger, '--name', 'fare');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(
      "the manifest's input puLocationId is PULocationID int64[N], the graph has",
    );
    expect(refused.stderr).toContain('Add it under another --name');

    const third = await models.file('v3.onnx', separateTensors(4));
    const added = await models.command('add', third, '--name', 'fare');
    expect(added).toMatchObject({ code: 0 });
    expect(added.stdout).toContain('It answers all tasks from now on, unless a\nrollout is set.');
    expect(added.stdout).toContain('setRollout(model: "fare", weights: [{ version: "2", percent: 100 }])');
    for (const [version, slope] of [
      ['2', 3],
      ['3', 4],
    ] as const)
      expect(await models.json('fare', version, 'golden.json')).toMatchObject({
        rows: [
          { input: { puLocationId: 7, tripDistance: 0.5 }, output: { y: 0.5 * slope + 7 } },
          { input: { puLocationId: 8, tripDistance: 2 }, output: { y: 2 * slope + 8 } },
        ],
      });
    expect(await readFile(join(models.modelsDir, 'fare/model.json'), 'utf8')).toBe(manifest);
    expect((await readdir(models.modelsDir)).toSorted()).toEqual(['fare']);
  });

  test.for<[string, string[], string]>([
    ['no command', [], 'expected add, golden, check, list, wheels, push, pull or retire, got none'],
    ['no name', ['add', 'x.onnx'], 'expected --name <name>, got none'],
    [
      'a name that cannot be',
      ['add', 'x.onnx', '--name', 'Iris_2'],
      '--name must be lower-case letters, digits and hyphens, a letter first, 63 at most, got Iris_2',
    ],
    [
      'a version that is no number',
      ['add', 'x.onnx', '--name', 'x', '--version', '1.0'],
      '--version must be a whole number from 1 to 999999999, got 1.0',
    ],
    ['an option twice', ['add', 'x.onnx', '--name', 'a', '--name', 'b'], '--name is given twice'],
    [
      'a batch that cannot be',
      ['add', 'x.onnx', '--name', 'a', '--max-batch-size', '5000'],
      '--max-batch-size must be a whole number from 1 to 4096, got 5000',
    ],
    ['an option that is not there', ['check', 'x', '--all'], "Unknown option '--all'"],
  ])('ends with exit code 2 for a command line with %s', async ([, args, message]) => {
    await using models = await openModels();
    const { code, stderr } = await models.command(...args);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
    expect(stderr).toContain('usage: npm run model');
  });

  test('gives its process the exit code', async () => {
    expect(await shared.commandProcess('list')).toMatchObject({ code: 0, stderr: '' });
    expect((await shared.commandProcess('add')).code).toBe(2);
  });
});

test.for<[string, string[], string]>([
  ['a model', ['add', 'nofile.onnx', '--name', 'x'], 'model: nofile.onnx is not there\n'],
  [
    'rows',
    ['add', 'nofile.onnx', '--name', 'x', '--example', 'rows.json'],
    'model: rows.json, given to --example, is not there\n',
  ],
])('a missing file of %s is named in the error', async ([, args, stderr]) => {
  await using models = await openModels();
  expect(await models.command(...args)).toMatchObject({ code: 1, stderr });
});

describe('npm run model -- golden', () => {
  test('makes new golden rows and a new example after names and limits changed', async () => {
    await using models = await openFare();
    const [zone, distance] = (await models.json('fare/model.json')).inputs;
    const limits = { unit: 'miles', minimum: 2.5, maximum: 8.5 };
    await models.edit('fare/model.json', {
      inputs: [
        { ...zone, minimum: 100 },
        { ...distance, ...limits, name: 'tripDistanceMiles' },
      ],
    });
    const refused = await models.command('check', 'fare');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(
      'fare/model.json: example names tripDistance, which is no input. Make a new one: npm run model -- golden fare',
    );

    const made = await models.command('golden', 'fare');
    expect(made).toMatchObject({ code: 0, stderr: '' });
    expect(made.stdout).toContain(
      'The example of model.json is now {"puLocationId":100,"tripDistanceMiles":5.5}.',
    );
    for (const [version, slope] of [
      ['1', 2],
      ['2', 3],
    ] as const) {
      const { rows } = await models.json('fare', version, 'golden.json');
      expect(rows.map(({ input }: GoldenRow) => input.tripDistanceMiles)).toEqual([5.5, 6.5, 8.5, 2.5, 4.5]);
      for (const { input, output } of rows)
        expect(output.y).toBe(slope * input.tripDistanceMiles + input.puLocationId);
    }
    const checked = await models.command('check', 'fare');
    expect(checked).toMatchObject({ code: 0, stderr: '' });
    expect(checked.stdout.match(/ ok$/gm)).toHaveLength(2);

    const manifest = await models.json('fare/model.json');
    const row = '{"puLocationId": 107, "trip_distance": 3}';
    const own = await models.command('golden', 'fare/2', '--example', row);
    expect(own.stdout).toContain('The example of model.json fits');
    expect(await models.json('fare/2/golden.json')).toMatchObject({
      rows: [{ input: { puLocationId: 107, tripDistanceMiles: 3 }, output: { y: 116 } }],
    });
    expect((await models.json('fare/1/golden.json')).rows).toHaveLength(5);
    expect(await models.json('fare/model.json')).toEqual(manifest);
  });

  test('refuses to replace golden rows from training, and then changes no version', async () => {
    await using models = await openFare();
    const golden = await models.json('fare/1/golden.json');
    await models.edit('fare/2/version.json', { trainedOn: ['trips.parquet'] });
    const { code, stderr } = await models.command(
      'golden',
      'fare',
      '--example',
      '[{"PULocationID": 7, "trip_distance": 1}]',
    );
    expect(code).toBe(1);
    expect(stderr).toContain('fare/2 was trained on trips.parquet');
    expect(await models.json('fare/1/golden.json')).toEqual(golden);
    await models.edit('fare/1/golden.json', { rows: [{ input: { zone: 1 }, output: { y: 1 } }] });
    expect((await models.command('check', 'fare/1')).stderr).toContain(
      'golden.json names zone, which is no input. Make new ones: npm run model -- golden fare/1',
    );
  });
});

describe('npm run model -- check', () => {
  test('refuses mistakes that would prevent a start: names in use, and versions that are not there', async () => {
    await using models = await openFare(['1']);
    await cp(join(models.modelsDir, 'fare'), join(models.modelsDir, 'tip'), { recursive: true });
    const graphql = { mutation: 'predictTip', inputType: 'PredictTipInput', predictionType: 'TipPrediction' };
    await models.edit('tip/model.json', { name: 'tip', graphql });
    for (const [members, problem] of [
      [
        { graphql: { ...graphql, mutation: 'predictFare' } },
        'graphql.mutation: the GraphQL name predictFare is used by fare already',
      ],
      [{ graphql: { ...graphql, inputType: 'TaskOptions' } }, 'TaskOptions'],
      [{ graphql, versions: [1, 9] }, 'versions: version 9 is to be served, but there is 1'],
      [
        { versions: 'newest' },
        'versions must be "all", "latest" or a list of version numbers such as [1, 3], got "newest"',
      ],
    ] as const) {
      await models.edit('tip/model.json', members);
      const { code, stderr } = await models.command('check', 'tip');
      expect(code).toBe(1);
      expect(stderr).toContain('tip/model.json: ');
      expect(stderr).toContain(problem);
    }
    // A mistake in another model's manifest does not affect this model.
    expect(await models.command('check', 'fare')).toMatchObject({ code: 0, stderr: '' });
  });

  test('lists each version that a worker would refuse, with the reason', async () => {
    await using models = await openFare(['1']);
    const folder = join(models.modelsDir, 'fare');
    for (const version of ['2', '3', '4'])
      await cp(join(folder, '1'), join(folder, version), { recursive: true });
    const golden = await models.json('fare/2/golden.json');
    golden.rows[0].output.y += 1;
    await writeFile(join(folder, '2/golden.json'), JSON.stringify(golden));
    await writeFile(join(folder, '3/model.onnx'), separateTensors(4));
    await writeFile(join(folder, '4/version.json'), '{');

    const { code, stdout, stderr } = await models.command('check', 'fare');
    expect(code).toBe(1);
    const verdicts = stdout.split('\n').map((line) => [line.split(' ')[0], line.split(' ').at(-1)]);
    expect(verdicts).toEqual([
      ['version', 'verdict'],
      ['1', 'ok'],
      ['2', 'refused'],
      ['3', 'refused'],
      ['4', 'refused'],
      ['', ''],
    ]);
    expect(stderr).toContain(
      'fare/2 is refused: for {"puLocationId":1,"tripDistance":1} golden.json wants y 4',
    );
    expect(stderr).toContain('must have the SHA-256 of its version.json');
    expect(stderr).toContain('version.json must be a readable JSON file');
    expect(await models.command('check', 'fare/1')).toMatchObject({ code: 0, stderr: '' });
  });

  test('lists the existing models or versions if the given one is not there', async () => {
    await using models = await openFare(['1']);
    const model = await models.command('check', 'fair');
    expect(model).toMatchObject({ code: 1, stdout: '' });
    expect(model.stderr).toContain('fair/model.json is not there');
    expect(model.stderr).toContain(': fare');
    const version = await models.command('check', 'fare/2');
    expect(version.code).toBe(1);
    expect(version.stderr).toContain('must have version 2, found 1');
  });
});

// The test adds three models and starts three processes, which takes long on slow machines.
test('added models are served, and so is a version that is added while they run', {
  timeout: 180_000,
}, async () => {
  await using models = await openFare(['1']);
  await cp(join(shared.modelsDir, 'pipeline'), join(models.modelsDir, 'pipeline'), { recursive: true });
  const adding = [
    ['iris', await models.file('iris.onnx', classifier())],
    ['texts', await models.file('texts.onnx', textAndBoolean()), '--mutation', 'describeDay'],
  ] as const;
  const added = adding.map(([name, file, ...more]) => models.command('add', file, '--name', name, ...more));
  for (const ending of await Promise.all(added)) expect(ending).toMatchObject({ code: 0 });

  await using nats = await startNats();
  const env = { MODELS_DIR: models.modelsDir };
  await using gateway = await startGateway(nats, env);
  await using _worker = await startWorker(nats, env);
  for (const name of ['fare', 'pipeline', 'iris', 'texts']) {
    const { rows } = await models.json(name, '1/golden.json');
    const manifest = await models.json(name, 'model.json');
    for (const { input, output } of rows) {
      const { data } = await submit(gateway.url, manifest, { input });
      expect(await result(gateway.url, manifest, data)).toMatchObject({
        state: 'SUCCEEDED',
        prediction: output,
      });
    }
  }

  const file = await models.file('fare2.onnx', separateTensors(3));
  expect(await models.command('add', file, '--name', 'fare')).toMatchObject({ code: 0 });
  const manifest = await models.json('fare', 'model.json');
  const pinned = { input: manifest.example, options: { modelVersion: '2' } };
  const { data } = await eventually(
    () => submit(gateway.url, manifest, pinned),
    ({ errors }) => errors === undefined,
  );
  expect(await result(gateway.url, manifest, data)).toMatchObject({
    state: 'SUCCEEDED',
    modelVersion: '2',
    prediction: { y: 4 },
  });
});

type ManifestNames = Pick<Manifest, 'graphql' | 'outputs'>;

/** Submits over POST. */
function submit(
  url: string,
  { graphql }: ManifestNames,
  variables: Record<string, unknown>,
): Promise<Answer> {
  const { mutation, inputType } = graphql;
  return post(
    url,
    `mutation ($input: ${inputType}!, $options: TaskOptions) { ${mutation}(input: $input, options: $options) { id } }`,
    variables,
  );
}

/** Waits for the result of a submitted task, over SSE. */
async function result(
  url: string,
  { graphql, outputs }: ManifestNames,
  data: Answer['data'],
): Promise<unknown> {
  const fields = outputs.map(({ name }) => name).join(' ');
  const prediction = `prediction { ... on ${graphql.predictionType} { ${fields} } }`;
  const query = `subscription ($id: ID!) { taskResult(id: $id) { state modelVersion error { message } ${prediction} } }`;
  const answers = await collect(sse(url, query, { id: data?.[graphql.mutation]?.id }));
  return answers[0]?.data?.taskResult;
}

/** Paths of all files, hidden ones too. */
async function filesIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .toSorted();
}

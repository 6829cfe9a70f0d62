/** The recipe of trip-duration on generated trips, the training command, and the committed version. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { DOUBLE, DuckDBInstance, INTEGER, LIST, listValue } from '@duckdb/node-api';
import { describe, expect, test, vi } from 'vitest';
import { type Row, solveRidge } from '../../models/trip-duration/ridge.ts';
import { type FinishedTrip, predict, train as recipe, type Trip } from '../../models/trip-duration/train.ts';
import { DataError, type RecipeRun, type TrainingFiles } from '../../src/cli/train/recipe.ts';
import { ensurePython } from '../../src/process/pythonEnvironment.ts';
import type { ProgressNotice } from '../../workers/training/progressFrame.ts';
import { runRecipe } from '../../workers/training/recipeChild.ts';
import { launchOf } from '../../workers/training/recipeLaunch.ts';
import { eventually } from '../support/eventually.ts';
import { MODELS } from '../support/models.ts';

const COMMITTED = fileURLToPath(new URL('../../models/trip-duration/1/', import.meta.url));
const COMMAND = fileURLToPath(new URL('../../src/cli/train.ts', import.meta.url));
const run = promisify(execFile);
const PYTHON_RECIPE = ['trip-duration', '--recipe', 'train.py', '--train', 'x'];
/** The machine's Python 3, if it has one. Some training needs it; tests without it are skipped. */
const PYTHON = (process.env.PATH ?? '')
  .split(delimiter)
  .map((folder) => join(folder, 'python3'))
  .find((file) => existsSync(file));

/** This recipe takes no third argument. */
const train = (files: TrainingFiles, report: (step: string) => void) =>
  recipe(files, report, {} as RecipeRun);

describe('solveRidge', () => {
  test('gives the same weights as a dense solution of the normal equations', () => {
    const random = seededRandom(1);
    const rows = Array.from({ length: 400 }, () => {
      const category = Math.floor(random() * random() * 12);
      return { category, x: random() * 50, y: random() * 60 + category };
    });
    const { intercept, slope, weights } = solveRidge(rows, 1);
    const dense = solveDensely(rows, 1);
    expect(slope).toBeCloseTo(dense.slope, 9);
    expect(intercept).toBeCloseTo(dense.intercept, 9);
    expect(weights.size).toBe(dense.weights.size);
    for (const [category, weight] of dense.weights) expect(weights.get(category)).toBeCloseTo(weight, 9);
  });

  test('shrinks the weights but not the intercept', () => {
    const rows = [10, 20].flatMap((y, category) => [0, 1, 2].map((x) => ({ category, x, y })));
    const { intercept, slope, weights } = solveRidge(rows, 1e9);
    expect(intercept).toBeCloseTo(15, 6);
    expect([slope, ...weights.values()].map(Math.abs).every((weight) => weight < 1e-6)).toBe(true);
  });
});

describe('the recipe', () => {
  test('makes a graph that answers like a dense solution for the same trips', async () => {
    await using folder = await openFolder();
    const trips = makeTrips(600);
    const version = await train(
      { ...NO_FILES, train: [await folder.write('month.parquet', trips)] },
      () => {},
    );

    const dense = solveDensely(trips.map(rowOf), 1);
    const expected = trips.map((trip) => answer(dense, trip));
    expectClose(await predict(version.model, trips), expected);

    const squares = trips.reduce((sum, trip, i) => sum + ((expected[i] ?? 0) - trip.durationMinutes) ** 2, 0);
    const rmse = version.metrics.find(({ name }) => name === 'RMSE');
    expect(rmse).toMatchObject({ data: 'month.parquet', unit: 'minutes' });
    expect(rmse?.value).toBeCloseTo(Math.sqrt(squares / trips.length), 3);
  });

  test('gives only the intercept for a pair of zones without training trips, and clips the distance', async () => {
    await using folder = await openFolder();
    const trips = makeTrips(600);
    const { model } = await train({ ...NO_FILES, train: [await folder.write('m.parquet', trips)] }, () => {});
    const { intercept, slope } = solveDensely(trips.map(rowOf), 1);
    const unseen = [-3, 0, 49, 50, 75, 244152.01].map((miles) => makeTrip(200, 201, miles));
    const clipped = [0, 0, 49, 50, 50, 50];
    expectClose(
      await predict(model, unseen),
      clipped.map((miles) => intercept + slope * miles),
    );
  });

  test('leaves out trips shorter than 1 minute or longer than 60, for any integer type in the file', async () => {
    await using folder = await openFolder();
    const kept = makeTrips(100).concat(
      { ...makeTrip(1, 265, 3), durationMinutes: 1 },
      { ...makeTrip(265, 1, 3), durationMinutes: 60 },
    );
    const outside = [59 / 60, 3601 / 60, -5, 1440].map((durationMinutes) => ({
      ...makeTrip(9, 9, 9),
      durationMinutes,
    }));
    const files = [
      await folder.write('kept.parquet', kept),
      await folder.write('all.parquet', [...outside, ...kept], { zoneType: 'INTEGER' }),
    ];
    const [first, second] = await Promise.all(
      files.map((file) => train({ ...NO_FILES, train: [file] }, () => {})),
    );
    expect(Buffer.from(second?.model ?? []).equals(Buffer.from(first?.model ?? [1]))).toBe(true);
  });

  test('uses the names of the manifest in its golden rows, and answers them within their tolerance', async () => {
    await using folder = await openFolder();
    const { model, golden } = await train(
      { ...NO_FILES, train: [await folder.write('m.parquet', makeTrips(50))] },
      () => {},
    );
    const predictions = await predict(
      model,
      golden.rows.map(({ input }) => input as Trip),
    );
    expectClose(
      predictions,
      golden.rows.map(({ output }) => Number(output.durationMinutes)),
      golden.tolerance,
    );
  });

  test.for([
    {
      wrong: 'a missing file',
      name: 'none.parquet',
      says: 'expected a Parquet file, got nothing by that name',
    },
    { wrong: 'a folder', name: '', says: 'expected a Parquet file, got a folder' },
    { wrong: 'a file that is not Parquet', name: 'text.parquet', says: 'No magic bytes' },
    { wrong: 'a month of other taxis', name: 'yellow.parquet', says: /column "lpep_\w+" not found.*tpep_/ },
    {
      wrong: 'an impossible zone',
      name: 'zone.parquet',
      says: 'from zone 266 to zone 5, where zones are 1 to 265',
    },
    { wrong: 'a distance that is not a number', name: 'distance.parquet', says: 'a trip of NaN miles' },
    { wrong: 'a month without a trip', name: 'empty.parquet', says: 'got: no trip of 1 to 60 minutes' },
  ])('refuses $wrong with one line that names the file', async ({ name, says }) => {
    await using folder = await openFolder();
    await folder.write('zone.parquet', [{ ...makeTrip(266, 5, 1), durationMinutes: 9 }]);
    await folder.write('distance.parquet', [{ ...makeTrip(6, 5, Number.NaN), durationMinutes: 9 }]);
    await folder.write('empty.parquet', []);
    const yellow = 'SELECT lpep_pickup_datetime AS tpep_pickup_datetime FROM month';
    await folder.query(`COPY (${yellow}) TO $file (FORMAT parquet)`, {
      file: join(folder.path, 'yellow.parquet'),
    });
    await writeFile(join(folder.path, 'text.parquet'), 'lpep_pickup_datetime,lpep_dropoff_datetime\n');
    const file = join(folder.path, name);
    const failure = train({ ...NO_FILES, train: [file] }, () => {});
    await expect(failure).rejects.toThrow(expect.objectContaining({ name: 'DataError' }));
    await expect(failure).rejects.toThrow(says);
    await expect(failure).rejects.toThrow(new RegExp(`^${RegExp.escape(file)}: [^\n]+$`));
  });
});

describe('npm run train', () => {
  test('stores a complete version with the same bytes each time, and never replaces the weights of a version', async () => {
    await using folder = await openFolder();
    const month = await folder.write('month.parquet', makeTrips(200));
    const other = await folder.write('other.parquet', makeTrips(201));
    const out = join(folder.path, '1');
    const { stdout } = await runCommand('trip-duration', '--train', month, '--holdout', other, '--out', out);
    expect(stdout).toMatch(/^other\.parquet\s+RMSE \d+\.\d{4} minutes\s+MAE \d+\.\d{4} minutes$/m);

    expect((await readdir(out)).toSorted()).toEqual(['golden.json', 'model.onnx', 'version.json']);
    const stored = await readFile(join(out, 'model.onnx'));
    const version = JSON.parse(await readFile(join(out, 'version.json'), 'utf8'));
    expect(version).toMatchObject({ sha256: sha256(stored), trainedOn: ['month.parquet'] });
    expect(
      version.metrics.map(({ data, name }: { data: string; name: string }) => `${data} ${name}`),
    ).toEqual(['month.parquet RMSE', 'month.parquet MAE', 'other.parquet RMSE', 'other.parquet MAE']);

    await runCommand('trip-duration', '--train', month, '--out', out);
    expect(await readFile(join(out, 'model.onnx'))).toEqual(stored);
    const refused = runCommand('trip-duration', '--train', other, '--out', out);
    await expect(refused).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('a version never changes'),
    });
    expect(await readFile(join(out, 'model.onnx'))).toEqual(stored);
  });

  test('stores nothing when a file cannot be read', async () => {
    await using folder = await openFolder();
    const month = await folder.write('month.parquet', makeTrips(50));
    const missing = join(folder.path, 'none.parquet');
    const out = join(folder.path, '1');
    const failure = runCommand('trip-duration', '--train', month, '--holdout', missing, '--out', out);
    const stderr = `train: ${missing}: expected a Parquet file, got nothing by that name\n`;
    await expect(failure).rejects.toMatchObject({ code: 1, stderr });
    expect(await readdir(folder.path)).toEqual(['month.parquet']);
  });

  test.for([
    { wrong: 'no model', args: ['--train', 'x'], says: 'expected the name of one model, got none' },
    {
      wrong: 'a model without a recipe',
      args: ['nope', '--train', 'x'],
      says: 'trip-duration), got nope',
    },
    {
      wrong: 'no training file',
      args: ['trip-duration'],
      says: 'expected at least one --train <file>, got none',
    },
    {
      wrong: 'a recipe that the model does not have',
      args: ['trip-duration', '--train', 'x', '--recipe', 'train.go'],
      says: 'expected a recipe of trip-duration (train.ts, train.py), got train.go',
    },
    {
      wrong: 'an unknown option',
      args: ['trip-duration', '--test', 'x'],
      says: "Unknown option '--test'; usage",
    },
  ])('refuses $wrong with exit code 2 and the usage', async ({ args, says }) => {
    const failure = runCommand(...args);
    await expect(failure).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining(says) });
    await expect(failure).rejects.toMatchObject({
      stderr: expect.stringMatching(/^train: [^\n]+ usage: [^\n]+\n$/),
    });
  });
});

describe('a recipe in Python', () => {
  test('is refused with one line where there is no python3', async () => {
    await using folder = await openFolder();
    const failure = runCommandWith({ PATH: folder.path }, ...PYTHON_RECIPE);
    await expect(failure).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^train: code in Python needs python3 [^\n]+ENOENT\n$/),
    });
  });

  test('is refused with one line where python3 cannot make an environment, and leaves none', async () => {
    await using folder = await openFolder();
    const script = `#!/bin/sh
[ "$1" = --version ] && echo 'Python 3.0.0 of ${folder.path}' && exit
mkdir "$3" && printf %s "$3" > '${folder.path}/made' && echo 'ensurepip is not available.' && exit 1`;
    await writeFile(join(folder.path, 'python3'), script, { mode: 0o755 });
    const PATH = `${folder.path}:${process.env.PATH}`;
    await expect(runCommandWith({ PATH }, ...PYTHON_RECIPE)).rejects.toMatchObject({
      code: 1,
      stderr: 'train: python3 cannot make a virtual environment: ensurepip is not available.\n',
    });
    expect(existsSync(await readFile(join(folder.path, 'made'), 'utf8'))).toBe(false);
  });

  test.each(['churn', 'digits', 'housing', 'language', 'spikes', 'trip-duration'])(
    'for %s pins each package with the SHA-256 of its wheels',
    async (model) => {
      const text = await readFile(join(MODELS, model, 'requirements.txt'), 'utf8');
      const packages = text.replaceAll(/^#.*$/gm, '').replaceAll(/\\\n/g, ' ').trim().split('\n');
      expect(packages.length).toBeGreaterThan(5);
      for (const line of packages) expect(line).toMatch(/^[\w-]+==[\w.]+( +--hash=sha256:[0-9a-f]{64})+$/);
    },
  );

  test.skipIf(PYTHON === undefined)(
    'does not get a wheel whose SHA-256 is not pinned, and gets the right one',
    async () => {
      await using wheels = await openWheels();
      const right = sha256(await readFile(wheels.wheel));
      const wrong = right.replace(/^./, (digit) => (digit === '0' ? '1' : '0'));
      const ensure = (hash: string) => wheels.ensure(`tiny==1.0 \\\n    --hash=sha256:${hash}\n`);
      await expect(ensure(wrong)).rejects.toThrow(
        `tiny==1.0 came with the SHA-256 ${right}, which is not among those pinned`,
      );
      await expect(wheels.ensure('tiny==1.0\n')).rejects.toThrow('Hashes are required');
      await rm(dirname(dirname(await ensure(right))), { recursive: true });
    },
  );

  describe.skipIf(PYTHON === undefined)('without packages', () => {
    test('leaves a version and reports its steps', async () => {
      await using recipe = await openRecipe(`
def train(files, report):
    report(f"read {files.train[0].name}, {len(files.holdout)} more")
    metrics = [Metric("x.csv", "RMSE", "minutes", 1.5)]
    return TrainedVersion(b"onnx", metrics, [GoldenRow({"café": "é"}, {"y": 1.25})], 0.5, files={"tokenizer.json": b"{}"})`);
      const { lines } = await recipe.run({ train: ['a b.csv'], validate: [], holdout: ['c', 'd'] });
      expect(lines).toEqual(['read a b.csv, 2 more']);
      expect(await recipe.read('model.onnx')).toBe('onnx');
      expect(await recipe.read('tokenizer.json')).toBe('{}');
      expect(JSON.parse(await recipe.read('metrics.json'))).toEqual([
        { data: 'x.csv', name: 'RMSE', unit: 'minutes', value: 1.5 },
      ]);
      expect(JSON.parse(await recipe.read('golden.json'))).toEqual({
        tolerance: 0.5,
        rows: [{ input: { café: 'é' }, output: { y: 1.25 } }],
      });
    });

    test('tells its progress, keeps checkpoints and hears that it is to end, if it takes a third argument', async () => {
      await using recipe = await openRecipe(`
def train(files, report, run):
    state = run.scratch / "state"
    state.write_text(str(run.seed))
    run.progress(1, run.params["trees"], "trees", loss=float("nan"), rmse=2)
    run.checkpoint(state)
    report(f"{run.resumes_from} {run.cancelled}")
    while not run.cancelled:
        pass
    raise DataError("cancelled")`);
      const cancelling = new AbortController();
      const { lines, progress, kept, ended } = recipe.start(NO_FILES, cancelling.signal);
      // The file of a checkpoint is read before it counts as kept, so the line after it may come first.
      await eventually(
        () => [lines, progress, kept],
        (all) => all.every(({ length }) => length > 0),
      );
      expect(lines).toEqual(['None False']);
      expect(progress).toEqual([{ done: 1, of: 3, unit: 'trees', metrics: [{ name: 'rmse', value: 2 }] }]);
      expect(kept).toEqual(['7']);
      cancelling.abort(new Error('cancelled'));
      await expect(ended).rejects.toThrow(new DataError('cancelled'));
    });

    test('has different errors for unusable data and for a defect of the recipe', async () => {
      await using unusable = await openRecipe(
        'def train(files, report):\n    raise DataError("x.csv: expected é, got è")',
      );
      await expect(unusable.run(NO_FILES)).rejects.toThrow(new DataError('x.csv: expected é, got è'));
      await using defect = await openRecipe('def train(files, report):\n    raise RuntimeError("never")');
      const failure = defect.run(NO_FILES);
      await expect(failure).rejects.toThrow('it ended with exit code 1: RuntimeError: never');
      await expect(failure).rejects.toMatchObject({
        printed: expect.arrayContaining(['Traceback (most recent call last):']),
      });
    });
  });
});

describe('the committed version', () => {
  test('has the digest in its version.json, and less than 2 MB', async () => {
    const model = await readFile(join(COMMITTED, 'model.onnx'));
    expect(JSON.parse(await readFile(join(COMMITTED, 'version.json'), 'utf8')).sha256).toBe(sha256(model));
    expect(model.byteLength).toBeLessThan(2_000_000);
  });

  test('gives the published sample predictions and its golden rows, alone and as one batch', async () => {
    const model = await readFile(join(COMMITTED, 'model.onnx'));
    const golden = JSON.parse(await readFile(join(COMMITTED, 'golden.json'), 'utf8'));
    const samples: { input: Trip; output: { durationMinutes: number } }[] = [...SAMPLES, ...golden.rows];
    const trips = samples.map(({ input }) => input);
    const expected = samples.map(({ output }) => output.durationMinutes);
    expectClose(await predict(model, trips), expected);
    for (const [i, trip] of trips.entries()) {
      expectClose(await predict(model, [trip]), expected.slice(i, i + 1));
    }
  });
});

/** A model's folder with a recipe in Python, which the machine's Python runs. */
async function openRecipe(source: string) {
  const folder = await openFolder();
  const [model, out, scratch] = [
    join(folder.path, 'model'),
    join(folder.path, 'out'),
    join(folder.path, 'scratch'),
  ];
  for (const inside of [model, out, scratch]) await mkdir(inside);
  const imports = 'from recipe import DataError, GoldenRow, Metric, TrainedVersion, main';
  await writeFile(join(model, 'train.py'), `${imports}\n${source}\nmain(train)\n`);
  const start = (files: TrainingFiles, signal = new AbortController().signal) => {
    const lines: string[] = [];
    const progress: ProgressNotice[] = [];
    const kept: string[] = [];
    const ended = runRecipe({
      launch: launchOf({ folder: model, recipe: { file: 'train.py' }, python: PYTHON, variables: [] }),
      ask: { files, params: { trees: 3 }, seed: 7, out, scratch },
      ...{ maxMib: 0, stallMs: 60_000, signal },
      onProgress: (notice) => progress.push(notice),
      onCheckpoint: async (file) => void kept.push(await readFile(file, 'utf8')),
      onLine: (line) => lines.push(line),
    });
    ended.catch(() => {});
    return { lines, progress, kept, ended };
  };
  return {
    start,
    async run(files: TrainingFiles) {
      const started = start(files);
      await started.ended;
      return started;
    },
    read: (name: string) => readFile(join(out, name), 'utf8'),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

const NO_FILES: TrainingFiles = { train: [], validate: [], holdout: [] };

/** Predictions of scikit-learn's Ridge(alpha=1), trained on 2021-01. The last distance is far above the API's limit. */
const SAMPLES = [
  { input: makeTrip(74, 75, 1.44), output: { durationMinutes: 7.848074721 } },
  { input: makeTrip(43, 151, 1.01), output: { durationMinutes: 6.069086518 } },
  { input: makeTrip(166, 239, 2.53), output: { durationMinutes: 10.937637018 } },
  { input: makeTrip(130, 205, 4), output: { durationMinutes: 14.141279595 } },
  { input: makeTrip(265, 1, 10), output: { durationMinutes: 27.409934216 } },
  { input: makeTrip(75, 75, 244152.01), output: { durationMinutes: 64.875259996 } },
];

function makeTrip(pickupLocationId: number, dropoffLocationId: number, tripDistanceMiles: number): Trip {
  return { pickupLocationId, dropoffLocationId, tripDistanceMiles };
}

/** Trips between a few zones, some with an absurd distance, of whole seconds; the same for the same count. */
function makeTrips(count: number): FinishedTrip[] {
  const random = seededRandom(count);
  const zones = [1, 7, 74, 75, 265];
  const zone = () => zones[Math.floor(random() * random() * zones.length)] ?? 1;
  return Array.from({ length: count }, () => {
    const miles = random() < 0.05 ? random() * 100_000 : random() * 20;
    const seconds = 60 + Math.round(random() * 1200 + Math.min(miles, 50) * 40);
    return { ...makeTrip(zone(), zone(), miles), durationMinutes: Math.min(seconds, 3600) / 60 };
  });
}

function rowOf(trip: FinishedTrip): Row {
  const category = trip.pickupLocationId * 1000 + trip.dropoffLocationId;
  return { category, x: Math.min(trip.tripDistanceMiles, 50), y: trip.durationMinutes };
}

function answer({ intercept, slope, weights }: ReturnType<typeof solveDensely>, trip: FinishedTrip): number {
  const { category, x } = rowOf(trip);
  return intercept + slope * x + (weights.get(category) ?? 0);
}

/** Textbook ridge regression: AᵀA + alpha on the diagonal (not for the intercept), Gauss-Jordan with pivoting. */
function solveDensely(rows: readonly Row[], alpha: number) {
  const categories = [...new Set(rows.map(({ category }) => category))];
  const size = categories.length + 2;
  const system = Array.from({ length: size }, (_, i) => {
    return Array.from({ length: size + 1 }, (_, j) => (i === j && i < size - 1 ? alpha : 0));
  });
  for (const { category, x, y } of rows) {
    const features = [...categories.map((known) => Number(known === category)), x, 1];
    system.forEach((equation, i) => {
      [...features, y].forEach((value, j) => {
        equation[j] = at(equation, j) + at(features, i) * value;
      });
    });
  }
  for (let pivot = 0; pivot < size; pivot++) {
    const rest = system.splice(pivot).toSorted((a, b) => Math.abs(at(b, pivot)) - Math.abs(at(a, pivot)));
    system.push(...rest);
    const chosen = (system[pivot] ?? []).map((value, _, equation) => value / at(equation, pivot));
    system.forEach((equation, i) => {
      const factor = at(equation, pivot);
      system[i] = i === pivot ? chosen : equation.map((value, j) => value - factor * at(chosen, j));
    });
  }
  const solution = system.map((equation) => at(equation, size));
  const weights = new Map(categories.map((category, i) => [category, at(solution, i)]));
  return { weights, slope: at(solution, size - 2), intercept: at(solution, size - 1) };
}

function at(values: readonly number[], index: number): number {
  return values[index] ?? Number.NaN;
}

function expectClose(actual: readonly number[], expected: readonly number[], tolerance = 1e-4): void {
  expect(actual.length).toBe(expected.length);
  const errors = actual.map((value, i) => Math.abs(value - at(expected, i)));
  expect(errors.filter((error) => !(error <= tolerance))).toEqual([]);
}

/** Random numbers from 0 to 1, the same for the same seed (mulberry32). */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function runCommand(...args: string[]) {
  return run(process.execPath, [COMMAND, ...args]);
}

function runCommandWith(env: NodeJS.ProcessEnv, ...args: string[]) {
  return run(process.execPath, [COMMAND, ...args], { env });
}

/**
 * A folder with the wheel of a package `tiny`, the only source for pip. The `python3` in it only makes a folder instead
 * of an environment, but uses the machine's real pip.
 */
async function openWheels() {
  const path = await mkdtemp(join(tmpdir(), 'tidings-wheels-'));
  const wheel = join(path, 'tiny-1.0-py3-none-any.whl');
  const zip = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w") as wheel:
    wheel.writestr("tiny.py", "")
    wheel.writestr("tiny-1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: tiny\\nVersion: 1.0\\n")
    wheel.writestr("tiny-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    wheel.writestr("tiny-1.0.dist-info/RECORD", "")`;
  await run(String(PYTHON), ['-c', zip, wheel]);
  const made = `#!/bin/sh\n[ "$3" = check ] || exec '${PYTHON}' "$@" --target '${path}/site'\n`;
  await writeFile(join(path, 'made'), made, { mode: 0o755 });
  const python3 = `#!/bin/sh
[ "$1" = --version ] && echo 'Python of ${path}' && exit
mkdir -p "$3/bin" && cp '${path}/made' "$3/bin/python"`;
  await writeFile(join(path, 'python3'), python3, { mode: 0o755 });
  vi.stubEnv('PATH', `${path}${delimiter}${process.env.PATH}`);
  for (const [name, value] of Object.entries({ NO_INDEX: '1', FIND_LINKS: path, CONFIG_FILE: '/dev/null' }))
    vi.stubEnv(`PIP_${name}`, value);
  return {
    wheel,
    async ensure(requirements: string): Promise<string> {
      const file = join(path, 'requirements.txt');
      await writeFile(file, requirements);
      return (await ensurePython({ requirements: file, report: () => {} })).python;
    },
    async [Symbol.asyncDispose]() {
      vi.unstubAllEnvs();
      await rm(path, { recursive: true, force: true });
    },
  };
}

/** A temporary folder, deleted when disposed, for files of months in TLC's format. */
async function openFolder() {
  const path = await mkdtemp(join(tmpdir(), 'tidings-train-'));
  const database = await DuckDBInstance.create(':memory:');
  const connection = await database.connect();
  return {
    path,
    query: connection.run.bind(connection),
    async write(name: string, trips: readonly FinishedTrip[], { zoneType = 'BIGINT' } = {}): Promise<string> {
      const file = join(path, name);
      await connection.run(
        `CREATE OR REPLACE TABLE month AS
           SELECT CAST(2 AS BIGINT) AS VendorID, TIMESTAMP '2021-01-31 23:59:00' AS lpep_pickup_datetime,
             lpep_pickup_datetime + to_seconds(seconds) AS lpep_dropoff_datetime,
             CAST(pickup AS ${zoneType}) AS PULocationID, CAST(dropoff AS ${zoneType}) AS DOLocationID,
             miles AS trip_distance
           FROM (SELECT unnest($pickups) AS pickup, unnest($dropoffs) AS dropoff, unnest($miles) AS miles,
             unnest($seconds) AS seconds)`,
        {
          pickups: listValue(trips.map((trip) => trip.pickupLocationId)),
          dropoffs: listValue(trips.map((trip) => trip.dropoffLocationId)),
          miles: listValue(trips.map((trip) => trip.tripDistanceMiles)),
          seconds: listValue(trips.map((trip) => Math.round(trip.durationMinutes * 60))),
        },
        { pickups: LIST(INTEGER), dropoffs: LIST(INTEGER), miles: LIST(DOUBLE), seconds: LIST(INTEGER) },
      );
      await connection.run('COPY month TO $file (FORMAT parquet)', { file });
      return file;
    },
    async [Symbol.asyncDispose]() {
      connection.closeSync();
      database.closeSync();
      await rm(path, { recursive: true, force: true });
    },
  };
}

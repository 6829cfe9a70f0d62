/** `npm run score`: a file is scored by a running Tidings. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { link, mkdir, mkdtempDisposable, readFile, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runScoreCommand } from '../../src/cli/score/command.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/freePort.ts';
import type { ModelsFolder } from '../support/models.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { openDirectModel, tripNumber } from '../support/predictDirectly.ts';
import { type Gateway, type Process, startGateway, startWorker } from '../support/processes.ts';
import { allServed, inForce, MINUTES, setRollout, twoVersions } from '../support/rollouts.ts';
import { inspectStreams } from '../support/streams.ts';

const ROOT = join(import.meta.dirname, '../..');
const ROWS = 4_345;
/** The rows of a call. */
const CALL_ROWS = 500;
/** Rows that make a call of about 100 KB. */
const FEW = 1_000;
const SLOW_RUNS = {
  NODE_OPTIONS: `--import=${join(import.meta.dirname, '../support/slowRuns.js')}`,
  RUN_MS: '80',
};

let folder: AsyncDisposable & { readonly path: string };
let models: ModelsFolder;
let nats: NatsServer;
let gateway: Gateway;
let worker: Process;
/** A score without a Tidings. It is started early, since it takes long. */
let unanswered: { readonly url: string; readonly ended: ReturnType<typeof startScore>['ended'] };

beforeAll(async () => {
  folder = await mkdtempDisposable(join(tmpdir(), 'tidings-score-'));
  // Columns have the names of tensors, in another case. Others belong to no input, and have names that DuckDB uses.
  await query(`COPY (SELECT 1 + i % 265 AS pulocationid, 1 + (i * 7) % 263 AS "DOLocationID",
    CASE WHEN i = 100 THEN 5000.5 WHEN i = 200 THEN NULL ELSE ((i * 37) % 6000) / 100 END AS trip_distance,
    'trip ' || i AS note, ${ROWS} - i AS rowid, 0 AS "row" FROM range(${ROWS}) t(i)) TO '${file('trips.parquet')}' (FORMAT parquet)`);
  await query(
    `COPY (FROM '${file('trips.parquet')}' LIMIT ${FEW}) TO '${file('few.parquet')}' (FORMAT parquet)`,
  );
  const url = `http://127.0.0.1:${await freePort()}/graphql`;
  unanswered = {
    url,
    ended: startScore('--model', 'x', '--url', url, file('trips.parquet'), file('unanswered.csv')).ended,
  };
  [nats, models] = await Promise.all([startNats(), twoVersions()]);
  const env = { MODELS_DIR: models.path };
  [gateway, worker] = await Promise.all([
    startGateway(nats, env),
    // The worker is so slow that a score can be stopped in its middle.
    startWorker(nats, { ...env, ...SLOW_RUNS }),
  ]);
  await allServed(gateway);
  await answerWith({ 1: 100 });
});

afterAll(async () => {
  for (const opened of [worker, gateway, nats, models, folder]) await opened?.[Symbol.asyncDispose]();
});

async function answerWith(shares: Readonly<Record<string, number>>): Promise<void> {
  await setRollout(gateway, shares);
  await inForce(gateway, shares[1] ?? 0, shares[2] ?? 0);
}

const file = (name: string) => join(folder.path, name);

async function query(sql: string): Promise<readonly Record<string, unknown>[]> {
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  try {
    return (await connection.runAndReadAll(sql)).getRowObjectsJS();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

function startScore(...args: string[]) {
  const env = { ...process.env, NODE_COMPILE_CACHE: join(ROOT, '.cache/compiled') };
  const child = spawn(process.execPath, ['src/cli/score.ts', ...args], { cwd: ROOT, env });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, output }));
  return { ended, kill: (signal: NodeJS.Signals) => child.kill(signal) };
}

/** Does what the command does, without a process: that is a third of a second of CPU cheaper. */
async function score(...args: string[]) {
  let output = '';
  const write = (text: string) => {
    output += text;
  };
  const print = (text: string) => write(`${text}\n`);
  const { signal } = new AbortController();
  const surroundings = { env: process.env, print, printError: print, terminal: { write }, signal };
  return { code: await runScoreCommand(args, surroundings), output };
}

const asked = (...args: string[]) => [
  '--model',
  'trip-duration',
  '--url',
  gateway.url,
  '--rows',
  String(CALL_ROWS),
  ...args,
];

async function partsOf(out: string): Promise<number> {
  const rows = await query(
    `ATTACH '${out}.partial/score.duckdb' AS kept; SELECT count(*)::INT AS parts FROM kept.part`,
  );
  return Number(rows[0]?.parts);
}

test("each row has the model's direct answer, or the reason why it has none", async () => {
  const { code, output } = await startScore(...asked(file('trips.parquet'), file('scored.parquet'))).ended;
  expect(output).toContain(
    `version 1 of trip-duration, at ${gateway.url}\npickupAt: no column, the default (now) is used\n`,
  );
  expect(output).toContain(`${ROWS} rows, 2 without a prediction`);
  expect(output).toMatch(/2 different reasons, first in row 101: tripDistanceMiles must be .* got 5000\.5\n/);
  expect(code).toBe(0);
  const rows = await query(`SELECT * FROM '${file('scored.parquet')}'`);
  expect(rows).toHaveLength(ROWS);
  await using direct = await openDirectModel();
  for (const [i, row] of rows.entries()) {
    expect([row.note, row.rowid, row.row]).toEqual([`trip ${i}`, BigInt(ROWS - i), 0]);
    if (i === 100)
      expect(row.error).toContain('tripDistanceMiles must be a number from 0 to 1000 (miles), got 5000.5');
    else if (i === 200) expect(row.error).toContain('got null');
    else expect([row.durationMinutes, row.error]).toEqual([await direct.predict(tripNumber(i)), null]);
  }
  expect(existsSync(`${file('scored.parquet')}.partial`)).toBe(false);
});

test('a score that is stopped by Ctrl-C continues at the next start and gives the same file, with other calls and rollouts', async () => {
  await using streams = await inspectStreams(nats);
  const before = (await streams.state('CHUNKS')).messages;
  const out = file('resumed.parquet');
  // With two calls at a time, the third begins once the rows of one are saved.
  const interrupted = startScore(...asked(file('trips.parquet'), out, '--calls', '2'));
  await eventually(
    () => streams.state('CHUNKS'),
    ({ messages }) => messages >= before + 3,
  );
  interrupted.kill('SIGSTOP');
  expect(await score(...asked(file('trips.parquet'), out))).toMatchObject({
    code: 1,
    output: expect.stringContaining(`another score is writing ${out}`),
  });
  // npm forwards a signal that the terminal has already sent.
  for (const signal of ['SIGINT', 'SIGINT', 'SIGCONT'] as const) interrupted.kill(signal);
  expect(await interrupted.ended).toMatchObject({ code: 130, output: expect.stringContaining('goes on') });
  expect(existsSync(out)).toBe(false);
  const parts = await partsOf(out);
  expect(parts).toBeGreaterThan(0);
  expect(parts).toBeLessThan(Math.ceil(ROWS / CALL_ROWS));

  await answerWith({ 2: 100 });
  await utimes(file('trips.parquet'), 1, 1);
  const others = ['--map', 'tripDistanceMiles=pulocationid', '--model-version', '2'];
  expect(await score(...asked(file('trips.parquet'), out, ...others))).toMatchObject({
    code: 1,
    output: expect.stringMatching(/differs in --model-version, the model .*, the columns of the inputs/),
  });
  const cut = ['--rows', '350', '--calls', '3'];
  expect(await score(...asked(file('trips.parquet'), out, ...cut))).toMatchObject({
    code: 0,
    output: expect.stringMatching(/version 1 of.*going on from row [1-9]\d*: \d+[05]00 of 4345 rows/s),
  });
  await answerWith({ 1: 100 });
  expect(await score(...asked(file('trips.parquet'), file('whole.parquet')))).toMatchObject({ code: 0 });
  expect(await readFile(out)).toEqual(await readFile(file('whole.parquet')));
});

test('a bad cell of a CSV is an error of its row, and the columns are written unchanged', async () => {
  const lines = ['74,75,18.00,2021-02-03 14:30:00', '43,x,1.01,', '43,151,abc,2021-02-03T14:30:00-05:00'];
  await writeFile(file('in.csv'), `from,to,miles,at\n${lines.join('\n')}\n`);
  const map = ['pickupLocationId=from', 'dropoffLocationId=to', 'tripDistanceMiles=miles', 'pickupAt=at'];
  // An unfinished output without a scored row does not prevent a new score.
  await mkdir(`${file('out.csv')}.partial`);
  await query(
    `ATTACH '${file('out.csv')}.partial/score.duckdb' AS kept; CREATE TABLE kept.plan (text VARCHAR)`,
  );
  const { code, output } = await score(
    ...asked(file('in.csv'), file('out.csv'), ...map.flatMap((pair) => ['--map', pair])),
  );
  expect(output).toContain('3 rows, 2 without a prediction');
  expect(code).toBe(0);
  const [head, ...rows] = (await readFile(file('out.csv'), 'utf8')).split('\n');
  expect(head).toBe('from,to,miles,at,durationMinutes,error');
  expect(rows[0]).toMatch(/^74,75,18\.00,2021-02-03 14:30:00,\d+\.\d+,$/);
  expect(rows[1]).toMatch(
    /^43,x,1\.01,,,"dropoffLocationId must be .* got ""x""; pickupAt must be .* got null"$/,
  );
  expect(rows[2]).toMatch(/got ""abc""/);
});

test('ambiguous dates are refused without --date-format, and a line that is not a row is one error', async () => {
  const lines = [
    '74,75,1.44,03/02/2021 10:00,a',
    '43,151,1.01,04/02/2021 11:00,"b, ""c"" # d"',
    'Total rows: 2',
  ];
  await writeFile(
    file('dates.csv'),
    gzipSync(`PULocationID,DOLocationID,trip_distance,at,a\r\n${lines.join('\r\n')}`),
  );
  const args = asked(file('dates.csv'), file('dated.csv'), '--map', 'pickupAt=at');
  expect(await score(...args)).toMatchObject({
    code: 1,
    output: expect.stringContaining(
      'Say which is right with --date-format pickupAt=dd/mm/yyyy or pickupAt=mm/dd/yyyy',
    ),
  });
  expect(existsSync(`${file('dated.csv')}.partial`)).toBe(false);
  const { code, output } = await score(...args, '--date-format', 'dd/mm/yyyy');
  expect(output).toContain('pickupAt: dates are read as dd/mm/yyyy');
  expect(output).toContain('3 rows, 1 without a prediction');
  expect(code).toBe(0);
  const rows = (await readFile(file('dated.csv'), 'utf8')).split('\n');
  expect(rows[0]).toBe('PULocationID,DOLocationID,trip_distance,at,a,durationMinutes,error');
  expect(rows[1]).toMatch(/^74,75,1\.44,03\/02\/2021 10:00,a,\d+\.\d+,$/);
  expect(rows[2]).toMatch(/^43,151,1\.01,04\/02\/2021 11:00,"b, ""c"" # d",\d+\.\d+,$/);
  expect(rows[3]).toBe('Total rows: 2,,,,,,"line 4 must have as many cells as the first line, 5, got 1"');
});

test('a file with decimal commas gets no prediction, and the errors have the place, the reason and the right form', async () => {
  const lines = ['74;75;1,44', '43;"151";1,01', '43;151;"2\n,5"', '43;151;1.440'];
  await writeFile(file('german.csv'), `PULocationID;DOLocationID;trip_distance\r\n${lines.join('\r\n')}\r\n`);
  const { code, output } = await score(
    ...asked(file('german.csv'), file('germanOut.csv'), '--delimiter', ';'),
  );
  expect(output).toContain('4 rows, 4 without a prediction');
  expect(output).toContain(
    '3 different reasons, first in row 1 (line 2): tripDistanceMiles must be a number from 0 to 1000 (miles), but "1,44" has a decimal comma; write 1.44\n',
  );
  expect(output).toContain(
    `score: no row has a prediction: the column error of ${file('germanOut.csv')} says why`,
  );
  expect(output).not.toContain('numbers must have a decimal point');
  expect(code).toBe(1);
  expect(await readFile(file('germanOut.csv'), 'utf8')).toContain('has a decimal comma; write 1.01');
});

test('a decimal comma is reported once, with its row and its input, also if earlier rows fail for other reasons', async () => {
  const lines = ['"x\ny",75,1.44', '74,0,1.44', '74,75,"1,44"', '74,75,"1,45"', '74,75,1.44'];
  await writeFile(file('mixed.csv'), `PULocationID,DOLocationID,trip_distance\n${lines.join('\n')}\n`);
  const { code, output } = await score(...asked(file('mixed.csv'), file('mixedOut.csv')));
  expect(output).toContain(
    '3 different reasons, first in row 1 (line 2): pickupLocationId must be a whole number from 1 to 265',
  );
  expect(output).toContain(
    '\nnumbers must have a decimal point, first wrong in row 3 (line 5): tripDistanceMiles must be a number from 0 to 1000 (miles), but "1,44" has a decimal comma; write 1.44\n',
  );
  expect(output).not.toContain('1,45');
  expect(code).toBe(0);
});

test('years with two digits are refused, unless other dates of the column can be read', async () => {
  const write = (name: string, ...dates: readonly string[]) =>
    writeFile(
      file(name),
      ['PULocationID,DOLocationID,trip_distance,at', ...dates.map((date) => `74,75,1.44,${date}`)].join('\n'),
    );
  await write('short.csv', '03/02/21 14:30', '04/02/21 14:30');
  const map = ['--map', 'pickupAt=at'];
  for (const told of [[], ['--date-format', 'dd/mm/yyyy']])
    expect(await score(...asked(file('short.csv'), file('shortOut.csv'), ...map, ...told))).toMatchObject({
      code: 1,
      output: expect.stringContaining('years need four digits, got "03/02/21 14:30" in row 1'),
    });
  expect(existsSync(file('shortOut.csv'))).toBe(false);
  await write('someShort.csv', '13/02/2021 14:30', '04/02/21 14:30');
  const { code, output } = await score(...asked(file('someShort.csv'), file('someOut.csv'), ...map));
  expect(output).toMatch(
    /1 different reason, first in row 2 \(line 3\): .* got "04\/02\/21 14:30": years need four digits\n/,
  );
  expect(code).toBe(0);
});

test('a named version scores; --model-version is required if the rollout has several versions', async () => {
  await answerWith({ 1: 75, 2: 25 });
  const trips = file('few.parquet');
  expect(await score(...asked(trips, file('split.csv')))).toMatchObject({
    code: 1,
    output: expect.stringMatching(/version 1 \(75 %\) and 2 \(25 %\): say with --model-version/),
  });
  expect(await score(...asked(trips, file('named.csv'), '--model-version', '2'))).toMatchObject({ code: 0 });
  expect(
    await query(`SELECT DISTINCT durationMinutes FROM '${file('named.csv')}' WHERE error IS NULL`),
  ).toEqual([{ durationMinutes: MINUTES }]);
  await answerWith({ 1: 100 });
});

test('an existing output is replaced only with --overwrite, and the input never', async () => {
  const trips = file('one.csv');
  const text = 'PULocationID,DOLocationID,trip_distance\n74,75,1.44\n';
  await writeFile(trips, text);
  await writeFile(file('there.csv'), 'mine');
  expect(await score(...asked(trips, file('there.csv')))).toMatchObject({
    code: 1,
    output: expect.stringContaining('--overwrite'),
  });
  expect(await readFile(file('there.csv'), 'utf8')).toBe('mine');
  expect(await score(...asked(trips, file('there.csv'), '--overwrite'))).toMatchObject({ code: 0 });
  expect(await readFile(file('there.csv'), 'utf8')).toContain('durationMinutes');
  await symlink(trips, file('symbolic.csv'));
  await link(trips, file('hard.csv'));
  for (const out of [`${folder.path}/./one.csv`, file('symbolic.csv'), file('hard.csv')])
    expect(await score(...asked(trips, out, '--overwrite'))).toMatchObject({
      code: 1,
      output: expect.stringContaining('must be another file'),
    });
  expect(await readFile(trips, 'utf8')).toBe(text);
});

test('a call that is too large for the gateway is split into several', async () => {
  await using narrow = await startGateway(nats, { MODELS_DIR: models.path, MAX_BODY_BYTES: '32768' });
  await allServed(narrow);
  const { port } = new URL(narrow.url);
  const args = ['--model', 'trip-duration', '--url', `http://127.0.0.1:${port}`, '--rows', '1000'];
  const { code, output } = await score(...args, file('few.parquet'), file('narrow.csv'));
  expect(output).toContain(`${FEW} rows, 2 without a prediction`);
  expect(code).toBe(0);
});

test('a score reports that it waits for Tidings, and fails if it never answers', async () => {
  const { code, output } = await unanswered.ended;
  expect(output).toBe(
    `score: waiting for Tidings at ${unanswered.url} (Ctrl-C stops)\nscore: ${unanswered.url} does not answer. Is Tidings running there? (npm start, or --url)\n`,
  );
  expect(code).toBe(1);
});

test.each([
  [2, 'expected --model', (out: string) => ['--url', gateway.url, file('trips.parquet'), out]],
  [
    1,
    'must be one of trip-duration',
    (out: string) => ['--model', 'x', '--url', gateway.url, file('trips.parquet'), out],
  ],
  [
    1,
    'but not as Tidings does',
    (out: string) => ['--model', 'x', '--url', `${gateway.url}/x`, file('trips.parquet'), out],
  ],
  [1, 'must be a file', (out: string) => asked(file('nothing.parquet'), out)],
  [1, 'is empty', (out: string) => asked(file('empty.csv'), out)],
  [1, 'has no rows', (out: string) => asked(file('headOnly.csv'), out)],
  [1, 'begins and ends with PAR1', (out: string) => asked(file('text.parquet'), out)],
  [
    1,
    'there is no column x',
    (out: string) => asked(file('trips.parquet'), out, '--map', 'tripDistanceMiles=x'),
  ],
  [
    1,
    'that can be had (1, 2), got 9',
    (out: string) => asked(file('trips.parquet'), out, '--model-version', '9'),
  ],
  [
    1,
    'the folder of the output must be there',
    () => asked(file('trips.parquet'), join(folder.path, 'nodir/out.csv')),
  ],
  [1, 'this is no folder', () => asked(file('trips.parquet'), join(file('trips.parquet'), 'out.csv'))],
  [1, 'must end in', () => asked(file('trips.parquet'), file('out.json'))],
])('a wrong call ends with exit code %i: %s', async (code, text, args) => {
  await writeFile(file('empty.csv'), '');
  await writeFile(file('headOnly.csv'), 'PULocationID,DOLocationID,trip_distance\n');
  await writeFile(file('text.parquet'), 'no Parquet');
  const told = await score(...args(file('refused.parquet')));
  expect(told.output).toContain(text);
  expect(told.code).toBe(code);
  expect(told.output).not.toContain('    at ');
  expect(existsSync(`${file('refused.parquet')}.partial`)).toBe(false);
  expect(existsSync(join(folder.path, 'nodir'))).toBe(false);
});

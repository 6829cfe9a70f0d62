/** `npm run score`: a file scored through a running Tidings. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { openDirectModel, tripNumber } from '../support/predictDirectly.ts';
import { type Gateway, startGateway, startWorker } from '../support/processes.ts';
import { eventually, inspectStreams } from '../support/streams.ts';

const ROOT = join(import.meta.dirname, '../..');
const ROWS = 12_345;
const SLOW_RUNS = {
  NODE_OPTIONS: `--import=${join(import.meta.dirname, '../support/slowRuns.js')}`,
  RUN_MS: '20',
};

let folder: AsyncDisposable & { readonly path: string };
let nats: NatsServer;
let gateway: Gateway;

beforeAll(async () => {
  folder = await mkdtempDisposable(join(tmpdir(), 'tidings-score-'));
  nats = await startNats();
  gateway = await startGateway(nats);
  // Columns are called as tensors are, whatever the case; one more belongs to nobody.
  await query(`COPY (SELECT 1 + i % 265 AS pulocationid, 1 + (i * 7) % 263 AS "DOLocationID",
    CASE WHEN i = 100 THEN 5000.5 WHEN i = 200 THEN NULL ELSE ((i * 37) % 6000) / 100 END AS trip_distance,
    'trip ' || i AS note FROM range(${ROWS}) t(i)) TO '${file('trips.parquet')}' (FORMAT parquet)`);
});

afterAll(async () => {
  for (const opened of [gateway, nats, folder]) await opened?.[Symbol.asyncDispose]();
});

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
  const child = spawn(process.execPath, ['src/commands/score.ts', ...args], { cwd: ROOT });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, output }));
  return { ended, interrupt: () => child.kill('SIGINT') };
}

const score = (...args: string[]) => startScore(...args).ended;
const asked = (...args: string[]) => [
  '--model',
  'trip-duration',
  '--url',
  gateway.url,
  '--rows',
  '1000',
  ...args,
];

test('each row has what the model gives directly, or the reason why it has nothing', async () => {
  await using _worker = await startWorker(nats);
  const { code, output } = await score(...asked(file('trips.parquet'), file('scored.parquet')));
  expect(output).toContain(`${ROWS} rows, 2 without a prediction`);
  expect(code).toBe(0);
  const rows = await query(`SELECT * FROM '${file('scored.parquet')}'`);
  expect(rows).toHaveLength(ROWS);
  await using direct = await openDirectModel();
  for (const [i, row] of rows.entries()) {
    expect(row.note).toBe(`trip ${i}`);
    if (i === 100)
      expect(row.error).toContain('tripDistanceMiles must be a number from 0 to 1000 (miles), got 5000.5');
    else if (i === 200) expect(row.error).toContain('got null');
    else expect([row.durationMinutes, row.error]).toEqual([await direct.predict(tripNumber(i)), null]);
  }
  expect(existsSync(`${file('scored.parquet')}.partial`)).toBe(false);
});

test('stopped by Ctrl-C and started again, it goes on and gives the same file', {
  timeout: 120_000,
}, async () => {
  const slow = await startWorker(nats, SLOW_RUNS);
  await using streams = await inspectStreams(nats);
  const before = (await streams.state('CHUNKS')).messages;
  const interrupted = startScore(...asked(file('trips.parquet'), file('resumed.parquet')));
  await eventually(
    () => streams.state('CHUNKS'),
    ({ messages }) => messages >= before + 6,
  );
  interrupted.interrupt();
  expect(await interrupted.ended).toMatchObject({ code: 130, output: expect.stringContaining('goes on') });
  expect(existsSync(file('resumed.parquet'))).toBe(false);
  slow.kill('SIGTERM');
  await slow.ended;
  const saved = await DuckDBInstance.create(join(`${file('resumed.parquet')}.partial`, 'score.duckdb'));
  const connection = await saved.connect();
  const parts = Number((await connection.runAndReadAll('SELECT count(*) FROM part')).getRowsJS()[0]?.[0]);
  connection.closeSync();
  saved.closeSync();
  expect(parts).toBeGreaterThan(0);
  expect(parts).toBeLessThan(Math.ceil(ROWS / 1_000));

  await using _worker = await startWorker(nats);
  expect(await score(...asked(file('trips.parquet'), file('resumed.parquet')))).toMatchObject({ code: 0 });
  expect(await score(...asked(file('trips.parquet'), file('whole.parquet')))).toMatchObject({ code: 0 });
  expect(await readFile(file('resumed.parquet'))).toEqual(await readFile(file('whole.parquet')));
});

test('CSV goes in and out, with columns of any name', async () => {
  await using _worker = await startWorker(nats);
  await writeFile(file('in.csv'), 'from,to,miles\n74,75,1.44\n43,151,1.01\n');
  const map = [
    '--map',
    'pickupLocationId=from',
    '--map',
    'dropoffLocationId=to',
    '--map',
    'tripDistanceMiles=miles',
  ];
  expect(await score(...asked(file('in.csv'), file('out.csv'), ...map))).toMatchObject({ code: 0 });
  const [head, first] = (await readFile(file('out.csv'), 'utf8')).split('\n');
  expect(head).toBe('from,to,miles,durationMinutes,error');
  expect(first).toMatch(/^74,75,1\.44,7\.848\d+,$/);
});

test.each([
  [2, 'expected --model', (name: string) => ['--url', gateway.url, file('trips.parquet'), file(name)]],
  [2, '--rows must be', (name: string) => asked(file('trips.parquet'), file(name), '--rows', '0')],
  [
    1,
    'must be one of trip-duration',
    (name: string) => ['--model', 'x', '--url', gateway.url, file('trips.parquet'), file(name)],
  ],
  [1, 'must be a file', (name: string) => asked(file('nothing.parquet'), file(name))],
  [
    1,
    'there is no column miles',
    (name: string) => asked(file('trips.parquet'), file(name), '--map', 'tripDistanceMiles=miles'),
  ],
  [1, 'must end in', () => asked(file('trips.parquet'), file('out.json'))],
])('what cannot be is told with exit code %i: %s', async (code, text, args) => {
  const told = await score(...args(`refused-${code}-${text.length}.parquet`));
  expect(told.output).toContain(text);
  expect(told.code).toBe(code);
  expect(told.output).not.toContain('    at ');
});

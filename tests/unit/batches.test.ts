/** The parts of row batches that need no process: rows as columns, chunks, admission, the result of a chunk. */
import { describe, expect, test } from 'vitest';
import { RequestError } from '../../src/contract/errors.ts';
import { chunkCountOf, rowsOfChunk } from '../../src/contract/rowBatchShape.ts';
import { checkRows, columnsAt, packColumns, rowOf, unpackColumns } from '../../src/models/inputColumns.ts';
import { completeBatching, completeNames, type Manifest } from '../../src/models/manifest.ts';
import { ChunkAdmission } from '../../src/tasks/chunkAdmission.ts';
import { shapeOf } from '../../src/tasks/chunkSize.ts';
import { QueueAdmission } from '../../src/tasks/queueAdmission.ts';
import { RowBatchProgress } from '../../src/tasks/rowBatchProgress.ts';
import { ChunkRows } from '../../workers/chunkRows.ts';

const number = { unit: 'parts', description: '', tensor: 't' } as const;
const manifest = {
  inputs: [
    { ...number, name: 'count', type: 'int64', minimum: 0, maximum: 9 },
    { ...number, name: 'at', type: 'dateTime', timeZone: 'America/New_York', default: 'now' },
  ],
  outputs: [{ ...number, name: 'price', type: 'float32' }],
} as unknown as Manifest;

describe('rows as columns', () => {
  test('are checked and completed like single inputs, and times of now are those of the submission', () => {
    const asked = checkRows(manifest, [{ count: 1 }, { count: 2, at: '2021-02-03T14:30:00' }]);
    expect(asked).toEqual({ count: [1, 2], at: ['now', '2021-02-03T14:30:00'] });
    const noon = Date.parse('2021-02-03T12:00:00Z');
    expect(columnsAt(manifest, asked, noon).at).toEqual(['2021-02-03T07:00:00', '2021-02-03T14:30:00']);
  });

  test('name each wrong value with its row, the first of them in words', () => {
    const rows = Array.from({ length: 30 }, (_, i) => ({ count: i % 2 === 0 ? 1 : 10 + i, at: 'now' }));
    const refused = errorOf(() => checkRows(manifest, rows));
    expect(refused.message).toMatch(/^inputs\[1\]\.count must be .* got 11; inputs\[3\]\..*; and 10 more$/);
    expect(refused.details).toMatchObject({ row: 1, field: 'count', problemCount: 15 });
    expect(refused.details.problems).toHaveLength(15);
  });

  test('come through a message as they were, and a column of one value as that value', () => {
    const columns = { count: [1, 2, 3], at: Array.from({ length: 3 }, () => '2021-02-03T14:30:00') };
    const packed = packColumns(columns, 1, 3);
    expect(packed).toEqual({ count: [2, 3], at: { all: '2021-02-03T14:30:00' } });
    const unpacked = unpackColumns(manifest, JSON.parse(JSON.stringify(packed)), 2);
    expect(unpacked).toEqual({ count: [2, 3], at: columns.at.slice(1) });
    expect(rowOf(unpacked, 1)).toEqual({ count: 3, at: '2021-02-03T14:30:00' });
  });

  test('of a message are not taken for granted', () => {
    const wrong = [
      { count: [1] },
      { count: 1 },
      { count: [1, 'x'] },
      { count: { all: 10 } },
      { count: null },
    ];
    for (const columns of wrong) expect(() => unpackColumns(manifest, columns, 2)).toThrow('count must be');
    expect(unpackColumns(manifest, { count: [1, 2] }, 2).at).toEqual(['now', 'now']);
  });
});

describe('chunks', () => {
  test('cover every row once', () => {
    const shape = shapeOf(manifest, 2_345);
    expect(shape.rowsPerChunk).toBe(1_000);
    const chunks = Array.from({ length: chunkCountOf(shape) }, (_, chunk) => rowsOfChunk(shape, chunk));
    expect(chunks).toEqual([
      { from: 0, to: 1_000 },
      { from: 1_000, to: 2_000 },
      { from: 2_000, to: 2_345 },
    ]);
  });

  test('have fewer rows where rows are large, so that a message takes them', () => {
    const wide = {
      ...manifest,
      outputs: [{ ...number, name: 'v', type: 'float32', size: 4_096 }],
    } as Manifest;
    const { rowsPerChunk } = shapeOf(wide, 100);
    const longest = `-2.2250738585072014e-308,`;
    expect(rowsPerChunk).toBeGreaterThan(1);
    expect(rowsPerChunk * 4_096 * longest.length).toBeLessThan(512 * 1024);
  });

  test('gather what came of their rows, run by run, each failed row with its index in the batch', () => {
    const rows = new ChunkRows(manifest, 1_000, 4);
    rows.addRun([0, 2], { columns: new Map([['price', [1.5, Number.NaN]]]), problems: new Map([[1, 'no']]) });
    rows.addPrediction(1, { price: 2.5 });
    rows.addError(3, { code: 'RUN_TIMEOUT', message: 'x'.repeat(1_000) });
    expect([rows.rowsDone, rows.rowsFailed]).toEqual([4, 2]);
    const job = { taskId: 't', chunk: 1 } as Parameters<typeof rows.result>[0];
    const { columns, errors } = rows.result(job, 0, 1);
    expect(columns).toEqual({ price: [1.5, 2.5, null, null] });
    expect(errors.map(({ row, code }) => [row, code])).toEqual([
      [1_002, 'INVALID_OUTPUT'],
      [1_003, 'RUN_TIMEOUT'],
    ]);
    expect(errors[1]?.message).toHaveLength(200);
  });
});

describe('admission', () => {
  const limits = { queueMaxJobs: 100, queueMaxBytes: 10_000, resultMaxBytes: 20_000 };

  test('to the queue ends at 80 % of it, by jobs and by bytes, and accepted jobs count', async () => {
    let asked = 0;
    const queueFill = async () => {
      asked++;
      return { jobs: 70, bytes: 1_000 };
    };
    const queue = new QueueAdmission({ broker: { queueFill }, limits });
    const jobs = (count: number) => Array.from({ length: count }, () => ({ v: 1 }));
    await queue.admit('m', jobs(6));
    await expect(queue.admit('m', jobs(5))).rejects.toThrow('nearly full');
    await queue.requireRoom('m', 4);
    await queue.admit('m', jobs(4));
    await expect(queue.requireRoom('m', 1)).rejects.toMatchObject({
      code: 'QUEUE_FULL',
      details: { limit: 80 },
    });
    await expect(
      new QueueAdmission({ broker: { queueFill }, limits }).admit('m', [{ v: 'x'.repeat(7_000) }]),
    ).rejects.toThrow('nearly full');
    expect(asked).toBe(2);
  });

  test('to the store of chunks ends at 90 % of half the results; a new chunk counts as a mean one', async () => {
    const broker = { chunks: { held: async () => ({ chunks: 7, bytes: 7_000 }) } };
    const chunks = new ChunkAdmission({
      broker: broker as ConstructorParameters<typeof ChunkAdmission>[0]['broker'],
      limits,
    });
    await chunks.admit(2);
    await expect(chunks.admit(1)).rejects.toMatchObject({ code: 'RESULT_STORE_FULL' });
  });
});

test('progress is shown at most four times a second, and never goes back', () => {
  const progress = new RowBatchProgress();
  const start = { rowCount: 2_000, rowsPerChunk: 1_000, rowsDone: 0, rowsFailed: 0 };
  const first = progress.add(start, { chunk: 0, rowsDone: 500, rowsFailed: 1 }, 1_000);
  expect(first).toMatchObject({ rowsDone: 500, rowsFailed: 1, secondsLeft: 3 });
  expect(progress.takeNews(0)).toBe(true);
  const second = progress.add(first, { chunk: 1, rowsDone: 100, rowsFailed: 0 }, 1_200);
  expect(second.rowsDone).toBe(600);
  expect([progress.takeNews(100), progress.takeNews(250), progress.takeNews(600)]).toEqual([
    false,
    true,
    false,
  ]);
  // The worker of chunk 0 has died, and another begins anew.
  expect(progress.add(second, { chunk: 0, rowsDone: 0, rowsFailed: 0 }, 1_300).rowsDone).toBe(600);
});

test('what a manifest leaves out about batches follows from the rest', () => {
  const types = { inputType: 'I', predictionType: 'Trip' };
  expect(completeNames({ mutation: 'predictTrip', ...types })).toMatchObject({
    batchMutation: 'predictTrips',
    columnsType: 'TripColumns',
  });
  expect(completeNames({ mutation: 'guess', ...types }).batchMutation).toBe('guesses');
  expect(completeNames({ mutation: 'guess', batchMutation: 'guessAll', ...types }).batchMutation).toBe(
    'guessAll',
  );
  const bulkOf = (maxBatchSize: number) => completeBatching({ maxBatchSize, maxWaitMs: 0 }).maxBulkBatchSize;
  expect([1, 2, 64, 4_096].map(bulkOf)).toEqual([1, 8, 256, 4_096]);
});

function errorOf(work: () => unknown): RequestError {
  try {
    work();
  } catch (error) {
    if (error instanceof RequestError) return error;
  }
  throw new Error('a RequestError was expected');
}

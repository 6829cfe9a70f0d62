import { describe, expect, test } from 'vitest';
import {
  addressIn,
  BUNDLE,
  type BundledJob,
  bundleOf,
  decodeBundle,
  encodeBundle,
  headerIn,
  jobIn,
  partOf,
  rowsIn,
} from '../../../../src/contract/messages/bundle.ts';
import { encodeMessage } from '../../../../src/contract/messages/decoder.ts';
import { subjects } from '../../../../src/contract/subjects.ts';
import { MAX_BUNDLE_ROWS, newRowAddress, parseTaskId } from '../../../../src/contract/taskId.ts';
import { bytesOf, expectEachMemberChecked } from '../../../support/brokenMessages.ts';
import { newBundleAddress } from '../../../support/taskAddresses.ts';

const MODEL = 'trip-duration';
const SECOND = 1_800_000_000;
const TIMEOUT_MS = 60_000;
const submittedAt = SECOND * 1_000 - TIMEOUT_MS;
const ADDRESS = newBundleAddress(MODEL, '0a0b0c0d', SECOND);
const SUBJECT = subjects.job({ address: ADDRESS, version: '1', lane: 'bulk' });
const FORMER = 'trip_duration_0a0b0c0d_1800000000_0123456789abcdef01234567';
const SECRETS = ['a', 'b', 'c'].map((digit) => digit.repeat(24));
const BUNDLE_OF_THREE = {
  ...{ v: 2, count: 3, owner: 'ada', timeoutMs: TIMEOUT_MS, rows: [0, 2, 300], secrets: SECRETS.join('') },
  submittedAt: [submittedAt, submittedAt - 999, submittedAt - 0.5],
  columns: {
    distance: [1, 2.5, 3],
    day: { all: 'monday' },
    image: [1, 2, 3].map((size) => ({ shape: [size], base64: 'AAAA' })),
    state: { all: { shape: [1], texts: ['a'] } },
  },
  buckets: [7, 8, 9],
  traces: [null, '00-1-2-00', null],
  labels: [null, ['a', 'b'], null],
};
const ALONE = {
  ...{ v: 2, count: 1, owner: 'ada', timeoutMs: TIMEOUT_MS, rows: [0], secrets: SECRETS[0] },
  ...{ submittedAt: [submittedAt], columns: { distance: [1] }, history: ['former-task'] },
  requestId: 'r',
};
const decode = (message: object) => decodeBundle(bytesOf(message), SUBJECT);

/** A job as the gateway makes it, with its place in the bundle. */
function bundledJob(row: number, changes: Partial<BundledJob['job']> = {}): BundledJob {
  const address = newRowAddress(ADDRESS, row);
  return {
    address,
    job: {
      ...{ v: 1, taskId: address.id, model: MODEL, version: '1', owner: 'ada', lane: 'bulk' },
      ...{ submittedAt: submittedAt - row, deadline: submittedAt - row + TIMEOUT_MS },
      input: { distance: row, tags: [row, 1], day: 'monday' },
      ...changes,
    },
  };
}

test('a bundle is refused with the name of any member that is wrong', () => {
  const other = { member: 'v', value: 1 };
  expectEachMemberChecked(BUNDLE, [BUNDLE_OF_THREE, ALONE], (data) => decodeBundle(data, SUBJECT), other);
});

test.each<[string, object, string]>([
  ['too few secrets', { secrets: SECRETS[0] }, 'secrets must be a text of 24 hex digits for each row, 3'],
  ['too few rows', { rows: [0, 1] }, 'rows must be a list of 3'],
  ['a row twice', { rows: [0, 1, 1] }, 'rows must be different numbers'],
  ['too few instants', { submittedAt: [submittedAt] }, 'submittedAt must be a list of 3'],
  ['too many buckets', { buckets: [1, 2, 3, 4] }, 'buckets must be a list of 3'],
  ['too few traces', { traces: [null] }, 'traces must be a list of 3'],
  ['too few labels', { labels: [null] }, 'labels must be a list of 3'],
  [
    'a task that is due later than its subject says',
    { submittedAt: [submittedAt, submittedAt, submittedAt + 1] },
    `submittedAt must be of tasks that are due in second ${SECOND}, got ${submittedAt + 1}`,
  ],
])('a bundle with %s is refused', (_what, members, problem) => {
  expect(() => decode({ ...BUNDLE_OF_THREE, ...members })).toThrow(problem);
});

test.each([
  ['no lane of single tasks', SUBJECT.replace('.bulk.', '.batch.')],
  ['no bundle', SUBJECT.replace(ADDRESS.bundle, 'x')],
  ['no second', SUBJECT.replace(String(SECOND), 'x')],
])('a bundle whose subject names %s is refused', (_what, subject) => {
  expect(() => decodeBundle(bytesOf(BUNDLE_OF_THREE), subject)).toThrow('the subject must name');
});

test('jobs that travel together come out as they went in, and so does a job that travels alone', () => {
  const trace = '00-1-2-00';
  const together = [
    bundledJob(0, { bucket: 1 }),
    bundledJob(1, { bucket: 2, trace }),
    bundledJob(5, { bucket: 3, labels: ['a', 'b'] }),
  ];
  const alone = [bundledJob(0, { history: ['former-task'], requestId: 'r' })];
  for (const jobs of [together, alone]) {
    const bundle = decodeBundle(Buffer.from(encodeBundle(bundleOf(jobs))), SUBJECT);
    expect(bundle.rows.map((_, i) => jobIn(bundle, i))).toEqual(jobs.map(({ job }) => job));
    expect(bundle.rows.map((_, i) => addressIn(bundle, i))).toEqual(jobs.map(({ address }) => address));
    for (const [i, { job }] of jobs.entries()) {
      const { lane: _, input: __, ...header } = job;
      expect(headerIn(bundle, i)).toEqual(header);
    }
  }
});

test('a part of a bundle has some of its tasks, unchanged', () => {
  const whole = decode(BUNDLE_OF_THREE);
  const part = partOf(whole, [0, 2]);
  expect(part.rows).toEqual([0, 300]);
  expect([0, 1].map((i) => jobIn(part, i))).toEqual([0, 2].map((i) => jobIn(whole, i)));
  expect(part.columns).toMatchObject({ distance: [1, 3], day: { all: 'monday' } });
  expect(partOf(whole, [0, 1, 2])).toBe(whole);
});

test('the number of rows can be read without parsing the body', () => {
  for (const count of [1, 9, 10, MAX_BUNDLE_ROWS]) {
    const jobs = Array.from({ length: count }, (_, row) => bundledJob(row));
    expect(rowsIn(Buffer.from(encodeBundle(bundleOf(jobs))))).toBe(count);
  }
  for (const other of ['', 'no JSON', '{"v":1,"taskId":"x"}', '{"v":2,"count":999,', '{"v":2,"count":0,'])
    expect([1, MAX_BUNDLE_ROWS]).toContain(rowsIn(Buffer.from(other)));
});

describe('a job of 0.2', () => {
  const subject = `jobs.${MODEL}.1.interactive.${SECOND}.${FORMER}`;
  const job = {
    ...{ v: 1, taskId: FORMER, model: MODEL, version: '1', submittedAt, deadline: SECOND * 1_000 },
    ...{ owner: 'ada', bucket: 7, history: ['former-task'], trace: '00-1-2-00', input: { distance: 1 } },
  };

  test('is a bundle of one task, and becomes the same job again', () => {
    const bundle = decodeBundle(bytesOf(job), subject);
    expect(bundle).toMatchObject({ rows: [0], secrets: undefined, columns: { distance: [1] }, buckets: [7] });
    expect(addressIn(bundle, 0)).toMatchObject({ id: FORMER, bundle: FORMER, row: 0, secret: undefined });
    expect(jobIn(bundle, 0)).toEqual(job);
    expect(JSON.parse(encodeBundle(bundle))).toEqual(job);
    expect(rowsIn(Buffer.from(encodeMessage(job)))).toBe(1);
  });

  test('stays one when a gateway queues it after the upgrade', () => {
    const address = parseTaskId(FORMER);
    if (address === undefined) throw new Error('0.2 made task ids');
    expect(JSON.parse(encodeBundle(bundleOf([{ job, address }])))).toEqual(job);
  });

  test('keeps its deadline to the fraction of a millisecond', () => {
    const odd = { ...job, submittedAt: submittedAt + 0.1234, deadline: SECOND * 1_000 - 0.3021 };
    expect(headerIn(decodeBundle(bytesOf(odd), subject), 0).deadline).toBe(odd.deadline);
  });

  test('must be the one that its subject names', () => {
    const other = subject.replace(FORMER, FORMER.replace('0123', '9876'));
    expect(() => decodeBundle(bytesOf(job), other)).toThrow('taskId must be of');
  });
});

test('the columns of a bundle may have tensors, and nothing deeper', () => {
  const { columns: _, ...rest } = BUNDLE_OF_THREE as { columns: unknown };
  const decoded = (x: unknown) =>
    decodeBundle(Buffer.from(JSON.stringify({ ...rest, columns: { x: [x, x, x] } })), SUBJECT);
  const tensor = { shape: [2], texts: ['a', 'b'] };
  expect(decoded(tensor).columns).toEqual({ x: [tensor, tensor, tensor] });
  expect(() => decoded({ shape: [[2]] })).toThrow('columns.x[0].shape[0] must be a value, got [2]');
});

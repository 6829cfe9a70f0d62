import { expect, test } from 'vitest';
import { datasetDigest, isDataFileName } from '../../../src/contract/dataset.ts';

test('the digest of a dataset depends on the names, the contents and the order of its files', () => {
  const [a, b] = [
    { name: 'a.csv', sha256: 'a'.repeat(64) },
    { name: 'b.csv', sha256: 'b'.repeat(64) },
  ];
  const digests = [[a, b], [b, a], [a], [{ ...a, name: 'c.csv' }, b], [{ ...a, sha256: b.sha256 }, b]].map(
    datasetDigest,
  );
  expect(new Set(digests).size).toBe(digests.length);
  expect(datasetDigest([{ ...a }, { ...b }])).toBe(digests[0]);
});

test.each([
  ['january.parquet', true],
  ['2021/januar ü.parquet', true],
  ['..parquet', true],
  ['../secret', false],
  ['2021/../../secret', false],
  ['/etc/passwd', false],
  ['2021//a', false],
  ['./a', false],
  ['', false],
  ['a\\b', false],
  ['a\nb', false],
  ['x'.repeat(201), false],
  ['ü'.repeat(127), true],
  ['ü'.repeat(128), false],
  [`${'ü'.repeat(90)}/${'ü'.repeat(90)}`, true],
])('whether %j names a file below a folder: %s', (name, isRight) => {
  expect(isDataFileName(name)).toBe(isRight);
});

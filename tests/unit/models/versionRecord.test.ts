import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { readVersion } from '../../../src/models/versionRecord.ts';

const RECORD = {
  sha256: 'f'.repeat(64),
  created: '2026-01-01T00:00:00Z',
  trainedOn: ['nothing'],
  metrics: [{ data: 'nothing', name: 'RMSE', unit: 'minutes', value: 1 }],
};

test('a version has the known members of its version.json, and no others', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'tidings-version-'));
  const more = '"__proto__": { "folder": "/etc" }, "folder": "/etc", "version": "9"';
  await writeFile(join(folder.path, 'version.json'), `{ ${more}, ${JSON.stringify(RECORD).slice(1)}`);
  expect(await readVersion(folder.path)).toEqual({
    ...RECORD,
    version: basename(folder.path),
    folder: folder.path,
  });
});

test.each<[string, unknown, string]>([
  ['null', null, 'it must be a JSON object, got null'],
  ['a list', [], 'it must be a JSON object, got []'],
  ['a digest in a list', { ...RECORD, sha256: [RECORD.sha256] }, 'sha256 must be 64 hex digits, got ["fff'],
  ['a number as time', { ...RECORD, created: 5 }, 'created must be an RFC 3339 time, got 5'],
  [
    'an object as a data set',
    { ...RECORD, trainedOn: [{}] },
    'trainedOn must be a list of texts, and has {}',
  ],
  [
    'a list of files without model.onnx',
    { ...RECORD, files: [{ path: 'weights.bin', sha256: RECORD.sha256, bytes: 1 }] },
    'files must have model.onnx, got ["weights.bin"]',
  ],
  ['a metric that is null', { ...RECORD, metrics: [null] }, 'and has null'],
])('%s in a version.json is refused, naming the file', async (_what, record, problem) => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'tidings-version-'));
  const file = join(folder.path, 'version.json');
  await writeFile(file, JSON.stringify(record));
  const reading = readVersion(folder.path);
  await expect(reading).rejects.toThrow(`${file}: `);
  await expect(reading).rejects.toThrow(problem);
});

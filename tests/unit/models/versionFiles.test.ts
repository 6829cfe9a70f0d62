import { execFileSync } from 'node:child_process';
import { mkdir, mkdtempDisposable, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { digestOfFiles, listFiles, verifyFiles } from '../../../src/models/versionFiles.ts';
import { readVersion } from '../../../src/models/versionRecord.ts';
import { writeCodeVersion } from '../../support/codeModels.ts';

const CODE = { runtime: 'python', entry: 'predictor.py:Predictor' } as const;
let stack: AsyncDisposableStack;
let folder: string;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  folder = stack.use(await mkdtempDisposable(join(tmpdir(), 'tidings-version-'))).path;
  await writeCodeVersion({
    folder,
    code: CODE,
    files: { 'predictor.py': 'class Predictor: pass', 'data/weights.bin': '\u0001\u0002', 'data/Zed': 'z' },
  });
});
afterEach(() => stack.disposeAsync());

test('the digest of a version is what sha256sum makes of its files', async () => {
  const { sha256, files, code } = await readVersion(folder);
  expect(code).toEqual(CODE);
  const listed = execFileSync(
    'sh',
    ['-c', 'LC_ALL=C sha256sum data/Zed data/weights.bin predictor.py | sha256sum'],
    {
      cwd: folder,
      encoding: 'utf8',
    },
  );
  expect(sha256).toBe(listed.slice(0, 64));
  expect(digestOfFiles(files?.toReversed() ?? [])).toBe(sha256);
});

test('records, hidden files and what Python compiles are not among the files', async () => {
  await mkdir(join(folder, '__pycache__'));
  await writeFile(join(folder, '__pycache__/predictor.pyc'), 'x');
  await writeFile(join(folder, '.lock'), 'x');
  const paths = (await listFiles(folder)).map(({ path }) => path);
  expect(paths).toEqual(['data/Zed', 'data/weights.bin', 'predictor.py']);
});

describe('a folder is refused by the name of a file', () => {
  test.each([
    ['that has changed', 'data/weights.bin', 'must have the SHA-256 of its version.json'],
    ['that is not listed', 'data/more.bin', 'is not among the files of version.json'],
  ])('%s', async (_what, path, reason) => {
    const { files = [] } = await readVersion(folder);
    await writeFile(join(folder, path), 'other');
    await expect(verifyFiles(folder, files)).rejects.toThrow(`${join(folder, path)} ${reason}`);
  });

  test('that is gone', async () => {
    const { files = [] } = await readVersion(folder);
    await rm(join(folder, 'predictor.py'));
    await expect(verifyFiles(folder, files)).rejects.toThrow(
      `${join(folder, 'predictor.py')} cannot be read`,
    );
  });
});

describe('a version.json of code is refused', () => {
  const file = { path: 'predictor.py', sha256: '0'.repeat(64), bytes: 1 };

  test.each([
    ['with an unknown runtime', { runtime: 'ruby' }, 'runtime must be one of onnx, python, node, command'],
    ['without an entry', { entry: undefined }, 'entry must be a file of the version and a class in it'],
    ['whose entry leads out of the folder', { entry: '../x.py:Predictor' }, 'entry must be a file'],
    ['with an empty command', { runtime: 'command', command: [] }, 'command must be a program'],
    ['without files', { files: undefined }, 'files must be a list of 1 to 1000 files'],
    ['with a path out of the folder', { files: [{ ...file, path: '../x' }] }, 'with paths inside the folder'],
    ['with an absolute path', { files: [{ ...file, path: '/etc/passwd' }] }, 'with paths inside the folder'],
    ['with the digest of other files', { files: [file] }, 'sha256 must be that of files'],
  ])('%s', async (_what, change, reason) => {
    const record = { ...CODE, sha256: '0'.repeat(64), created: '2026-01-01', trainedOn: [], metrics: [] };
    const { files } = await readVersion(folder);
    await writeFile(join(folder, 'version.json'), JSON.stringify({ ...record, files, ...change }));
    await expect(readVersion(folder)).rejects.toThrow(reason);
  });
});

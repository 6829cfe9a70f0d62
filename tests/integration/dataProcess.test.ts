/** Data are read in a process of its own, so that no file ends the trainer. */
import { mkdtempDisposable, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { DataFault } from '../../src/data/dataFault.ts';
import type { TrainedModel } from '../../src/data/datasetReport.ts';
import { dataProcess } from '../../workers/training/dataProcess.ts';
import { dataReader } from '../../workers/training/dataReader.ts';
import { manifestOf } from '../support/dataFiles.ts';

test('the process answers as a trainer would, and what it leaves lies in the folder of the step', async () => {
  await using first = await askedIn('a[b]');
  await using second = await askedIn('second');
  const report = await dataProcess.report(first.asked, []);
  expect(report).toMatchObject({ rowCount: 2 });
  expect(report).toEqual(await dataReader.report(second.asked, []));
  expect((await readdir(first.asked.folder)).filter((name) => name.startsWith('tidings-data-'))).toEqual([]);
});

test('a fault of the data is told as one, and a process that is ended is a lost try', async () => {
  await using broken = await askedIn('broken', 'a,"b\n');
  await expect(dataProcess.report(broken.asked, [])).rejects.toThrow(DataFault);

  await using cancelled = await askedIn('cancelled');
  const cancelling = new AbortController();
  const asked = dataProcess.holdOut({ ...cancelled.asked, signal: cancelling.signal });
  cancelling.abort(new Error('the task was cancelled'));
  await expect(asked).rejects.toThrow('the task was cancelled');
});

async function askedIn(name: string, content = 'pickup,minutes\n1,2\n3,4\n') {
  const root = await mkdtempDisposable(join(tmpdir(), `tidings-process-${name}-`));
  const path = join(root.path, 'x.csv');
  await writeFile(path, content);
  const manifest = await manifestOf('trip-duration');
  const asked = {
    files: [{ name: 'x.csv', path, sha256: '0'.repeat(64) }],
    folder: root.path,
    model: { manifest, training: manifest.training as TrainedModel['training'] },
    signal: new AbortController().signal,
  };
  return { asked, [Symbol.asyncDispose]: () => root.remove() };
}

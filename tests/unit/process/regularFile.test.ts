import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readRegularFile } from '../../../src/process/regularFile.ts';

test('a file is read to its end, and refused if it is longer than the limit', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'tidings-files-'));
  const file = join(folder.path, 'file');
  for (const size of [0, 1, 1_000]) {
    await writeFile(file, 'x'.repeat(size));
    expect(await readRegularFile(file, 1_000)).toHaveLength(size);
  }
  await writeFile(file, 'x'.repeat(1_001));
  await expect(readRegularFile(file, 1_000)).rejects.toThrow('it must be at most 1000 bytes, got 1001 bytes');
  // Its size is said to be 0, as is that of a file that grows meanwhile.
  if (process.platform === 'linux')
    await expect(readRegularFile('/proc/self/maps', 1_000)).rejects.toThrow('and grew beyond');
});

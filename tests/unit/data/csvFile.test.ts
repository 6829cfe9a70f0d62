import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { readCsvRows } from '../../../src/data/csvFile.ts';
import { mostUnpacked } from '../../../src/data/dataLimits.ts';

const MIB = 1024 * 1024;

test('a gzip is refused as soon as it has unpacked to more than it may', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'tidings-csv-'));
  const file = join(folder.path, 'bomb.csv');
  await writeFile(file, gzipSync(`a,b\n${'1,2\n'.repeat(500_000)}`));
  const read = async (most: number) => {
    const options = {
      file,
      isGzip: true,
      delimiter: ',',
      mostUnpacked: most,
      signal: AbortSignal.timeout(60_000),
    };
    return (await Array.fromAsync(readCsvRows(options))).flat().length;
  };
  expect(await read(2_000_004)).toBe(500_000);
  await expect(read(2_000_003)).rejects.toThrow('bomb.csv must unpack to at most 1.9 MiB');
});

test('a file may unpack to a hundred times its bytes, and a small one to 256 MiB', () => {
  expect(mostUnpacked(20)).toBe(256 * MIB);
  expect(mostUnpacked(10 * MIB)).toBe(1_000 * MIB);
  expect(mostUnpacked(1024 ** 4)).toBe(256 * 1024 * MIB);
});

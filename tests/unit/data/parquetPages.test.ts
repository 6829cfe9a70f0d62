import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { damagedPage } from '../../../src/data/parquetPages.ts';

const NEVER = new AbortController().signal;
const DATA_AT = 4;

test.each([
  ['whole if it has none', 0, undefined],
  ['damaged if its header tells of some', 3, DATA_AT],
])('a gzip page without bytes is %s', async (_, told, damagedAt) => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'tidings-page-'));
  const file = join(folder.path, 'page.parquet');
  await writeFile(file, oneGzipPage(told));
  expect(await damagedPage(file, NEVER)).toBe(damagedAt);
});

/** The least Parquet file with one gzip page of no bytes, as writers make it of a dictionary without values. */
function oneGzipPage(toldBytes: number): Buffer {
  const content = gzipSync('');
  // A dictionary page, how long it is unpacked and packed: thrift's compact protocol.
  const page = Buffer.concat([
    Buffer.from([0x15, zigzag(2), 0x15, zigzag(toldBytes), 0x15, zigzag(content.length), 0]),
    content,
  ]);
  // Row groups, columns, and of the one column: codec, size, offsets of data and dictionary.
  const column = [
    0x45,
    zigzag(2),
    0x36,
    zigzag(page.length),
    0x26,
    zigzag(DATA_AT),
    0x26,
    zigzag(DATA_AT),
    0,
  ];
  const footer = Buffer.from([0x49, 0x1c, 0x19, 0x1c, 0x3c, ...column, 0, 0, 0]);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(footer.length);
  return Buffer.concat([Buffer.from('PAR1'), page, footer, length, Buffer.from('PAR1')]);
}

/** Of a number from 0 to 63. */
function zigzag(value: number): number {
  return value * 2;
}

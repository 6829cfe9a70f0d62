import { expect, test } from 'vitest';
import type { Manifest } from '../../../src/models/manifest.ts';
import { shapeOf } from '../../../src/tasks/chunkSize.ts';

const number = { unit: 'parts', description: '', tensor: 't' } as const;

const manifest = {
  inputs: [
    { ...number, name: 'count', type: 'int64', minimum: 0, maximum: 9 },
    { ...number, name: 'at', type: 'dateTime', timeZone: 'America/New_York', default: 'now' },
  ],
  outputs: [{ ...number, name: 'price', type: 'float32' }],
} as unknown as Manifest;

test('a chunk has 1,000 small rows', () => {
  expect(shapeOf(manifest, 2_345)).toEqual({ rowCount: 2_345, rowsPerChunk: 1_000 });
});

test('a chunk has fewer rows if they are large, so that its result fits into a message', () => {
  const wide = {
    ...manifest,
    outputs: [{ ...number, name: 'v', type: 'float32', size: 4_096 }],
  } as Manifest;
  const { rowsPerChunk } = shapeOf(wide, 100);
  const longest = `-2.2250738585072014e-308,`;
  expect(rowsPerChunk).toBeGreaterThan(1);
  expect(rowsPerChunk * 4_096 * longest.length).toBeLessThan(512 * 1024);
});

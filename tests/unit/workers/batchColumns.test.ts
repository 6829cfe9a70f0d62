/** Rows of a batch that share a row of its run. */
import { expect, test } from 'vitest';
import type { Manifest } from '../../../src/models/manifest.ts';
import type { Picked } from '../../../workers/assignment.ts';
import { encodeRows } from '../../../workers/batchColumns.ts';

test('equal tensors share a row, and so do rows with the same blob', () => {
  const manifest = {
    inputs: [{ name: 'x', tensor: 'x', type: 'uint8', shape: [2] }],
    masks: [],
    batching: {},
    coalesce: true,
  } as unknown as Manifest;
  const inline = (...bytes: readonly number[]) => ({ shape: [2], base64: Uint8Array.from(bytes).toBase64() });
  const fetched = (blob: string, ...bytes: readonly number[]) => ({
    ...{ shape: [2], blob, bytes: 2 },
    data: Uint8Array.from(bytes),
  });
  const column = [
    inline(1, 2),
    fetched('a', 5, 6),
    inline(3, 4),
    inline(1, 2),
    fetched('b', 7, 8),
    fetched('a', 5, 6),
  ];
  const assignment = { columns: { x: column } } as unknown as Picked['assignment'];
  const { run, answeredBy } = encodeRows(manifest, [{ assignment, rows: [0, 1, 2, 3, 4, 5] }]);
  expect(answeredBy).toEqual([0, 1, 2, 0, 3, 1]);
  expect(run.columns).toEqual({
    x: { type: 'uint8', data: Uint8Array.of(1, 2, 5, 6, 3, 4, 7, 8), dims: [4, 2] },
  });
});

/** How many rows of a shape share a run. */
import { expect, test } from 'vitest';
import type { Manifest } from '../../../src/models/manifest.ts';
import { RunShapes } from '../../../workers/runShapes.ts';

const MIB = 2 ** 20;

function shapesOf(shape: readonly (number | string)[]): RunShapes {
  const manifest = {
    inputs: [{ name: 'x', tensor: 'x', type: 'uint8', shape, description: '' }],
    axes: { length: { minimum: 0, maximum: 1_000 * MIB, buckets: [16 * MIB, 1_000 * MIB] } },
  } as unknown as Manifest;
  return new RunShapes(manifest, 8);
}

test.each([
  [[MIB], 8],
  [[10, MIB], 6],
  [[100, MIB], 1],
  [[0], 8],
])(
  'a run has no more bytes of rows of the shape %j than memory allows, but always one row',
  (shape, maxRows) => {
    expect(shapesOf(shape).only?.maxRows).toBe(maxRows);
  },
);

test('rows count with their padding, and rows of one bucket have the same key', () => {
  const shapes = shapesOf(['length']);
  const shapeOf = (length: number) => shapes.of(() => ({ shape: [length], base64: '' }));
  expect(shapeOf(1)).toEqual(shapeOf(16 * MIB));
  expect(shapeOf(1).maxRows).toBe(3);
  expect(shapeOf(17 * MIB).maxRows).toBe(1);
  expect(shapeOf(17 * MIB).key).not.toBe(shapeOf(1).key);
});

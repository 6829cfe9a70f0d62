/** The header of NumPy’s files, as NumPy 2.4 writes it. */
import { expect, test } from 'vitest';
import { npyHeader } from '../../../src/models/npy.ts';

test.each([
  ['float32', [], "{'descr': '<f4', 'fortran_order': False, 'shape': (), }"],
  ['int64', [3], "{'descr': '<i8', 'fortran_order': False, 'shape': (3,), }"],
  ['bool', [2, 0, 4], "{'descr': '|b1', 'fortran_order': False, 'shape': (2, 0, 4), }"],
] as const)('an array of %s with the shape %j', (type, shape, dictionary) => {
  const header = Buffer.from(npyHeader(type, shape));
  expect(header.subarray(0, 8)).toEqual(Buffer.from('\x93NUMPY\x01\x00', 'latin1'));
  expect(header.length % 64).toBe(0);
  expect(header.readUInt16LE(8)).toBe(header.length - 10);
  expect(header.toString('latin1', 10)).toBe(`${dictionary.padEnd(header.length - 11)}\n`);
});

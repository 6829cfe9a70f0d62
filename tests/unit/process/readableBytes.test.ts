import { expect, test } from 'vitest';
import { readableBytes } from '../../../src/process/readableBytes.ts';

test.for([
  [0, '0 bytes'],
  [1_000, '1000 bytes'],
  [1_024, '1 KiB'],
  [1_536, '1.5 KiB'],
  [1_023.9 * 1_024, '1.0 MiB'],
  [512 * 2 ** 20, '512 MiB'],
  [8.2 * 2 ** 30, '8.2 GiB'],
  [2 ** 40, '1024 GiB'],
] as const)('%d bytes are read as %s', ([bytes, text]) => {
  expect(readableBytes(bytes)).toBe(text);
});

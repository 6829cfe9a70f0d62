/**
 * NumPy's format of files with one array (`.npy`, version 1.0): a header, then the elements, row-major and little-endian.
 *
 * @see https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
import type { ElementType } from '../contract/tensor.ts';

const DESCRIPTIONS = {
  int8: '|i1',
  uint8: '|u1',
  int16: '<i2',
  uint16: '<u2',
  int32: '<i4',
  uint32: '<u4',
  int64: '<i8',
  uint64: '<u8',
  float16: '<f2',
  float32: '<f4',
  float64: '<f8',
  bool: '|b1',
} as const satisfies Readonly<Record<ElementType, string>>;

const MAGIC = [0x93, ...Buffer.from('NUMPY'), 1, 0];
const LENGTH_BYTES = 2;
/** The elements begin at a multiple of this. */
const ALIGNMENT = 64;

/** The header of a file with an array of this type and shape. */
export function npyHeader(type: ElementType, shape: readonly number[]): Uint8Array {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const dictionary = `{'descr': '${DESCRIPTIONS[type]}', 'fortran_order': False, 'shape': ${tuple}, }`;
  const before = MAGIC.length + LENGTH_BYTES;
  const length = Math.ceil((before + dictionary.length + 1) / ALIGNMENT) * ALIGNMENT - before;
  const text = Buffer.from(`${dictionary.padEnd(length - 1)}\n`, 'latin1');
  return Buffer.concat([Buffer.from([...MAGIC, length & 0xff, length >> 8]), text]);
}

/** The element types of ONNX, by their number in a file. */
export const FLOAT = 1;

const NAMES: Readonly<Record<number, string>> = {
  1: 'float32',
  2: 'uint8',
  3: 'int8',
  4: 'uint16',
  5: 'int16',
  6: 'int32',
  7: 'int64',
  8: 'string',
  9: 'bool',
  10: 'float16',
  11: 'float64',
  12: 'uint32',
  13: 'uint64',
  14: 'complex64',
  15: 'complex128',
  16: 'bfloat16',
  17: 'float8e4m3fn',
  18: 'float8e4m3fnuz',
  19: 'float8e5m2',
  20: 'float8e5m2fnuz',
  21: 'uint4',
  22: 'int4',
  23: 'float4e2m1',
};
/** From this number on, and these only, a tensor cannot be given to ONNX Runtime's binding. */
const FIRST_UNSERVED = 14;

export function elementTypeName(type: number): string {
  return NAMES[type] ?? `type ${type}`;
}

export function isServedType(type: number): boolean {
  return type >= FLOAT && type < FIRST_UNSERVED;
}

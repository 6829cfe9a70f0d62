/** Reads what a version that is code says of its inputs and outputs, in the form of a graph's signature. */
import { isObject } from '../../../src/process/jsonFile.ts';
import type { GraphSignature, GraphValue } from '../onnx/signature.ts';
import { FrameFault } from './frames.ts';

/** The most inputs, or outputs. */
const MAX_VALUES = 1_000;

/** @throws {FrameFault} naming what is wrong. */
export function readSignature(metadata: unknown): GraphSignature {
  const { inputs, outputs } = isObject(metadata) ? metadata : {};
  return {
    inputMetadata: readValues('inputs', inputs),
    outputMetadata: readValues('outputs', outputs),
  };
}

function readValues(member: string, values: unknown): readonly GraphValue[] {
  if (!Array.isArray(values) || values.length > MAX_VALUES)
    throw new FrameFault(`metadata.${member} must be a list of at most ${MAX_VALUES}`);
  return values.map((value) => {
    const { name, type, shape } = isObject(value) ? value : {};
    if (
      typeof name !== 'string' ||
      typeof type !== 'string' ||
      !Array.isArray(shape) ||
      !shape.every(isDimension)
    )
      throw new FrameFault(
        `metadata.${member} must hold { name, type, shape }, with "N" as the dimension of the rows, and has ${JSON.stringify(value)?.slice(0, 200)}`,
      );
    return { name, isTensor: true, type, shape };
  });
}

function isDimension(value: unknown): value is number | string {
  return typeof value === 'string' || Number.isSafeInteger(value);
}

/** How long the tensor of a sound or of a text may be. */
import type { Axis, Shape } from '../../src/models/manifest.ts';

/** @param shape of one row. Its length is the only dimension that is not 1. */
export function lengthLimits(
  shape: Shape,
  axes: Readonly<Record<string, Axis>>,
): { readonly least: number; readonly most: number } {
  const length = shape.find((size) => size !== 1) ?? 1;
  if (typeof length === 'number') return { least: length, most: length };
  const { minimum = 1, maximum = 1 } = axes[length] ?? {};
  return { least: minimum, most: maximum };
}

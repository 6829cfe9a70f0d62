/** The dimensions of tensors that vary: their limits, and that one name is one size within a task. */
import { type InputProblem, wrongValue } from '../contract/errors.ts';
import type { Value, Values } from '../contract/values.ts';
import {
  isTensorInput,
  type Manifest,
  type ManifestInput,
  type ManifestOutput,
  rowShapeOf,
  type Shape,
} from './manifest.ts';

/** Whether the shape of a field has dimensions that vary. */
export function hasNamedAxes(field: ManifestInput | ManifestOutput): boolean {
  return rowShapeOf(field).some((size) => typeof size === 'string');
}

/** @param values checked, each by itself. @returns a problem for each input whose shape does not fit the others. */
export function axisProblems({ inputs, axes }: Manifest, values: Values): readonly InputProblem[] {
  const problems: InputProblem[] = [];
  const sizes = new Map<string, { readonly size: number; readonly input: string }>();
  for (const input of inputs) {
    for (const [i, axis] of rowShapeOf(input).entries()) {
      const size = shapeIn(values[input.name])?.[i];
      if (typeof axis === 'number' || size === undefined) continue;
      const first = sizes.get(axis);
      if (first === undefined) sizes.set(axis, { size, input: input.name });
      const expected = first === undefined ? limitsProblem(axes[axis], size) : sameSize(first, size);
      if (expected !== undefined)
        problems.push(wrongValue(input.name, `${expected} at ${axis}`, String(size)));
    }
  }
  return problems;
}

/** The sizes of named dimensions, by name. */
export type AxisSizes = ReadonlyMap<string, number>;

/** Whether the shapes of tensors that clients send differ from task to task. */
export function hasVaryingShapes({ inputs }: Pick<Manifest, 'inputs'>): boolean {
  return inputs.some((input) => isTensorInput(input) && hasNamedAxes(input));
}

/** The sizes of the named dimensions of a task. */
export function axisSizes(
  { inputs }: Pick<Manifest, 'inputs'>,
  valueIn: (input: string) => Value | undefined,
): AxisSizes {
  const sizes = new Map<string, number>();
  for (const input of inputs) {
    if (!isTensorInput(input)) continue;
    const shape = shapeIn(valueIn(input.name)) ?? [];
    for (const [i, axis] of input.shape.entries())
      if (typeof axis === 'string') sizes.set(axis, shape[i] ?? 0);
  }
  return sizes;
}

/** The sizes that these have in a run: those of the next larger buckets. */
export function paddedSizes({ axes }: Pick<Manifest, 'axes'>, sizes: AxisSizes): AxisSizes {
  const padded = new Map<string, number>();
  for (const [name, size] of sizes)
    padded.set(name, axes[name]?.buckets?.find((bucket) => bucket >= size) ?? size);
  return padded;
}

/** A shape with these sizes in place of names. @param sizes of all names; absent if no shape varies. */
export function shapeWith(shape: Shape, sizes: AxisSizes | undefined): readonly number[] {
  return shape.map((axis) => (typeof axis === 'string' ? (sizes?.get(axis) ?? 0) : axis));
}

function shapeIn(value: Value | undefined): readonly number[] | undefined {
  return typeof value === 'object' && 'shape' in value ? value.shape : undefined;
}

function limitsProblem(
  axis: { readonly minimum: number; readonly maximum: number } | undefined,
  size: number,
): string | undefined {
  if (axis === undefined || (size >= axis.minimum && size <= axis.maximum)) return undefined;
  return `of a size from ${axis.minimum} to ${axis.maximum}`;
}

function sameSize(
  first: { readonly size: number; readonly input: string },
  size: number,
): string | undefined {
  return size === first.size ? undefined : `of the size ${first.size}, that of ${first.input},`;
}

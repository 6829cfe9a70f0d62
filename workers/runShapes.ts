/** Tells which rows can share a run, and how many of them. */
import { ELEMENT_BYTES, elementsOf } from '../src/contract/tensor.ts';
import type { Value } from '../src/contract/values.ts';
import { type AxisSizes, axisSizes, hasVaryingShapes, paddedSizes, shapeWith } from '../src/models/axes.ts';
import { isMediaInput, type Manifest, tensorTypeOf } from '../src/models/manifest.ts';
import { inlineBytesOf } from '../src/models/valueBytes.ts';

/** Rows with the same key can share a run. */
export interface RunShape {
  readonly key: string;
  /** The most rows of a run. */
  readonly maxRows: number;
}

/** The most bytes of the tensors of a run's inputs, unless a single row has more. */
const MAX_RUN_BYTES = 64 * 1024 * 1024;

export class RunShapes {
  readonly #manifest: Manifest;
  readonly #maxRows: number;
  /** That of all rows, if no shape varies. */
  readonly #only: RunShape | undefined;

  /** @param maxRows of a run, however small they are. */
  constructor(manifest: Manifest, maxRows: number) {
    this.#manifest = manifest;
    this.#maxRows = maxRows;
    this.#only = hasVaryingShapes(manifest) ? undefined : this.#shapeFor('', new Map());
  }

  /** The shape of all rows; undefined if rows differ. */
  get only(): RunShape | undefined {
    return this.#only;
  }

  /** @param valueIn the values of a row, by input. */
  of(valueIn: (input: string) => Value | undefined): RunShape {
    if (this.#only !== undefined) return this.#only;
    const sizes = paddedSizes(this.#manifest, axisSizes(this.#manifest, valueIn));
    return this.#shapeFor([...sizes.values()].join(), sizes);
  }

  #shapeFor(key: string, sizes: AxisSizes): RunShape {
    const fitting = Math.floor(MAX_RUN_BYTES / rowBytes(this.#manifest, sizes));
    return { key, maxRows: Math.max(1, Math.min(this.#maxRows, fitting)) };
  }
}

/** The bytes of the tensors of one row; at least one. Texts come in messages, so their size is that of a message at most. */
function rowBytes({ inputs, axes }: Manifest, sizes: AxisSizes): number {
  const textBytes = inlineBytesOf(inputs);
  // How large a file becomes is known only once it is decoded.
  const largest = new Map(Object.entries(axes).map(([name, { maximum }]) => [name, maximum]));
  return inputs
    .filter((input) => 'shape' in input)
    .reduce((sum, input) => {
      const type = tensorTypeOf(input);
      const shape = shapeWith(input.shape, isMediaInput(input) ? largest : sizes);
      return sum + (type === 'string' ? textBytes : elementsOf(shape) * ELEMENT_BYTES[type]);
    }, 1);
}

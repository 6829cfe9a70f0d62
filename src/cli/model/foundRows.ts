/** Turns rows of trial runs into rows as tasks have them. */
import type { Column, Columns } from '../../../workers/runtimes/onnx/encoder.ts';
import { elementsOf } from '../../contract/tensor.ts';
import type { Value, Values } from '../../contract/values.ts';
import { bytesIn, type Elements, elementsIn, exactNumber } from '../../models/elements.ts';
import { isFloat, isTensorInput, type Manifest, type ManifestInput, sizeOf } from '../../models/manifest.ts';

/** An example with more elements is written as one that is the same everywhere: people read it in GraphiQL. */
const MAX_SHOWN_ELEMENTS = 64;

export function valuesOfRow({ inputs }: Pick<Manifest, 'inputs'>, row: Columns): Values {
  return Object.fromEntries(
    inputs.map((input) => [input.name, inputValue(input, row[input.tensor] as Column)] as const),
  );
}

function inputValue(input: ManifestInput, { type, data, dims }: Column): Value {
  if (isTensorInput(input)) {
    const { batchAxis = 0 } = input;
    const shape = batchAxis === null ? dims : dims.toSpliced(batchAxis, 1);
    return type === 'string'
      ? { shape, texts: data as readonly string[] }
      : { shape, base64: bytesIn(data as Elements).toBase64() };
  }
  if (sizeOf(input) !== undefined) return Array.from(data, Number);
  const [element = 0] = data;
  if (typeof element === 'bigint') return exactNumber(element);
  return type === 'bool' ? element === 1 : element;
}

/** A row as the example of a manifest: small tensors as lists, large ones as one number throughout. */
export function exampleOf(
  { inputs }: Pick<Manifest, 'inputs'>,
  row: Values,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(inputs.map((input) => [input.name, exampleValue(input, row[input.name])]));
}

function exampleValue(input: ManifestInput, value: Value | undefined): unknown {
  if (!isTensorInput(input) || typeof value !== 'object' || !('shape' in value)) return value;
  const { shape } = value;
  if (elementsOf(shape) > MAX_SHOWN_ELEMENTS) return { shape, fill: fillOf(input) };
  if ('texts' in value) return { shape, texts: value.texts };
  if (!('base64' in value) || input.type === 'string') return value;
  const type = input.type === 'boolean' ? 'bool' : input.type;
  const elements = elementsIn(type, Uint8Array.fromBase64(value.base64));
  return { shape, values: Array.from(elements as ArrayLike<number | bigint>, shownElement) };
}

/** float16 has about three digits, float32 seven. */
function shownElement(element: number | bigint): number | string {
  return typeof element === 'bigint' ? exactNumber(element) : Number(element.toPrecision(7));
}

/** Any element that the limits allow. */
function fillOf(field: Extract<ManifestInput, { shape: unknown }>): unknown {
  const { type } = field;
  const [minimum = 0, maximum = 1] = 'minimum' in field ? [field.minimum, field.maximum] : [];
  if (type === 'string') return 'a';
  if (type === 'boolean') return true;
  const middle = isFloat(type) ? 0.5 : 1;
  return Math.min(Math.max(middle, minimum), maximum);
}

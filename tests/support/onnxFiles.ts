/** ONNX files like those of common tools, with different shapes, and files that cannot be served. */
import {
  type Constant,
  encodeModel,
  type Graph,
  type InferredPort,
  type Operator,
  type Port,
} from '../../src/cli/train/onnx.ts';

type Parts = Pick<Graph, 'inputs' | 'operators' | 'outputs'> & Partial<Pick<Graph, 'constants'>>;

function file(parts: Parts): Uint8Array {
  return encodeModel({ name: 'graph', description: '', constants: [], ...parts });
}

function port(name: string, type: Port['type'], ...shape: Port['shape'][number][]): Port {
  return { name, type, shape, description: '' };
}

function untyped(name: string): InferredPort {
  return { name, description: '' };
}

function node(
  type: string,
  inputs: readonly string[],
  output: string,
  more: Partial<Operator> = {},
): Operator {
  return { type, inputs, output, ...more };
}

const ML = { domain: 'ai.onnx.ml' } as const;
const TO_FLOAT32 = { attributes: { to: 1 } } as const;
const TO_FLOAT16 = { attributes: { to: 10 } } as const;

/** One tensor [N] per input: y = factor · distance + zone. */
export function separateTensors(factor: number): Uint8Array {
  return distanceTimes([{ name: 'factor', shape: [], values: Float32Array.of(factor) }]);
}

function distanceTimes(constants: Graph['constants']): Uint8Array {
  return file({
    inputs: [port('PULocationID', 'int64', 'N'), port('trip_distance', 'float32', 'N')],
    constants,
    operators: [
      node('Cast', ['PULocationID'], 'zone', TO_FLOAT32),
      node('Mul', ['trip_distance', 'factor'], 'scaled'),
      node('Add', ['scaled', 'zone'], 'y'),
    ],
    outputs: [port('y', 'float32', 'N')],
  });
}

/** Like an exported scikit-learn pipeline: a tensor [N, 1] per column, also texts, and similar names. */
export function columnPerTensor(): Uint8Array {
  return file({
    inputs: [
      port('Customer_Age', 'float32', '', 1),
      port('Customer Age', 'float32', '', 1),
      port('Gender', 'string', '', 1),
    ],
    operators: [
      node('LabelEncoder', ['Gender'], 'code', {
        ...ML,
        attributes: { keys_strings: ['a', 'ab'], values_int64s: [100, 200], default_int64: 0 },
      }),
      node('Cast', ['code'], 'coded', TO_FLOAT32),
      node('Sub', ['Customer_Age', 'Customer Age'], 'difference'),
      node('Add', ['difference', 'coded'], 'variable'),
    ],
    outputs: [port('variable', 'float32', '', 1)],
  });
}

/** One matrix [N, 4] in; a label [N] and probabilities [N, 3] out. */
export function classifier(): Uint8Array {
  const weights = Float32Array.from({ length: 12 }, (_, i) => ((i * 5) % 7) / 7 - 0.4);
  return file({
    inputs: [port('float_input', 'float32', 'N', 4)],
    constants: [{ name: 'weights', shape: [4, 3], values: weights }],
    operators: [
      node('MatMul', ['float_input', 'weights'], 'scores'),
      node('ArgMax', ['scores'], 'label', { attributes: { axis: 1, keepdims: 0 } }),
      node('Softmax', ['scores'], 'probabilities', { attributes: { axis: 1 } }),
    ],
    outputs: [port('label', 'int64', 'N'), port('probabilities', 'float32', 'N', 3)],
  });
}

/** The same with ZipMap after the probabilities, the default of skl2onnx. */
export function zipMapped(): Uint8Array {
  return file({
    inputs: [port('float_input', 'float32', '', 2)],
    operators: [
      node('ArgMax', ['float_input'], 'output_label', { attributes: { axis: 1, keepdims: 0 } }),
      node('ZipMap', ['float_input'], 'output_probability', {
        ...ML,
        attributes: { classlabels_int64s: [0, 1] },
      }),
    ],
    outputs: [port('output_label', 'int64', ''), untyped('output_probability')],
  });
}

/** A text and a boolean as inputs, and the same as outputs. */
export function textAndBoolean(): Uint8Array {
  return file({
    inputs: [port('city', 'string', 'N'), port('is_weekend', 'bool', 'N')],
    operators: [node('Identity', ['city'], 'same_city'), node('Not', ['is_weekend'], 'is_weekday')],
    outputs: [port('same_city', 'string', 'N'), port('is_weekday', 'bool', 'N')],
  });
}

/** Widths that the file leaves open: as many outputs as inputs, and their logarithms, which are infinite for 0. */
export function openWidths(): Uint8Array {
  return file({
    inputs: [port('x', 'float64', 'N', '')],
    operators: [node('Log', ['x'], 'logarithms'), node('Neg', ['x'], 'negatives')],
    outputs: [untyped('logarithms'), untyped('negatives')],
  });
}

export function manyInputs(count: number): Uint8Array {
  const names = Array.from({ length: count }, (_, i) => `column_${i}`);
  return file({
    inputs: names.map((name) => port(name, 'float32', 'N')),
    operators: [node('Sum', names, 'y')],
    outputs: [port('y', 'float32', 'N')],
  });
}

/** The answer to a row depends on the other rows. */
export function mixedRows(): Uint8Array {
  return file({
    inputs: [port('x', 'float32', 'N')],
    operators: [
      node('ReduceMean', ['x'], 'mean', { attributes: { axes: [0], keepdims: 1 } }),
      node('Sub', ['x', 'mean'], 'y'),
    ],
    outputs: [port('y', 'float32', 'N')],
  });
}

/** A row changes its sign if the sum of all rows of the run is negative. */
export function signedRows(): Uint8Array {
  return file({
    inputs: [port('x', 'float32', 'N', 2)],
    operators: [
      node('ReduceSum', ['x'], 'sum', { attributes: { keepdims: 0 } }),
      node('Sign', ['sum'], 'sign'),
      node('Mul', ['x', 'sign'], 'y'),
    ],
    outputs: [port('y', 'float32', 'N', 2)],
  });
}

/** A number for each window of 25 samples, one every 10 samples. */
export function windows(): Uint8Array {
  const attributes = { kernel_shape: [25], strides: [10] };
  return file({
    inputs: [port('x', 'float32', 'N', 1, 'samples')],
    operators: [node('AveragePool', ['x'], 'y', { attributes })],
    outputs: [port('y', 'float32', 'N', 1, 'frames')],
  });
}

/** The output is the input with a minus sign. */
export function namedTensors(input: string, output: string): Uint8Array {
  return file({
    inputs: [port(input, 'float32', 'N')],
    operators: [node('Neg', [input], output)],
    outputs: [port(output, 'float32', 'N')],
  });
}

export function fixedBatch(): Uint8Array {
  return file({
    inputs: [port('x', 'float32', 1, 4)],
    operators: [node('Neg', ['x'], 'y')],
    outputs: [port('y', 'float32', 1, 4)],
  });
}

export function image(): Uint8Array {
  return file({
    inputs: [port('pixels', 'float32', 'N', 3, 8, 8)],
    operators: [node('Neg', ['pixels'], 'y')],
    outputs: [port('y', 'float32', 'N', 3, 8, 8)],
  });
}

/** For each input x an output x_out that equals it. */
export function identities(ports: readonly Pick<Port, 'name' | 'type' | 'shape'>[]): Uint8Array {
  return file({
    inputs: ports.map(({ name, type, shape }) => port(name, type, ...shape)),
    operators: ports.map(({ name }) => node('Identity', [name], `${name}_out`)),
    outputs: ports.map(({ name, type }) => ({ ...untyped(`${name}_out`), type })),
  });
}

/** y = x + positions, which is a constant of the shape of one row. */
export function addedPositions(shape: Port['shape'], positions: Constant): Uint8Array {
  return file({
    inputs: [port('x', 'float32', ...shape)],
    constants: [positions],
    operators: [node('Add', ['x', positions.name], 'y')],
    outputs: [port('y', 'float32', ...shape)],
  });
}

export function halfPrecision(): Uint8Array {
  return file({
    inputs: [port('x', 'float16', 'N')],
    operators: [node('Cast', ['x'], 'y', TO_FLOAT32), node('Cast', ['y'], 'z', TO_FLOAT16)],
    outputs: [port('y', 'float32', 'N'), port('z', 'float16', 'N')],
  });
}

export function unknownOperator(): Uint8Array {
  return file({
    inputs: [port('x', 'float32', 'N')],
    operators: [node('Frobnicate', ['x'], 'y', { domain: 'com.example' })],
    outputs: [port('y', 'float32', 'N')],
  });
}

/** The same with two constants that no operator takes: ONNX Runtime warns of each. */
export function unusedConstants(): Uint8Array {
  const constants = ['factor', 'first', 'second'];
  return distanceTimes(constants.map((name) => ({ name, shape: [], values: Float32Array.of(2) })));
}

/** The same with a factor in another file. Protobuf merges the two graphs in this file. */
export function externalWeights(location = 'weights.bin'): Uint8Array {
  return Buffer.concat([distanceTimes([]), message(7, message(5, externalTensor('factor', location)))]);
}

/** A TensorProto float32[1] with its data in another file. */
export function externalTensor(name: string, location: string): Uint8Array {
  const entry = Buffer.concat([message(1, Buffer.from('location')), message(2, Buffer.from(location))]);
  return Buffer.concat([
    number(1, 1),
    number(2, 1),
    message(8, Buffer.from(name)),
    message(13, entry),
    number(14, 1),
  ]);
}

/** A protobuf field with a length. */
export function message(field: number, content: Uint8Array): Uint8Array {
  return Buffer.concat([varint(field * 8 + 2), varint(content.length), content]);
}

/** A protobuf field that is a number. */
export function number(field: number, value: number): Uint8Array {
  return Buffer.concat([varint(field * 8), varint(value)]);
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Uint8Array.from([...bytes, rest]);
    bytes.push((rest % 128) | 0x80);
  }
}

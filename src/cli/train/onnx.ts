/**
 * Writes ONNX files, for recipes that describe their graph themselves. Not for serving: only recipes and tests import it.
 */
import { modelMessage } from '../onnxMessages.ts';

// Operator set 17 came with IR version 8; ONNX Runtime has read both since 1.12 (2022).
const IR_VERSION = 8;
const OPSET_VERSION = 17;
/**
 * Versions of the other operator sets, by domain, from about the same time. Domains without an entry have version 1.
 */
const EXTENSION_VERSIONS: Readonly<Record<string, number>> = { 'ai.onnx.ml': 3 };
const INTEGER_ATTRIBUTE = 2;
const INTEGERS_ATTRIBUTE = 7;
const STRINGS_ATTRIBUTE = 8;
const ELEMENT_TYPES = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
  uint64: 13,
} as const;

/** An input or output of the graph. A dimension given as a name, such as 'N', may differ from run to run. */
export interface Port {
  readonly name: string;
  readonly type: keyof typeof ELEMENT_TYPES;
  readonly shape: readonly (number | string)[];
  readonly description: string;
}

/** An output without a given shape, or also without a type: it has those that its operator makes. */
export type InferredPort = Pick<Port, 'name' | 'description'> & Partial<Pick<Port, 'type'>>;

/** A tensor stored in the file, in row-major order. An empty shape is a scalar. */
export interface Constant {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array | BigInt64Array;
}

/** One operator and the names of the tensors that it reads and makes. */
export interface Operator {
  readonly type: string;
  readonly inputs: readonly string[];
  readonly output: string;
  /** Whole numbers, alone or as lists, or lists of texts. */
  readonly attributes?: Readonly<Record<string, number | readonly number[] | readonly string[]>>;
  /** The operator set of the operator. @default the standard one */
  readonly domain?: string;
}

/** A graph whose operators stand in the order in which they run. */
export interface Graph {
  readonly name: string;
  readonly description: string;
  readonly inputs: readonly Port[];
  readonly constants: readonly Constant[];
  readonly operators: readonly Operator[];
  readonly outputs: readonly (Port | InferredPort)[];
}

/** Encodes a graph as the bytes of an ONNX file. The same graph gives the same bytes. */
export function encodeModel(graph: Graph): Uint8Array {
  const extensions = new Set(graph.operators.flatMap(({ domain }) => domain ?? []));
  return modelMessage()
    .encode({
      irVersion: IR_VERSION,
      producerName: 'tidings',
      docString: graph.description,
      opsetImport: [
        { domain: '', version: OPSET_VERSION },
        ...[...extensions].map((domain) => ({ domain, version: EXTENSION_VERSIONS[domain] ?? 1 })),
      ],
      graph: {
        name: graph.name,
        node: graph.operators.map(describeOperator),
        initializer: graph.constants.map(describeConstant),
        input: graph.inputs.map(describePort),
        output: graph.outputs.map(describePort),
      },
    })
    .finish();
}

function describeOperator({ type, inputs, output, attributes = {}, domain }: Operator) {
  const attribute = Object.entries(attributes).map(describeAttribute);
  return {
    opType: type,
    name: output,
    input: inputs,
    output: [output],
    attribute,
    ...(domain !== undefined && { domain }),
  };
}

function describeAttribute([name, value]: [string, number | readonly number[] | readonly string[]]) {
  if (typeof value === 'number') return { name, i: value, type: INTEGER_ATTRIBUTE };
  return value.every((item) => typeof item === 'number')
    ? { name, ints: value, type: INTEGERS_ATTRIBUTE }
    : { name, strings: value.map((text) => Buffer.from(String(text))), type: STRINGS_ATTRIBUTE };
}

function describeConstant({ name, shape, values }: Constant) {
  const type = values instanceof Float32Array ? 'float32' : 'int64';
  // ONNX stores little-endian numbers, which is the order in memory on every machine that Node supports here.
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return { name, dims: shape, dataType: ELEMENT_TYPES[type], rawData: bytes };
}

function describePort(port: Port | InferredPort) {
  const { name, type, description: docString } = port;
  if (type === undefined) return { name, docString };
  const elemType = ELEMENT_TYPES[type];
  if (!('shape' in port)) return { name, type: { tensorType: { elemType } }, docString };
  const dim = port.shape.map((size) => (typeof size === 'string' ? { dimParam: size } : { dimValue: size }));
  return { name, type: { tensorType: { elemType, shape: { dim } } }, docString };
}

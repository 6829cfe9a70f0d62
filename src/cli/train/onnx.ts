/**
 * Writes ONNX files, for recipes that describe their graph themselves.
 *
 * ONNX is one protobuf message. The messages below are the subset that a small graph of tensors needs,
 * with the field numbers of onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto); a graph
 * that needs more of ONNX adds the missing field here. Not for serving: only recipes and tests import it.
 */
import protobuf from 'protobufjs';

const SUBSET = `
  syntax = "proto2";
  message ModelProto {
    optional int64 ir_version = 1;
    optional string producer_name = 2;
    optional string doc_string = 6;
    optional GraphProto graph = 7;
    repeated OperatorSetIdProto opset_import = 8;
  }
  message OperatorSetIdProto { optional string domain = 1; optional int64 version = 2; }
  message GraphProto {
    repeated NodeProto node = 1;
    optional string name = 2;
    repeated TensorProto initializer = 5;
    repeated ValueInfoProto input = 11;
    repeated ValueInfoProto output = 12;
  }
  message NodeProto {
    repeated string input = 1;
    repeated string output = 2;
    optional string name = 3;
    optional string op_type = 4;
    repeated AttributeProto attribute = 5;
    optional string domain = 7;
  }
  message AttributeProto {
    optional string name = 1;
    optional int64 i = 3;
    repeated int64 ints = 8;
    repeated string strings = 9;
    optional int32 type = 20;
  }
  message TensorProto {
    repeated int64 dims = 1;
    optional int32 data_type = 2;
    optional string name = 8;
    optional bytes raw_data = 9;
  }
  message ValueInfoProto { optional string name = 1; optional TypeProto type = 2; optional string doc_string = 3; }
  message TypeProto { optional TensorTypeProto tensor_type = 1; }
  message TensorTypeProto { optional int32 elem_type = 1; optional TensorShapeProto shape = 2; }
  message TensorShapeProto { repeated DimensionProto dim = 1; }
  message DimensionProto { optional int64 dim_value = 1; optional string dim_param = 2; }
`;

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
  const model = protobuf.parse(SUBSET, { keepCase: true }).root.lookupType('ModelProto');
  const extensions = new Set(graph.operators.flatMap(({ domain }) => domain ?? []));
  return model
    .encode({
      ir_version: IR_VERSION,
      producer_name: 'tidings',
      doc_string: graph.description,
      opset_import: [
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
    op_type: type,
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
    : { name, strings: value, type: STRINGS_ATTRIBUTE };
}

function describeConstant({ name, shape, values }: Constant) {
  const type = values instanceof Float32Array ? 'float32' : 'int64';
  // ONNX stores little-endian numbers, which is the order in memory on every machine that Node supports here.
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return { name, dims: shape, data_type: ELEMENT_TYPES[type], raw_data: bytes };
}

function describePort(port: Port | InferredPort) {
  const { name, type, description: doc_string } = port;
  if (type === undefined) return { name, doc_string };
  const elem_type = ELEMENT_TYPES[type];
  if (!('shape' in port)) return { name, type: { tensor_type: { elem_type } }, doc_string };
  const dim = port.shape.map((size) =>
    typeof size === 'string' ? { dim_param: size } : { dim_value: size },
  );
  return { name, type: { tensor_type: { elem_type, shape: { dim } } }, doc_string };
}

/**
 * Writes ONNX files, for recipes that know their graph by heart.
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
  }
  message AttributeProto { optional string name = 1; optional int64 i = 3; optional int32 type = 20; }
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
const INTEGER_ATTRIBUTE = 2;
const ELEMENT_TYPES = { float32: 1, int32: 6, int64: 7, float64: 11 } as const;

/** An input or output of the graph. A dimension given as a name, such as 'N', may differ from run to run. */
export interface Port {
  readonly name: string;
  readonly type: keyof typeof ELEMENT_TYPES;
  readonly shape: readonly (number | string)[];
  readonly description: string;
}

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
  readonly attributes?: Readonly<Record<string, number>>;
}

/** A graph whose operators stand in the order in which they run. */
export interface Graph {
  readonly name: string;
  readonly description: string;
  readonly inputs: readonly Port[];
  readonly constants: readonly Constant[];
  readonly operators: readonly Operator[];
  readonly outputs: readonly Port[];
}

/** Encodes a graph as the bytes of an ONNX file. The same graph gives the same bytes. */
export function encodeModel(graph: Graph): Uint8Array {
  const model = protobuf.parse(SUBSET, { keepCase: true }).root.lookupType('ModelProto');
  return model
    .encode({
      ir_version: IR_VERSION,
      producer_name: 'tidings',
      doc_string: graph.description,
      opset_import: [{ domain: '', version: OPSET_VERSION }],
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

function describeOperator({ type, inputs, output, attributes = {} }: Operator) {
  const attribute = Object.entries(attributes).map(([name, i]) => ({ name, i, type: INTEGER_ATTRIBUTE }));
  return { op_type: type, name: output, input: inputs, output: [output], attribute };
}

function describeConstant({ name, shape, values }: Constant) {
  const type = values instanceof Float32Array ? 'float32' : 'int64';
  // ONNX stores little-endian numbers, which is the order in memory on every machine that Node supports here.
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return { name, dims: shape, data_type: ELEMENT_TYPES[type], raw_data: bytes };
}

function describePort({ name, type, shape, description }: Port) {
  const dim = shape.map((size) => (typeof size === 'string' ? { dim_param: size } : { dim_value: size }));
  return {
    name,
    type: { tensor_type: { elem_type: ELEMENT_TYPES[type], shape: { dim } } },
    doc_string: description,
  };
}

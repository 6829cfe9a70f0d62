/**
 * Reads ONNX files, and writes them again after a change. The messages below are the part of onnx.proto
 * (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto) that `add` asks for or changes. Everything else is kept as
 * it came.
 */
import protobuf from 'protobufjs';

const SUBSET = `
  syntax = "proto2";
  message ModelProto {
    optional int64 ir_version = 1;
    optional string producer_name = 2;
    optional string producer_version = 3;
    optional GraphProto graph = 7;
    repeated OperatorSetIdProto opset_import = 8;
    repeated FunctionProto functions = 25;
  }
  message OperatorSetIdProto { optional string domain = 1; optional int64 version = 2; }
  message FunctionProto { optional string name = 1; repeated NodeProto node = 7; optional string domain = 10; }
  message GraphProto {
    repeated NodeProto node = 1;
    repeated TensorProto initializer = 5;
    repeated ValueInfoProto input = 11;
    repeated ValueInfoProto output = 12;
    repeated ValueInfoProto value_info = 13;
    repeated SparseTensorProto sparse_initializer = 15;
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
    optional bytes s = 4;
    optional TensorProto t = 5;
    optional GraphProto g = 6;
    repeated float floats = 7;
    repeated int64 ints = 8;
    repeated bytes strings = 9;
    repeated TensorProto tensors = 10;
    repeated GraphProto graphs = 11;
    optional int32 type = 20;
    optional SparseTensorProto sparse_tensor = 22;
    repeated SparseTensorProto sparse_tensors = 23;
  }
  message TensorProto {
    repeated int64 dims = 1;
    optional int32 data_type = 2;
    optional string name = 8;
    optional bytes raw_data = 9;
    repeated EntryProto external_data = 13;
    optional int32 data_location = 14;
  }
  message EntryProto { optional string key = 1; optional string value = 2; }
  message SparseTensorProto { optional TensorProto values = 1; optional TensorProto indices = 2; }
  message ValueInfoProto { optional string name = 1; optional TypeProto type = 2; }
  message TypeProto {
    optional TensorTypeProto tensor_type = 1;
    optional HolderProto sequence_type = 4;
    optional MapProto map_type = 5;
    optional HolderProto optional_type = 9;
  }
  message HolderProto { optional TypeProto elem_type = 1; }
  message MapProto { optional int32 key_type = 1; optional TypeProto value_type = 2; }
  message TensorTypeProto { optional int32 elem_type = 1; optional ShapeProto shape = 2; }
  message ShapeProto { repeated DimensionProto dim = 1; }
  message DimensionProto { optional int64 dim_value = 1; optional string dim_param = 2; }
`;

/** A whole number of 64 bits, as protobufjs reads it. `Number(String(…))` converts it. */
type Int64 = number | { toString(): string };

export interface OnnxModel {
  irVersion: Int64;
  readonly producerName: string;
  readonly producerVersion: string;
  readonly opsetImport: readonly { readonly domain: string; readonly version: Int64 }[];
  readonly graph: OnnxGraph | null;
  readonly functions: readonly OnnxFunction[];
}

export interface OnnxFunction {
  readonly name: string;
  readonly domain: string;
  readonly node: readonly OnnxNode[];
}

export interface OnnxGraph {
  node: readonly OnnxNode[];
  readonly initializer: readonly OnnxTensor[];
  input: readonly OnnxValue[];
  output: readonly OnnxValue[];
  readonly sparseInitializer: readonly OnnxSparse[];
}

export interface OnnxNode {
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly name: string;
  readonly opType: string;
  attribute: readonly OnnxAttribute[];
  readonly domain: string;
}

export interface OnnxAttribute {
  readonly name: string;
  readonly type: number;
  readonly i?: Int64;
  readonly s?: Uint8Array;
  readonly t?: OnnxTensor | null;
  readonly g?: OnnxGraph | null;
  readonly floats?: readonly number[];
  readonly ints?: readonly Int64[];
  readonly strings?: readonly Uint8Array[];
  readonly tensors?: readonly OnnxTensor[];
  readonly graphs?: readonly OnnxGraph[];
  readonly sparseTensor?: OnnxSparse | null;
  readonly sparseTensors?: readonly OnnxSparse[];
}

export interface OnnxSparse {
  readonly values: OnnxTensor | null;
  readonly indices: OnnxTensor | null;
}

export interface OnnxTensor {
  readonly name: string;
  readonly dims: readonly Int64[];
  readonly dataType: number;
  rawData: Uint8Array;
  externalData: readonly { readonly key: string; readonly value: string }[];
  dataLocation: number;
}

export interface OnnxValue {
  readonly name: string;
  type: OnnxType | null;
}

export interface OnnxType {
  readonly tensorType?: { readonly elemType: number; readonly shape: OnnxShape | null } | null;
  readonly sequenceType?: { readonly elemType: OnnxType | null } | null;
  readonly mapType?: object | null;
  readonly optionalType?: { readonly elemType: OnnxType | null } | null;
}

interface OnnxShape {
  readonly dim: readonly { readonly dimValue?: Int64; readonly dimParam?: string }[];
}

export const EXTERNAL = 1;
const messages = () => protobuf.parse(SUBSET).root.lookupType('ModelProto');

/** @returns undefined if the bytes are no protobuf message, or one without a graph. */
export function decodeModel(bytes: Uint8Array): OnnxModel | undefined {
  const reader = protobuf.Reader.create(bytes);
  reader.discardUnknown = false;
  try {
    const model = messages().decode(reader) as unknown as OnnxModel;
    return model.graph === null ? undefined : model;
  } catch {
    return undefined;
  }
}

export function encodeModel(model: OnnxModel): Uint8Array {
  return messages()
    .encode(model as unknown as protobuf.Message)
    .finish();
}

/** Calls `visit` for each graph: the graph of the model, and those in attributes of its nodes and functions. */
export function eachGraph(model: OnnxModel, visit: (graph: Pick<OnnxGraph, 'node'>) => void): void {
  const into = (graph: Pick<OnnxGraph, 'node'>) => {
    visit(graph);
    for (const { attribute } of graph.node)
      for (const { g, graphs = [] } of attribute) for (const inner of [g ?? [], graphs].flat()) into(inner);
  };
  if (model.graph !== null) into(model.graph);
  for (const definition of model.functions) into(definition);
}

/** All nodes, also those of inner graphs and of functions. */
export function nodesOf(model: OnnxModel): readonly OnnxNode[] {
  const nodes: OnnxNode[] = [];
  eachGraph(model, ({ node }) => nodes.push(...node));
  return nodes;
}

/** All tensors that are stored in the file, or beside it. */
export function tensorsOf(model: OnnxModel): readonly OnnxTensor[] {
  const tensors: (OnnxTensor | null | undefined)[] = [];
  const sparse = (parts: readonly (OnnxSparse | null | undefined)[] = []) => {
    for (const part of parts) tensors.push(part?.values, part?.indices);
  };
  eachGraph(model, (graph) => {
    const { initializer = [], sparseInitializer = [] } = graph as Partial<OnnxGraph>;
    tensors.push(...initializer);
    sparse(sparseInitializer);
    for (const { attribute } of graph.node)
      for (const { t, tensors: more = [], sparseTensor, sparseTensors } of attribute) {
        tensors.push(t, ...more);
        sparse([sparseTensor, ...(sparseTensors ?? [])]);
      }
  });
  return tensors.filter((tensor) => tensor != null);
}

export function attributeOf({ attribute }: OnnxNode, name: string): OnnxAttribute | undefined {
  return attribute.find((candidate) => candidate.name === name);
}

export function integersOf(node: OnnxNode, name: string): readonly number[] {
  return (attributeOf(node, name)?.ints ?? []).map((value) => Number(String(value)));
}

export function textsOf(node: OnnxNode, name: string): readonly string[] {
  return (attributeOf(node, name)?.strings ?? []).map((bytes) => Buffer.from(bytes).toString());
}

/** The classes that an operator names, as texts. */
export function classesIn(node: OnnxNode): readonly string[] {
  const texts = textsOf(node, 'classlabels_strings');
  if (texts.length > 0) return texts;
  return [...integersOf(node, 'classlabels_int64s'), ...integersOf(node, 'classlabels_ints')].map(String);
}

export function sizesOf({ dims }: OnnxTensor): readonly number[] {
  return dims.map((size) => Number(String(size)));
}

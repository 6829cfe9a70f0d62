/**
 * Reads ONNX files, and writes them again after a change. What `onnxMessages.ts` does not describe is kept as it came.
 */
import protobuf from 'protobufjs';
import { modelMessage } from '../../onnxMessages.ts';

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

/** @returns undefined if the bytes are no protobuf message, or one without a graph. */
export function decodeModel(bytes: Uint8Array): OnnxModel | undefined {
  const reader = protobuf.Reader.create(bytes);
  reader.discardUnknown = false;
  try {
    const model = modelMessage().decode(reader) as unknown as OnnxModel;
    return model.graph === null ? undefined : model;
  } catch {
    return undefined;
  }
}

export function encodeModel(model: OnnxModel): Uint8Array {
  return modelMessage()
    .encode(model as unknown as protobuf.Message)
    .finish();
}

/** Calls `visit` for each graph: the graph of the model, and those in attributes of its nodes and functions. */
function eachGraph(model: OnnxModel, visit: (graph: Pick<OnnxGraph, 'node'>) => void): void {
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

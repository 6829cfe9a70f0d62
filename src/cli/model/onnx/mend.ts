/**
 * Changes a graph so that it can be served, where that does not change its answers: what it puts around a tensor is
 * taken off.
 */
import { FLOAT } from './elementTypes.ts';
import {
  attributeOf,
  classesIn,
  nodesOf,
  type OnnxGraph,
  type OnnxModel,
  type OnnxNode,
  type OnnxType,
  type OnnxValue,
} from './onnxFile.ts';

export interface Mended {
  /** A sentence for each change. */
  readonly changes: readonly string[];
  /** By output: the classes that a ZipMap gave names to. */
  readonly labels: ReadonlyMap<string, readonly string[]>;
}

/** A tensor of numbers, whose shape a run tells. */
const OPEN_TENSOR: OnnxType = { tensorType: { elemType: FLOAT, shape: null } };
/** The newest IR version that ONNX Runtime 1.30 reads. */
const NEWEST_IR = 13;
/** It knows all letters, like en_US.UTF-8, and every Linux has it. */
const PLAIN_LOCALE = 'C.UTF-8';

/** Takes maps and sequences off the outputs of a graph. */
export function unwrapOutputs(graph: OnnxGraph, leaveOut: readonly string[]): Mended {
  const changes: string[] = [];
  const labels = new Map<string, readonly string[]>();
  for (const output of [...graph.output]) {
    const maker = graph.node.find((node) => node.output.includes(output.name));
    if (maker === undefined || leaveOut.includes(output.name)) continue;
    switch (maker.opType) {
      case 'ZipMap':
        labels.set(output.name, classesIn(maker));
        passOn(graph, maker, output, OPEN_TENSOR);
        changes.push(`${output.name}: ZipMap was taken out; its classes are the labels of a list of numbers`);
        break;
      case 'SplitToSequence':
        passOn(graph, maker, output, OPEN_TENSOR);
        changes.push(`${output.name}: the tensor before it was split into a sequence`);
        break;
      case 'Optional':
        passOn(graph, maker, output, output.type?.optionalType?.elemType ?? OPEN_TENSOR);
        changes.push(`${output.name}: the value that was optional`);
        break;
      case 'SequenceConstruct':
        graph.output = graph.output.flatMap((value) =>
          value === output ? maker.input.map((name) => ({ name, type: itemType(output) })) : [value],
        );
        changes.push(`${output.name}: the tensors of the sequence, ${maker.input.join(', ')}`);
        break;
    }
  }
  return { changes, labels };
}

/** Replaces an operator by one that passes its input on. */
function passOn(graph: OnnxGraph, node: OnnxNode, output: OnnxValue, type: OnnxType): void {
  const [input = ''] = node.input;
  const identity: OnnxNode = {
    input: [input],
    output: [output.name],
    name: node.name,
    opType: 'Identity',
    attribute: [],
    domain: '',
  };
  graph.node = graph.node.map((other) => (other === node ? identity : other));
  output.type = type;
}

function itemType({ type }: OnnxValue): OnnxType {
  const elemType = type?.sequenceType?.elemType?.tensorType?.elemType ?? FLOAT;
  return { tensorType: { elemType, shape: null } };
}

/** A graph without the standard operator set cannot have the Identity that stands for a ZipMap. */
export function needStandardOperators(model: OnnxModel): OnnxModel {
  if (model.opsetImport.some(({ domain }) => domain === '' || domain === 'ai.onnx')) return model;
  return Object.assign(model, { opsetImport: [...model.opsetImport, { domain: '', version: 9 }] });
}

/** @returns the change; undefined if the file is not newer than ONNX Runtime. */
export function lowerIrVersion(model: OnnxModel): string | undefined {
  const version = Number(String(model.irVersion));
  if (version <= NEWEST_IR) return undefined;
  model.irVersion = NEWEST_IR;
  return `IR version ${version} was written as ${NEWEST_IR}`;
}

/** Gives StringNormalizer a locale that is there. @returns the change; undefined if there is no such operator. */
export function replaceLocale(model: OnnxModel): string | undefined {
  const nodes = nodesOf(model).filter(
    (node) => node.opType === 'StringNormalizer' && localeOf(node) !== PLAIN_LOCALE,
  );
  const [first] = nodes;
  if (first === undefined) return undefined;
  const before = localeOf(first);
  for (const node of nodes)
    node.attribute = [
      ...node.attribute.filter(({ name }) => name !== 'locale'),
      { name: 'locale', type: 3, s: Buffer.from(PLAIN_LOCALE) },
    ];
  return `StringNormalizer: the locale ${before}, which this machine lacks, was replaced by ${PLAIN_LOCALE}, which knows the same letters`;
}

function localeOf(node: OnnxNode): string {
  const text = attributeOf(node, 'locale')?.s;
  return text === undefined || text.length === 0 ? 'en_US.UTF-8' : Buffer.from(text).toString();
}

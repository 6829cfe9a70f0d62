/** Makes an ONNX file ready to be served: brings weights into it, takes maps and sequences off, lists what stands in the way. */
import { printable } from '../../../process/printable.ts';
import { classLabels } from './classLabels.ts';
import { type Exporter, exporterOf } from './exporter.ts';
import { type FileBeside, gatherWeights } from './externalWeights.ts';
import { foreignFileProblem } from './foreignFile.ts';
import { lowerIrVersion, needStandardOperators, unwrapOutputs } from './mend.ts';
import { obstaclesIn } from './obstacles.ts';
import { decodeModel, encodeModel, type OnnxModel } from './onnxFile.ts';

export interface Prepared {
  /** Those of the file, if nothing was changed. */
  readonly bytes: Uint8Array;
  readonly model: OnnxModel;
  readonly exporter: Exporter;
  /** Files with weights that belong into the folder of the version. */
  readonly beside: readonly FileBeside[];
  /** By output: what each number belongs to. */
  readonly labels: ReadonlyMap<string, readonly string[]>;
  /** A sentence for each change. */
  readonly changes: readonly string[];
  /** A sentence for everything that stands in the way. */
  readonly problems: readonly string[];
}

interface PrepareOptions {
  readonly bytes: Buffer;
  /** The file's name. */
  readonly source: string;
  /** Where it lies. */
  readonly folder: string;
  /** Outputs that are not served: they are no problem. */
  readonly leaveOut: readonly string[];
}

/** @returns a text if it is no ONNX file: what it is, and what to do. */
export async function prepareModel({
  bytes,
  source,
  folder,
  leaveOut,
}: PrepareOptions): Promise<Prepared | string> {
  const isRuntimeFormat = bytes.toString('latin1', 4, 8) === 'ORTM';
  const model = isRuntimeFormat ? undefined : decodeModel(bytes);
  if (model?.graph == null) return foreignFileProblem(source, bytes);
  const exporter = exporterOf(model);
  const { changes: unwrapped, labels } = unwrapOutputs(model.graph, leaveOut);
  const weights = await gatherWeights(model, folder);
  const lowered = lowerIrVersion(model);
  const changes = [...unwrapped, ...weights.changes, ...(lowered === undefined ? [] : [lowered])].map(
    printable,
  );
  const problems = [...obstaclesIn(model, exporter, leaveOut), ...weights.problems];
  const isChanged = changes.length > 0 && problems.length === 0;
  return {
    bytes: isChanged ? encodeModel(needStandardOperators(model)) : bytes,
    model,
    exporter,
    beside: weights.beside,
    labels: new Map([...classLabels(model), ...labels]),
    changes,
    problems,
  };
}

/** Makes an ONNX file ready to be served: brings weights into it, takes maps and sequences off, lists what stands in the way. */
import { type Exporter, exporterOf } from './exporter.ts';
import { gatherWeights } from './externalWeights.ts';
import { foreignFileProblem } from './foreignFile.ts';
import { lowerIrVersion, needStandardOperators, unwrapOutputs } from './mend.ts';
import { obstaclesIn } from './obstacles.ts';
import { decodeModel, encodeModel, type OnnxModel } from './onnxFile.ts';

export interface Prepared {
  /** Those of the file, if nothing was changed. */
  readonly bytes: Uint8Array;
  readonly model: OnnxModel;
  readonly exporter: Exporter;
  /** By output: what each number belongs to. */
  readonly labels: ReadonlyMap<string, readonly string[]>;
  /** A sentence for each change. */
  readonly changes: readonly string[];
  /** A sentence for everything that stands in the way. */
  readonly problems: readonly string[];
}

/**
 * @param source the file's name.
 * @param folder where it lies.
 * @returns a text if it is no ONNX file: what it is, and what to do.
 */
export async function prepareModel(bytes: Buffer, source: string, folder: string): Promise<Prepared | string> {
  const model = decodeModel(bytes);
  if (model?.graph == null || bytes.toString('latin1', 4, 8) === 'ORTM') return foreignFileProblem(source, bytes);
  const exporter = exporterOf(model);
  const { changes: unwrapped, labels } = unwrapOutputs(model.graph);
  const weights = await gatherWeights(model, folder);
  const lowered = lowerIrVersion(model);
  const changes = [
    ...unwrapped,
    ...weights.files.map((file) => `the weights of ${file} were brought into the file`),
    ...(lowered === undefined ? [] : [lowered]),
  ];
  return {
    bytes: changes.length === 0 ? bytes : encodeModel(needStandardOperators(model)),
    model,
    exporter,
    labels,
    changes,
    problems: [...obstaclesIn(model, exporter), ...weights.problems],
  };
}

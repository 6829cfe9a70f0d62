/** Makes a model from an ONNX file: the manifest, the golden rows and the model card. */
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeBatch } from '../../../workers/runtimes/onnx/encoder.ts';
import { RunFailed } from '../../../workers/runtimes/onnx/sessionProcess.ts';
import type { GraphSignature } from '../../../workers/runtimes/onnx/signature.ts';
import type { Values } from '../../contract/values.ts';
import type { Manifest } from '../../models/manifest.ts';
import { manifestCheck } from '../../models/manifestCheck.ts';
import { type DraftOptions, draftManifest, hasUnknownWidth } from './draft.ts';
import { checkExamples, type JsonRow, plainRows } from './exampleRows.ts';
import { formatManifest, modelCard } from './modelCard.ts';
import { ModelFileError } from './modelFileError.ts';
import { readManifest } from './modelFolder.ts';
import { fieldNames } from './names.ts';
import { namesProblem } from './namesProblem.ts';
import { pinRows } from './pin.ts';
import {
  describeGraph,
  loadDraft,
  type MadeVersion,
  type VersionDraft,
  writeRecords,
} from './versionDraft.ts';

type ModelDraft = VersionDraft &
  Pick<DraftOptions, 'mutation' | 'leaveOut' | 'maxBatchSize'> & {
    /** The hidden folder, with a folder for the model. */
    readonly stage: string;
  };

/**
 * @returns the manifest as it was written, and the rows that the model could not answer.
 * @throws {ModelFileError} if the file cannot be served, or its names are taken.
 * @throws {ConfigurationError} if it has more inputs or outputs, or larger ones, than a manifest allows.
 */
export async function makeModel(draft: ModelDraft): Promise<MadeVersion> {
  const { stage, model, examples, source, version, folder, sha256, inspection, modelsDir } = draft;
  const drafted = await draftFor(await describeGraph(draft), draft);
  const rows = rowsFor(drafted, examples);
  const check = await manifestCheck();
  const manifest = check({ ...drafted, example: rows[0] }, model, `the manifest of ${source}`);
  await refuseTakenNames(manifest, modelsDir);
  await loadDraft(draft, manifest);
  const golden = await pinRows({ inspection, manifest, rows, mayFail: examples.length === 0, source });
  const [{ input: example } = { input: {} }] = golden.rows;
  await writeFile(join(stage, model, 'model.json'), formatManifest({ ...manifest, example }));
  const { size: sizeBytes } = await stat(join(folder, 'model.onnx'));
  const facts = { source, version, sizeBytes, sha256 };
  await writeFile(join(stage, model, 'README.md'), modelCard(manifest, facts));
  await writeRecords(draft, golden);
  return { manifest: await readManifest(stage, model), unanswered: golden.unanswered };
}

function rowsFor(manifest: Manifest, examples: readonly JsonRow[]): readonly Values[] {
  return examples.length > 0 ? checkExamples(manifest, examples) : plainRows(manifest.inputs);
}

/** Drafts the manifest. Widths that the file does not have come from the user's first row, or from an answer. */
async function draftFor(graph: GraphSignature, draft: ModelDraft): Promise<Manifest> {
  const { examples, leaveOut } = draft;
  const inputWidths = widthsIn(examples[0], graph);
  const manifest = draftManifest(graph, { ...draft, widths: inputWidths });
  const isOpen = graph.outputMetadata.some(
    (value) => hasUnknownWidth(value) && !leaveOut.includes(value.name),
  );
  if (!isOpen) return manifest;
  await loadDraft(draft, manifest);
  const outputWidths = await measureOutputs(manifest, rowsFor(manifest, examples), draft);
  return draftManifest(graph, { ...draft, widths: new Map([...inputWidths, ...outputWidths]) });
}

/** The lengths of the lists in a row, by tensor. */
function widthsIn(row: JsonRow | undefined, { inputMetadata }: GraphSignature): ReadonlyMap<string, number> {
  const tensors = inputMetadata.map(({ name }) => name);
  const names = fieldNames(tensors);
  return new Map(
    tensors.flatMap((tensor) => {
      const value = row?.[names.get(tensor) ?? tensor] ?? row?.[tensor];
      return Array.isArray(value) ? [[tensor, value.length] as const] : [];
    }),
  );
}

/** The widths of all outputs in the first answer. @throws {ModelFileError} if the model answers no row. */
async function measureOutputs(
  manifest: Manifest,
  rows: readonly Values[],
  { inspection, source }: ModelDraft,
): Promise<ReadonlyMap<string, number>> {
  let reason = '';
  for (const row of rows) {
    try {
      const { outputs } = await inspection.run(
        encodeBatch(manifest, [row]).columns,
        manifest.limits.runTimeoutMs,
      );
      return new Map(Object.entries(outputs).map(([tensor, { dims }]) => [tensor, dims[1] ?? 1]));
    } catch (error) {
      if (!(error instanceof RunFailed)) throw error;
      reason = error.message;
    }
  }
  throw new ModelFileError(
    `${source} does not say how many numbers an answer has, and answers no row (${reason}). Give a row that it can answer with --example`,
  );
}

async function refuseTakenNames(manifest: Manifest, modelsDir: string): Promise<void> {
  const problem = await namesProblem(manifest, modelsDir);
  if (problem === undefined) return;
  const { mutation, inputType, predictionType } = manifest.graphql;
  throw new ModelFileError(
    `one of the GraphQL names ${mutation}, ${inputType} and ${predictionType} is taken (${problem}): choose another --mutation`,
  );
}

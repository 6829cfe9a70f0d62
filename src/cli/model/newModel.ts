/** Makes a model from an ONNX file: the manifest, the golden rows and the model card. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bytesOf } from '../../../workers/loadVersion.ts';
import type { Values } from '../../contract/values.ts';
import { isTensorInput, type Manifest } from '../../models/manifest.ts';
import { manifestCheck } from '../../models/manifestCheck.ts';
import { readVersion } from '../../models/versionRecord.ts';
import type { Found } from './discovery/found.ts';
import { type DraftOptions, draftManifest } from './draft.ts';
import { examineGraph } from './examineGraph.ts';
import { checkExamples, plainRows } from './exampleRows.ts';
import { exampleOf, valuesOfRow } from './foundRows.ts';
import { formatManifest, modelCard } from './modelCard.ts';
import { ModelFileError } from './modelFileError.ts';
import { readManifest } from './modelFolder.ts';
import { namesProblem } from './namesProblem.ts';
import { type PinnedRows, pinRows } from './pin.ts';
import { loadDraft, type MadeVersion, type VersionDraft, writeRecords } from './versionDraft.ts';

export type ModelDraft = VersionDraft &
  Pick<DraftOptions, 'mutation' | 'maxBatchSize'> & {
    /** Output tensors that the manifest does not name. They are not fetched. */
    readonly leaveOut: readonly string[];
    /** The hidden folder, with a folder for the model. */
    readonly stage: string;
  };

/**
 * @returns the manifest as it was written, and the rows that the model could not answer.
 * @throws {ModelFileError} if the file cannot be served, or its names are taken.
 * @throws {ConfigurationError} if it has more inputs or outputs, or larger ones, than a manifest allows.
 */
export async function makeModel(draft: ModelDraft): Promise<MadeVersion> {
  const { stage, model, source, version, folder, graph, modelsDir } = draft;
  const found = await examineGraph(draft);
  const drafted = draftManifest(found, { ...draft, labels: graph.labels });
  const check = await manifestCheck({ withExample: false });
  const manifest = check(drafted, model, `the manifest of ${source}`);
  await refuseTakenNames(manifest, modelsDir);
  await loadDraft(draft, manifest);
  const golden = await pinSome(draft, manifest, found);
  const example = exampleOf(manifest, golden.rows[0]?.input ?? {}) as Values;
  await writeFile(join(stage, model, 'model.json'), formatManifest({ ...manifest, example }));
  await writeRecords(draft, golden);
  const made = await readVersion(folder);
  const facts = { source, version, sizeBytes: await bytesOf(made), sha256: made.sha256 };
  await writeFile(join(stage, model, 'README.md'), modelCard(manifest, facts));
  return {
    manifest: await readManifest(stage, model),
    unanswered: golden.unanswered,
    decisions: found.decisions,
  };
}

/** Makes golden rows of the user's rows; else of plain rows, which people understand; else of those of the trial runs. */
async function pinSome(
  { examples, inspection, source }: ModelDraft,
  manifest: Manifest,
  found: Found,
): Promise<PinnedRows> {
  const pin = (rows: readonly Values[], mayFail: boolean) =>
    pinRows({ inspection, manifest, rows, mayFail, source });
  if (examples.length > 0) return pin(checkExamples(manifest, examples), false);
  const tried = found.rows.map((row) => valuesOfRow(manifest, row));
  if (manifest.inputs.some(isTensorInput)) return pin(tried, true);
  try {
    return await pin(plainRows(manifest.inputs), true);
  } catch (error) {
    if (!(error instanceof ModelFileError)) throw error;
    return await pin(tried, true);
  }
}

async function refuseTakenNames(manifest: Manifest, modelsDir: string): Promise<void> {
  const problem = await namesProblem(manifest, modelsDir);
  if (problem === undefined) return;
  const { mutation, inputType, predictionType } = manifest.graphql;
  throw new ModelFileError(
    `one of the GraphQL names ${mutation}, ${inputType} and ${predictionType} is taken (${problem}): choose another --mutation`,
  );
}

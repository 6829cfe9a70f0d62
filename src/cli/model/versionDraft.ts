/** A version that is being made, in a hidden folder beside the models. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { GoldenRows } from '../../../workers/golden.ts';
import { formatGoldenRows } from '../../../workers/goldenFile.ts';
import type { Inspection } from '../../../workers/runtimes/inspection.ts';
import type { Manifest } from '../../models/manifest.ts';
import type { ModelVersion, VersionRecord } from '../../models/models.ts';
import { digestOfFiles, listFiles, MODEL_FILE } from '../../models/versionFiles.ts';
import type { JsonRow } from './exampleRows.ts';
import type { OpenGraph } from './openGraph.ts';

export interface VersionDraft {
  readonly modelsDir: string;
  readonly model: string;
  readonly version: string;
  /** Base name of the ONNX file that it is made from. */
  readonly source: string;
  /** The folder of the version. It has `model.onnx` already. */
  readonly folder: string;
  readonly graph: OpenGraph;
  /** The user's rows, by GraphQL name or by tensor. The list may be empty. */
  readonly examples: readonly JsonRow[];
  readonly inspection: Inspection;
}

export interface MadeVersion {
  /** The manifest of the version's model. */
  readonly manifest: Manifest;
  /** A text for each row that the model could not answer. */
  readonly unanswered: readonly string[];
  /** What was decided about the graph, and why: a sentence each. */
  readonly decisions: readonly string[];
}

/** The settings for golden rows. The CPU answers them, because every machine has one. */
export const LOADING = { executionProviders: ['cpu'], threads: 1 } as const;

/** @throws {LoadRefused} if the file cannot be loaded, or disagrees with the manifest. */
export async function loadDraft(
  { folder, graph: { sha256, beside }, inspection }: VersionDraft,
  manifest: Manifest,
): Promise<void> {
  await inspection.load({ file: join(folder, MODEL_FILE), sha256, beside, manifest, ...LOADING });
}

/**
 * Writes `golden.json` and `version.json`. The latter has no training data and no metrics, because they are unknown.
 */
export async function writeRecords(
  { folder, graph: { sha256 } }: VersionDraft,
  golden: GoldenRows,
): Promise<void> {
  await writeFile(join(folder, 'golden.json'), formatGoldenRows(golden));
  const files = await listFiles(folder);
  const digests = files.length > 1 ? { sha256: digestOfFiles(files), files } : { sha256 };
  const record: VersionRecord = {
    ...digests,
    created: new Date().toISOString(),
    trainedOn: [],
    metrics: [],
  };
  await writeFile(join(folder, 'version.json'), formatRecord(record));
}

export function formatRecord(record: VersionRecord & Pick<ModelVersion, 'files'>): string {
  return `${JSON.stringify(record, null, 2)}\n`;
}

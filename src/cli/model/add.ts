/**
 * Adds an ONNX file to MODELS_DIR: as a new model, or as the next version of an existing one. Everything is made and
 * checked in a hidden folder beside the models and then renamed. So gateways and workers, which watch the folders,
 * never see an incomplete version.
 */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Inspection } from '../../../workers/runtimes/inspection.ts';
import { versionsIn } from '../../models/folders.ts';
import type { Manifest } from '../../models/manifest.ts';
import { checkVersion, type VersionReport } from './check.ts';
import type { JsonRow } from './exampleRows.ts';
import { ModelFileError } from './modelFileError.ts';
import { makeModel } from './newModel.ts';
import { makeVersion } from './newVersion.ts';
import { openGraph } from './openGraph.ts';
import { LOADING } from './versionDraft.ts';

export interface AddOptions {
  /** Path of the ONNX file, or of a link to it. The file is copied. */
  readonly file: string;
  readonly modelsDir: string;
  readonly model: string;
  /** The GraphQL field of a new model. @default made from its name */
  readonly mutation: string | undefined;
  /** The `maxBatchSize` of a new model. @default what trial runs propose */
  readonly maxBatchSize: number | undefined;
  /** @default 1, or the number after the newest */
  readonly version: number | undefined;
  /** Inputs of golden rows, by GraphQL name or by tensor. @default plain rows, or those of the newest version */
  readonly examples: readonly JsonRow[];
  /** Output tensors that the manifest of a new model does not name. */
  readonly leaveOut: readonly string[];
  /** The most memory of the model's process, see `workers/runtimes/memoryLimit.ts`; 0 means no limit. */
  readonly maxMib: number;
}

export interface Added {
  readonly manifest: Manifest;
  readonly isNewModel: boolean;
  /** Path of the version's folder. */
  readonly folder: string;
  readonly report: VersionReport;
  /** A text for each row that the model could not answer. */
  readonly unanswered: readonly string[];
  /** What was changed in the file: a sentence each. */
  readonly changes: readonly string[];
  /** What was decided about the graph, and why: a sentence each. */
  readonly decisions: readonly string[];
}

/**
 * @throws {ModelFileError} if the file, the name or the rows cannot be used. The models then stay as they were.
 * @throws {ConfigurationError} if an existing manifest is wrong. Errors of the file system pass through.
 */
export async function addModel(options: AddOptions): Promise<Added> {
  const { file, modelsDir, model, maxMib, leaveOut } = options;
  await mkdir(modelsDir, { recursive: true });
  const target = join(modelsDir, model);
  const isNewModel = !existsSync(target);
  const version = isNewModel ? String(options.version ?? 1) : await nextVersion(target, options);
  const stage = await mkdtemp(join(modelsDir, '.add-'));
  try {
    const folder = join(stage, model, version);
    await mkdir(folder, { recursive: true });
    const graph = await openGraph({ file, folder, leaveOut, maxMib });
    await using _runs = graph.runs;
    await using inspection = new Inspection({ maxMib });
    const draft = { ...options, version, source: basename(file), stage, folder, graph, inspection };
    const made = await (isNewModel ? makeModel(draft) : makeVersion(draft));
    const { manifest } = made;
    const report = await checkVersion({ manifest, version, folder, maxMib, ...LOADING });
    if (report.problem !== undefined) throw new ModelFileError(report.problem);
    if (isNewModel) await rename(join(stage, model), target);
    else await rename(folder, join(target, version));
    return { ...made, changes: graph.changes, isNewModel, folder: join(target, version), report };
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
}

/** The number of the next version. @throws {ModelFileError} if the options do not fit an existing model. */
export async function nextVersion(
  target: string,
  { model, version, ...options }: AddOptions,
): Promise<string> {
  if (!existsSync(join(target, 'model.json')))
    throw new ModelFileError(`${target} exists, but has no model.json: choose another --name`);
  const changes = Object.entries({
    '--mutation': options.mutation !== undefined,
    '--max-batch-size': options.maxBatchSize !== undefined,
    '--leave-out': options.leaveOut.length > 0,
  });
  const [option] = changes.find(([, isGiven]) => isGiven) ?? [];
  if (option !== undefined)
    throw new ModelFileError(
      `${model} exists, and a new version does not change its manifest: leave out ${option}, or choose another --name`,
    );
  const next = String(version ?? Number((await versionsIn(target)).at(-1) ?? 0) + 1);
  if (existsSync(join(target, next)))
    throw new ModelFileError(
      `${join(target, next)} exists, and a version never changes: choose another --version`,
    );
  return next;
}

/**
 * Adds a folder with code to MODELS_DIR, as `add.ts` adds an ONNX file: as a new model, or as the next version of an
 * existing one. A new model's manifest is the folder's `model.json`, or is made from the `metadata()` of the code. The
 * golden rows are what the code answers.
 */
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { formatGoldenRows } from '../../../workers/goldenFile.ts';
import { bytesOf, filesToLoad } from '../../../workers/loadVersion.ts';
import { LoadRefused } from '../../../workers/runtimes/sessionProcess.ts';
import type { Values } from '../../contract/values.ts';
import type { Manifest } from '../../models/manifest.ts';
import { manifestCheck } from '../../models/manifestCheck.ts';
import { type ModelVersion, Runtime, type VersionCode } from '../../models/models.ts';
import { digestOfFiles, listFiles } from '../../models/versionFiles.ts';
import { readVersion } from '../../models/versionRecord.ts';
import { readJson } from '../../process/jsonFile.ts';
import { type Added, type AddOptions, nextVersion } from './add.ts';
import { checkVersion } from './check.ts';
import { asDeclared, draftManifest } from './draft.ts';
import { checkExamples, plainRows } from './exampleRows.ts';
import { inspectVersion } from './inspectVersion.ts';
import { formatManifest, modelCard } from './modelCard.ts';
import { ModelFileError } from './modelFileError.ts';
import { readManifest } from './modelFolder.ts';
import { namesProblem } from './namesProblem.ts';
import { rowsOfNewest } from './newVersion.ts';
import { pinRows } from './pin.ts';
import { formatRecord, LOADING } from './versionDraft.ts';

export interface AddCodeOptions extends AddOptions {
  /** @default that of the file that the folder has: `predictor.py`, `predictor.js` or `.ts`, or `serve` */
  readonly runtime: string | undefined;
  /** A file and a class in it. @default `predictor.py:Predictor`, or the like */
  readonly entry: string | undefined;
}

/** What a folder may begin with, and how it is then run. */
const BEGINNINGS: readonly { readonly file: string; readonly code: VersionCode }[] = [
  { file: 'predictor.py', code: { runtime: Runtime.Python, entry: 'predictor.py:Predictor' } },
  ...['predictor.js', 'predictor.mjs', 'predictor.ts'].map((file) => ({
    file,
    code: { runtime: Runtime.Node, entry: `${file}:Predictor` },
  })),
  { file: 'serve', code: { runtime: Runtime.Command, command: ['./serve'] } },
];
/** Of the model, not of the version. */
const OF_THE_MODEL: ReadonlySet<string> = new Set(['model.json', 'README.md']);

/**
 * @throws {ModelFileError} if the folder, the name or the rows cannot be used. The models then stay as they were.
 * @throws {ConfigurationError} if a manifest is wrong. @throws {LoadRefused} if the code cannot be loaded.
 */
export async function addCode(options: AddCodeOptions): Promise<Added> {
  const { file: source, modelsDir, model, maxMib } = options;
  const code = codeIn(options);
  await mkdir(modelsDir, { recursive: true });
  const target = join(modelsDir, model);
  const isNewModel = !existsSync(target);
  const number = isNewModel ? String(options.version ?? 1) : await nextVersion(target, options);
  const stage = await mkdtemp(join(modelsDir, '.add-'));
  try {
    const folder = join(stage, model, number);
    const version = await copyVersion(source, folder, code);
    await using inspection = await inspectVersion(version, {
      ...LOADING,
      manifest: { name: model, inputs: [] },
      maxMib,
    });
    const manifest = isNewModel
      ? await newManifest(options, () => inspection.describe(source))
      : await readManifest(modelsDir, model);
    await inspection.load({ ...filesToLoad(version), manifest, ...LOADING });
    const rows = isNewModel ? rowsFor(manifest, options) : await rowsForVersion(manifest, target, options);
    const mayFail = isNewModel && options.examples.length === 0;
    const golden = await pinRows({ inspection, manifest, rows, mayFail, source: basename(source) });
    await writeFile(join(folder, 'golden.json'), formatGoldenRows(golden));
    if (isNewModel)
      await writeModel(options, join(stage, model), manifest, golden.rows[0]?.input ?? {}, version);
    const report = await checkVersion({ manifest, version: number, folder, maxMib, ...LOADING });
    if (report.problem !== undefined) throw new ModelFileError(report.problem);
    if (isNewModel) await rename(join(stage, model), target);
    else await rename(folder, join(target, number));
    return {
      manifest,
      isNewModel,
      folder: join(target, number),
      report,
      unanswered: golden.unanswered,
      changes: [],
      decisions: [],
    };
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
}

/** @throws {ModelFileError} if the folder does not say how it is run. */
function codeIn({ file: folder, runtime, entry }: AddCodeOptions): VersionCode {
  const found = BEGINNINGS.find(
    ({ file, code }) => (runtime ?? code.runtime) === code.runtime && existsSync(join(folder, file)),
  );
  if (entry === undefined && found !== undefined) return found.code;
  if (entry !== undefined && (runtime === Runtime.Python || runtime === Runtime.Node))
    return { runtime, entry };
  const files = BEGINNINGS.map(({ file }) => file).join(', ');
  throw new ModelFileError(
    `${folder} must have one of ${files}, or be added with --runtime python|node and --entry file:Class`,
  );
}

/** Copies the files of a version, and writes its `version.json`. */
async function copyVersion(source: string, folder: string, code: VersionCode): Promise<ModelVersion> {
  for (const { path } of await listFiles(source))
    if (!OF_THE_MODEL.has(path)) await cp(join(source, path), join(folder, path), { dereference: true });
  const files = await listFiles(folder);
  const record = {
    ...code,
    sha256: digestOfFiles(files),
    files,
    ...{ created: new Date().toISOString(), trainedOn: [], metrics: [] },
  };
  await writeFile(join(folder, 'version.json'), formatRecord(record));
  return await readVersion(folder);
}

async function newManifest(
  options: AddCodeOptions,
  describe: () => ReturnType<Awaited<ReturnType<typeof inspectVersion>>['describe']>,
): Promise<Manifest> {
  const { file: folder, model, examples } = options;
  const own = join(folder, 'model.json');
  const check = await manifestCheck({ withExample: false });
  if (existsSync(own)) {
    if (options.mutation !== undefined || options.maxBatchSize !== undefined || options.leaveOut.length > 0)
      throw new ModelFileError(
        `${own} says what --mutation, --max-batch-size and --leave-out say: leave them out`,
      );
    return check(await readJson(own), model, own);
  }
  try {
    const drafted = draftManifest(asDeclared(await describe()), {
      ...options,
      source: basename(folder),
      labels: new Map(),
    });
    const rows = examples.length > 0 ? checkExamples(drafted, examples) : plainRows(drafted.inputs);
    return check({ ...drafted, example: rows[0] }, model, `the manifest of ${folder}`);
  } catch (error) {
    if (!(error instanceof LoadRefused)) throw error;
    throw new ModelFileError(
      `${folder} does not say its inputs and outputs: ${error.message}. Give it a model.json, or a metadata()`,
    );
  }
}

function rowsFor(manifest: Manifest, { examples }: AddCodeOptions): readonly Values[] {
  if (examples.length > 0) return checkExamples(manifest, examples);
  return Object.keys(manifest.example).length > 0
    ? checkExamples(manifest, [manifest.example])
    : plainRows(manifest.inputs);
}

async function rowsForVersion(
  manifest: Manifest,
  modelFolder: string,
  { examples }: AddCodeOptions,
): Promise<readonly Values[]> {
  return examples.length > 0 ? checkExamples(manifest, examples) : await rowsOfNewest(manifest, modelFolder);
}

async function writeModel(
  { file: source, modelsDir }: AddCodeOptions,
  folder: string,
  manifest: Manifest,
  example: Values,
  version: ModelVersion,
): Promise<void> {
  const problem = await namesProblem(manifest, modelsDir);
  if (problem !== undefined)
    throw new ModelFileError(
      `a GraphQL name of ${manifest.name} is taken (${problem}): choose another --mutation`,
    );
  await writeFile(join(folder, 'model.json'), formatManifest({ ...manifest, example }));
  const card = join(source, 'README.md');
  if (existsSync(card)) await cp(card, join(folder, 'README.md'));
  else {
    const sizeBytes = await bytesOf(version);
    const facts = { source: basename(source), version: version.version, sizeBytes, sha256: version.sha256 };
    await writeFile(join(folder, 'README.md'), modelCard(manifest, facts));
  }
}

/** Whether a path that `add` was given is a folder with code. */
export async function isFolder(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found?.isDirectory() ?? false;
}

/**
 * The step `evaluate`: runs the new version and the one that answers now over the same hold-out rows, and judges it by the
 * gate of its model.
 */
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { BlobGone } from '../../src/broker/broker.ts';
import { messageOf, RequestError, RequestErrorCode } from '../../src/contract/errors.ts';
import { type InputProfile, PROFILE } from '../../src/contract/messages/datasetRecord.ts';
import { checkOf } from '../../src/contract/messages/decoder.ts';
import { METRICS } from '../../src/contract/messages/versionRecord.ts';
import { custom, object, type Passing } from '../../src/contract/schema.ts';
import { TaskErrorCode } from '../../src/contract/task.ts';
import { type ArtifactFile, CHECKS, DataUse, StepName } from '../../src/contract/work.ts';
import type { TrainedModel } from '../../src/data/datasetReport.ts';
import type { HoldOutRows } from '../../src/data/holdOut.ts';
import type { Manifest } from '../../src/models/manifest.ts';
import type { ModelVersion } from '../../src/models/models.ts';
import { readVersion } from '../../src/models/versionRecord.ts';
import { fetchFile } from './artifactFiles.ts';
import { fetchDataFiles } from './dataFiles.ts';
import { type Candidate, checksOf, passes } from './gate.ts';
import { bothAnswered, type Judgement, judgementOf, metricsOf } from './judgement.ts';

import { PREPARE_OUTPUT, type PrepareStepOptions } from './prepare.ts';
import { type Step, type StepContext, StepFailed } from './step.ts';
import { TRAIN_OUTPUT } from './train.ts';
import { failureOfData, trainedModel } from './trainedModel.ts';
import { VersionRun, type VersionRunOptions } from './versionRun.ts';

export const EVALUATE_OUTPUT = object('what the step evaluate gives', {
  gates: CHECKS,
  metrics: METRICS,
  /** How the data were distributed of which the version was made. */
  profile: PROFILE,
  /** Whether the version may have a number. */
  passed: custom<boolean>('true or false', { type: 'boolean' }),
});
export type EvaluateOutput = Passing<typeof EVALUATE_OUTPUT>;

export interface EvaluateStepOptions
  extends PrepareStepOptions,
    Pick<VersionRunOptions, 'executionProviders' | 'cudaVisibleDevices' | 'threads' | 'maxMib'> {
  /** The version that answers most tasks now; undefined if there is none. */
  readonly liveVersion: (context: StepContext) => Promise<ModelVersion | undefined>;
}

const checkPrepared = checkOf(PREPARE_OUTPUT);
const checkTrained = checkOf(TRAIN_OUTPUT);
/** The name of the hold-out rows in figures. */
const HOLD_OUT = 'hold-out rows';
const PARTS = 4;

/**
 * @returns a step that throws {StepFailed} `DATA_UNUSABLE` if no version can be judged on the hold-out rows,
 *   `TRAINING_FAILED` if the new version cannot be loaded, or dies.
 */
export function evaluateStep(options: EvaluateStepOptions): Step {
  return async (context) => {
    const { earlier, report } = context;
    const model = trainedModel(context);
    const trained = checkTrained(earlier.get(StepName.Train));
    const { files = [] } = trained;
    report({ done: 0, of: PARTS, unit: 'parts' });
    const rows = await readRows(options, context, model);
    report({ done: 1, of: PARTS, unit: 'parts' });
    const candidate = await fetchVersion(files, context);
    const judge = (version: ModelVersion) => judgeVersion(version, rows, { ...options, context });
    const ofCandidate = await judge(candidate).catch((error: unknown) => {
      if (error instanceof StepFailed || context.signal.aborted) throw error;
      throw new StepFailed(
        TaskErrorCode.TrainingFailed,
        `the new version is not usable: ${messageOf(error)}`,
      );
    });
    report({ done: 2, of: PARTS, unit: 'parts' });
    const { live, judged: ofLive } = await judgeLive(options, judge, context);
    report({ done: 3, of: PARTS, unit: 'parts' });
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    const output = verdictOn({ ...ofCandidate, bytes }, ofLive, { rows, model });
    const profile = await profileOfTraining(options, context);
    report({ done: PARTS, of: PARTS, unit: 'parts' });
    return { output: { ...output, profile } satisfies EvaluateOutput, note: noteOn(output, rows, live) };
  };
}

async function readRows(
  { datasetsDir, data }: EvaluateStepOptions,
  context: StepContext,
  model: TrainedModel,
): Promise<HoldOutRows> {
  const prepared = checkPrepared(context.earlier.get(StepName.Prepare));
  const heldOut = prepared.files.filter(({ use }) => use === DataUse.Holdout);
  if (heldOut.length === 0)
    throw new StepFailed(
      TaskErrorCode.DataUnusable,
      'the training has no hold-out rows to judge its version on: give a dataset with the use HOLDOUT, or a split',
    );
  const { folder, signal } = context;
  const files = await fetchDataFiles(heldOut, { folder, datasetsDir, context });
  try {
    return await data.holdOut({ files, folder, model, signal });
  } catch (error) {
    throw failureOfData(error);
  }
}

/** The new version, in a folder of its own. */
async function fetchVersion(
  files: readonly ArtifactFile[],
  { artifacts, folder, signal }: StepContext,
): Promise<ModelVersion> {
  const own = join(folder, 'candidate');
  for (const file of files) {
    const path = join(own, file.path);
    await mkdir(dirname(path), { recursive: true });
    await fetchFile(artifacts, file, path, signal).catch((error: unknown) => {
      if (!(error instanceof BlobGone)) throw error;
      const gone = `${file.path} of the new version is not in the store any more: train it again`;
      throw new StepFailed(TaskErrorCode.TrainingFailed, gone);
    });
  }
  return readVersion(own);
}

async function judgeVersion(
  version: ModelVersion,
  rows: HoldOutRows,
  options: EvaluateStepOptions & { readonly context: StepContext },
): Promise<Judgement> {
  const { context } = options;
  const { manifest } = context.model;
  await using run = await VersionRun.open({ ...options, manifest, version, log: context.log });
  // Without `await` the process would be ended before it has answered.
  return await judgementOf(run, rows, { manifest, signal: context.signal });
}

/** A live version that cannot be run here is no reason to refuse a new one: nothing is compared then. */
async function judgeLive(
  { liveVersion }: EvaluateStepOptions,
  judge: (version: ModelVersion) => Promise<Judgement>,
  context: StepContext,
): Promise<{ readonly live?: ModelVersion | undefined; readonly judged?: Judgement }> {
  try {
    const live = await liveVersion(context);
    return live === undefined ? {} : { live, judged: await judge(live) };
  } catch (error) {
    const isAway = error instanceof RequestError && error.code === RequestErrorCode.BrokerUnavailable;
    if (context.signal.aborted || isAway) throw error;
    context.write(
      `nothing is compared with the version that answers now, which cannot be run here: ${messageOf(error)}`,
    );
    return {};
  }
}

function verdictOn(
  candidate: Judgement & Pick<Candidate, 'bytes'>,
  live: Judgement | undefined,
  { rows, model: { manifest, training } }: { readonly rows: HoldOutRows; readonly model: TrainedModel },
): Omit<EvaluateOutput, 'profile'> {
  const answered = bothAnswered(candidate, live);
  const holdOut = {
    rows: rows.inputs.length,
    answered,
    slices: rows.slices,
    classes: classesOf(manifest),
  };
  const gates = checksOf(training.gate, candidate, live, holdOut);
  const metrics = [
    ...metricsOf(candidate, answered, { manifest, data: HOLD_OUT }),
    { data: HOLD_OUT, name: 'run of a full batch, 95th percentile', unit: 'ms', value: candidate.runMs },
    { data: HOLD_OUT, name: 'run of one row, 95th percentile', unit: 'ms', value: candidate.oneRowMs },
    { data: HOLD_OUT, name: 'memory of its process', unit: 'bytes', value: candidate.peakBytes },
  ];
  return { gates, metrics, passed: passes(gates) };
}

/** Of texts and booleans only equal ones are right. */
function classesOf({ outputs }: Manifest): ReadonlySet<string> {
  return new Set(
    outputs.flatMap(({ name, type }) => (type === 'string' || type === 'boolean' ? [name] : [])),
  );
}

/** That of the first dataset that the recipe was given. */
async function profileOfTraining(
  { datasets }: EvaluateStepOptions,
  { job }: StepContext,
): Promise<readonly InputProfile[]> {
  const first = job.training?.datasets.find(({ use }) => use === DataUse.Train);
  const record = first && (await datasets.find(first.name, first.digest));
  return record?.profile ?? [];
}

function noteOn(
  { gates, passed }: Pick<EvaluateOutput, 'gates' | 'passed'>,
  { inputs, leftOut, total }: HoldOutRows,
  live: ModelVersion | undefined,
): string {
  const failed = gates.filter(({ verdict }) => verdict === 'FAIL').map(({ name }) => name);
  const beside = live === undefined ? 'no version answers yet' : `beside version ${live.version}`;
  const left = leftOut === 0 ? '' : `, ${leftOut} left out`;
  return `${inputs.length} of ${total} hold-out rows${left}, ${beside}: ${passed ? 'passed' : `failed ${failed.join(', ')}`}`;
}

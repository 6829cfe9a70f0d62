/** What becomes of the output of a task's last step. Each write may be repeated: what is there already is found. */
import type { KeyObject } from 'node:crypto';
import type { Broker } from '../../src/broker/broker.ts';
import type { Artifacts } from '../../src/contract/artifact.ts';
import { LONGEST_LIST } from '../../src/contract/bounds.ts';
import { brokerUnavailable } from '../../src/contract/errors.ts';
import { checkOf } from '../../src/contract/messages/decoder.ts';
import { TaskErrorCode, TaskState } from '../../src/contract/task.ts';
import { type Check, StepName } from '../../src/contract/work.ts';
import type { WorkOutcome } from '../../src/contract/workTask.ts';
import { CannotRegister, registerVersion } from '../../src/registry/register.ts';
import { CHECK_OUTPUT } from './check.ts';
import { EVALUATE_OUTPUT, type EvaluateOutput } from './evaluate.ts';
import type { DoneStep, SettleOptions } from './settleStep.ts';
import { TRAIN_OUTPUT } from './train.ts';

export interface ConcludeOptions {
  readonly broker: Pick<Broker, 'work' | 'datasets' | 'versions'>;
  readonly artifacts: Pick<Artifacts, 'find'>;
  readonly modelsDir: string;
  /** Signs records of versions; undefined: they are not signed. */
  readonly signingKey: KeyObject | undefined;
}

const checked = checkOf(CHECK_OUTPUT);
const trained = checkOf(TRAIN_OUTPUT);
const evaluated = checkOf(EVALUATE_OUTPUT);
const SUCCEEDED = { state: TaskState.Succeeded } as const;

export function concluding(options: ConcludeOptions): SettleOptions['conclude'] {
  return async (done) => {
    const { step, output } = done.result;
    if (step === StepName.Check) return storeDataset(options, output);
    if (step === StepName.Train) return reuse(options, done.job.model, trained(output).reused);
    const { gates, passed, ...judged } = evaluated(output);
    if (!passed) return { ...rejection(gates), gates };
    return { ...(await register(options, done, { gates, passed, ...judged })), gates };
  };
}

async function storeDataset(
  { broker }: ConcludeOptions,
  output: DoneStep['result']['output'],
): Promise<WorkOutcome> {
  const outcome = await broker.datasets.store(checked(output).record);
  if (outcome.type !== 'stored' && outcome.type !== 'alreadyThere') throw brokerUnavailable(outcome.reason);
  return SUCCEEDED;
}

/** A version that was there already shows the checks that it has passed. */
async function reuse(
  { broker }: ConcludeOptions,
  model: string,
  version: string | undefined,
): Promise<WorkOutcome> {
  const { versions } = await broker.versions.read();
  const found = versions.find((each) => each.model === model && each.version === version);
  return { ...SUCCEEDED, version, reused: true, gates: found?.record?.gates };
}

function rejection(gates: readonly Check[]): WorkOutcome {
  const failed = gates.filter(({ verdict }) => verdict === 'FAIL').map(({ name }) => name);
  const message = `The version does not meet the gate of its model: ${failed.join(', ')}.`;
  return { state: TaskState.Failed, error: { code: TaskErrorCode.GateRejected, message } };
}

async function register(
  options: ConcludeOptions,
  done: DoneStep,
  judged: EvaluateOutput,
): Promise<WorkOutcome> {
  const { broker } = options;
  const { job } = done;
  const result = await broker.work.readStepResult(job.taskId, StepName.Train);
  const train = result && trained(result.output);
  try {
    if (
      job.training === undefined ||
      result === undefined ||
      train?.files === undefined ||
      train.recipe === undefined
    )
      throw new CannotRegister('what the step train gave is not stored any more');
    const { training } = job;
    const { record } = await registerVersion(
      {
        model: job.model,
        ...{ files: train.files, sha256: train.sha256 ?? '', created: job.submittedAt, owner: job.owner },
        ...{ taskId: job.taskId, gates: judged.gates, profile: judged.profile },
        metrics: [...judged.metrics, ...(train.metrics ?? [])].slice(0, LONGEST_LIST),
        provenance: {
          ...{ runKey: train.runKey, datasets: training.datasets, recipe: train.recipe },
          ...{ params: training.params, seed: training.seed, trainer: result.trainer },
          ...{ environment: train.environment ?? '', reproducible: train.reproducible ?? false },
          ...(train.revision === undefined ? {} : { revision: train.revision }),
        },
      },
      { ...options, versions: broker.versions },
    );
    return { ...SUCCEEDED, version: record.version };
  } catch (error) {
    if (!(error instanceof CannotRegister)) throw error;
    const message = `The version cannot be registered: ${error.message}`;
    return { state: TaskState.Failed, error: { code: TaskErrorCode.TrainingFailed, message } };
  }
}

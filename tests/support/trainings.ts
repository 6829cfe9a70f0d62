/** Trainings without a gateway: submitted as a gateway does, and taken by tinyTrainer.ts. */
import type { Broker } from '../../src/broker/broker.ts';
import type { WorkEnd } from '../../src/contract/messages/work.ts';
import { StepName } from '../../src/contract/work.ts';
import { parseWorkId, type WorkAddress } from '../../src/contract/workId.ts';
import { eventually } from './eventually.ts';
import { type Process, readyInTime, startProcess } from './processes.ts';
import { trainingJob } from './tinyTraining.ts';

type WorkBroker = Pick<Broker, 'work' | 'now'>;

export interface TrainerOptions {
  readonly url: string;
  readonly modelsDir: string;
  readonly dataDir: string;
  /** See tinyTrainer.ts. */
  readonly strike?: string;
  readonly slots?: number;
  /** The broker of artifacts, if it is another one. */
  readonly blobsUrl?: string;
}

export async function startTrainer(options: TrainerOptions): Promise<Process> {
  const { url, modelsDir, dataDir, strike = '', slots = 1, blobsUrl = '' } = options;
  const trainer = startProcess('tests/support/tinyTrainer.ts', {
    ...{ NATS_URL: url, MODELS_DIR: modelsDir, DATA_DIR: dataDir, STRIKE: strike },
    TRAINER_SLOTS: String(slots),
    BLOBS_NATS_URL: blobsUrl,
  });
  await readyInTime(trainer);
  return trainer;
}

/** @param params of the recipe, see tinyRecipe.sh. @param more of the job. */
export async function submitTraining(
  broker: WorkBroker,
  params: Readonly<Record<string, string>>,
  { maxAttempts = 3, ...more }: { readonly maxAttempts?: number; readonly deadline?: number } = {},
): Promise<WorkAddress> {
  const { step: _, ...job } = trainingJob(params, { now: broker.now(), ...more });
  const address = parseWorkId(job.taskId);
  if (address === undefined || job.training === undefined) throw new Error('the job is no training');
  const training = { ...job.training, maxAttempts };
  await broker.work.storeJob(address, { ...job, training });
  await broker.work.storeStepJob(address, { ...job, training, step: StepName.Prepare }, training.class);
  return address;
}

export async function endOf({ work }: WorkBroker, address: WorkAddress, limitMs?: number): Promise<WorkEnd> {
  const end = await eventually(
    () => work.readEnd(address),
    (found) => found !== undefined,
    limitMs,
  );
  if (end === undefined) throw new Error('there is no end');
  return end;
}

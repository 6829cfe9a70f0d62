/** Work in tests: a model that can be trained, datasets, and a trainer that does what the test says. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Broker, StepSource } from '../../src/broker/broker.ts';
import { endWork } from '../../src/broker/endWork.ts';
import type { Delivery } from '../../src/broker/heldDelivery.ts';
import type { DatasetRecord } from '../../src/contract/messages/datasetRecord.ts';
import { MESSAGE_VERSION } from '../../src/contract/messages/decoder.ts';
import { decodeStepJob, type StepJob, type WorkJob } from '../../src/contract/messages/work.ts';
import { ANONYMOUS } from '../../src/contract/owner.ts';
import { subjects } from '../../src/contract/subjects.ts';
import { TaskState } from '../../src/contract/task.ts';
import { STEPS_OF, StepName, WorkKind } from '../../src/contract/work.ts';
import { newWorkAddress, parseWorkId, type WorkAddress } from '../../src/contract/workId.ts';
import { trainerClassOf, type WorkOutcome } from '../../src/contract/workTask.ts';
import { HOME } from './jobs.ts';
import { type ModelsFolder, modelsWith } from './models.ts';
import type { StreamInspector } from './streams.ts';

export const MODEL = 'trip-duration';
export const TRAINER = 'trainer-0a0b0c0d';
const PLACES = [
  { step: StepName.Check, trainerClass: 'cpu' },
  ...STEPS_OF.TRAINING.map((step) => ({ step, trainerClass: 'cpu' })),
];

/** A models folder whose trip-duration can be trained. */
export async function trainableModels(): Promise<ModelsFolder> {
  const models = await modelsWith((manifest) => {
    manifest.training = {
      recipe: 'train.ts',
      columns: { pickupLocationId: 'PULocationID' },
      targets: { durationMinutes: 'minutes' },
      params: [
        {
          name: 'trees',
          type: 'int32',
          unit: 'trees',
          minimum: 10,
          maximum: 500,
          default: 100,
          description: 'How many.',
        },
        {
          name: 'rate',
          type: 'float64',
          unit: 'parts',
          minimum: 0,
          maximum: 1,
          default: 0.1,
          description: 'How fast.',
        },
        { name: 'bagging', type: 'boolean', default: false, description: 'Whether.' },
        { name: 'loss', type: 'choice', values: ['l1', 'l2'], default: 'l2', description: 'Which.' },
      ],
      gate: { metrics: [{ output: 'durationMinutes', metric: 'rmse', most: 6 }] },
    };
  });
  // No process of these tests runs it.
  await writeFile(join(models.model, 'train.ts'), '');
  return models;
}

/** @param digit of which the digest consists. */
export function datasetOf(name: string, digit: string, more: Partial<DatasetRecord> = {}): DatasetRecord {
  return {
    v: MESSAGE_VERSION,
    name,
    digest: digit.repeat(64),
    model: MODEL,
    owner: ANONYMOUS,
    taskId: 'made',
    createdAt: Number.parseInt(digit, 16),
    files: [{ name: 'a.csv', sha256: digit.repeat(64), bytes: 1, place: 'STORE' }],
    usable: true,
    rowCount: 1,
    duplicates: 0,
    problems: [],
    columns: [],
    profile: [],
    ...more,
  };
}

export async function storeDataset(streams: StreamInspector, record: DatasetRecord): Promise<void> {
  await streams.publish(subjects.dataset(record.name, record.digest), JSON.stringify(record));
}

/** A training as a gateway would store it. @param timeoutMs negative: its time is over. */
export function trainingJob(
  broker: Pick<Broker, 'now'>,
  { timeoutMs = 3_600_000, owner = ANONYMOUS }: { timeoutMs?: number; owner?: string } = {},
): { readonly address: WorkAddress; readonly job: WorkJob } {
  const deadline = broker.now() + timeoutMs;
  const submittedAt = Math.min(broker.now(), deadline - 1);
  const address = newWorkAddress({
    kind: WorkKind.Training,
    model: MODEL,
    home: HOME,
    deadlineSecond: Math.ceil(deadline / 1000),
    openedAt: Math.floor(submittedAt * 10),
  });
  const training = {
    datasets: [{ name: 'trips', digest: 'a'.repeat(64), use: 'TRAIN' as const }],
    recipe: 'train.ts',
    params: {},
    seed: 0,
    class: 'cpu',
    maxAttempts: 3,
  };
  const job = {
    v: MESSAGE_VERSION,
    taskId: address.id,
    model: MODEL,
    owner,
    submittedAt,
    deadline,
    training,
  };
  return { address, job };
}

/** Stores a whole training, and its first step. */
export async function queueTraining(
  broker: Broker,
  options: Parameters<typeof trainingJob>[1] = {},
): Promise<ReturnType<typeof trainingJob>> {
  const made = trainingJob(broker, options);
  await broker.work.storeJob(made.address, made.job);
  await broker.work.storeStepJob(made.address, { ...made.job, step: StepName.Prepare }, 'cpu');
  return made;
}

/** Takes steps as a trainer does. What becomes of each, the test says. */
export class FakeTrainer implements AsyncDisposable {
  readonly #broker: Broker;
  readonly #source: StepSource;

  constructor(broker: Broker) {
    this.#broker = broker;
    this.#source = broker.consumeSteps(PLACES);
  }

  /** @throws if it is disposed meanwhile. */
  async take(): Promise<HeldStep> {
    const delivery = await this.#source.next();
    if (delivery === undefined) throw new Error('the trainer was stopped before a step came');
    return new HeldStep(this.#broker, delivery);
  }

  /** Takes the steps of one task after another, to its end. */
  async run(outcome?: WorkOutcome): Promise<void> {
    for (let hasEnded = false; !hasEnded; ) {
      const step = await this.take();
      await step.report(1);
      hasEnded = await step.finish(outcome);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#source[Symbol.asyncDispose]();
  }
}

/** A step in the hands of the trainer. */
export class HeldStep {
  readonly job: StepJob;
  readonly #broker: Broker;
  readonly #delivery: Delivery;
  readonly #startedAt: number;

  constructor(broker: Broker, delivery: Delivery) {
    this.#broker = broker;
    this.#delivery = delivery;
    this.#startedAt = broker.now();
    this.job = decodeStepJob(delivery.data);
  }

  get address(): WorkAddress {
    const address = parseWorkId(this.job.taskId);
    if (address === undefined) throw new Error('a step names its task');
    return address;
  }

  /** Tells how far it is, and stores it. */
  async report(done: number): Promise<void> {
    const progress = this.#progress(done);
    this.#broker.work.tellProgress(progress);
    const last = await this.#broker.work.lastProgress(this.job.taskId);
    await this.#broker.work.storeProgress(progress, last?.sequence ?? 0);
  }

  /** Tells it only, as a trainer does most of the time. */
  tell(done: number): void {
    this.#broker.work.tellProgress(this.#progress(done));
  }

  async write(...texts: readonly string[]): Promise<void> {
    const { step, taskId } = this.job;
    const lines = texts.map((text) => ({ at: this.#broker.now(), text }));
    await this.#broker.workLog.append(taskId, { v: MESSAGE_VERSION, step, lines });
  }

  /**
   * Stores what the step gave, then queues the next one, or ends the task.
   *
   * @returns whether the task has ended.
   */
  async finish(
    outcome: WorkOutcome = { state: TaskState.Succeeded, version: '4', gates: [] },
  ): Promise<boolean> {
    const { work } = this.#broker;
    const { step: name, ...job } = this.job;
    await this.storeResult();
    const steps = STEPS_OF[this.address.kind];
    const next = steps[steps.indexOf(name) + 1];
    if (next === undefined) await endWork(this.#broker, this.address, job, outcome);
    else await work.storeStepJob(this.address, { ...job, step: next }, trainerClassOf(job));
    this.#delivery.ack();
    return next === undefined;
  }

  /** Only what the step gave, as if the trainer died then. */
  async storeResult(): Promise<void> {
    const { step, taskId } = this.job;
    const times = { startedAt: this.#startedAt, finishedAt: this.#broker.now() };
    const result = { v: MESSAGE_VERSION, taskId, step, ...times, trainer: TRAINER, attempts: 1, output: {} };
    await this.#broker.work.storeStepResult(result);
  }

  handBack(): void {
    this.#delivery.handBack(0);
  }

  #progress(done: number) {
    const { step, taskId } = this.job;
    const progress = {
      done,
      of: 100,
      unit: 'trees',
      at: this.#broker.now(),
      metrics: [{ name: 'rmse', value: 5 }],
    };
    return {
      v: MESSAGE_VERSION,
      taskId,
      step,
      attempts: 1,
      startedAt: this.#startedAt,
      trainer: TRAINER,
      progress,
    };
  }
}

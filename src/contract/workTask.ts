/** Work as clients see it: put together from its job, from what its steps have given, and from its newest progress. */
import type { StepResult, WorkEnd, WorkJob, WorkProgress } from './messages/work.ts';
import { type FinishedTask, finishedTask, type Task, TaskErrorCode, TaskState } from './task.ts';
import {
  CHECK_CLASS,
  type Check,
  STEPS_OF,
  type Stage,
  StageName,
  StageState,
  type StepName,
  type Work,
  WorkKind,
} from './work.ts';

/** What is stored of work that has no end yet. */
export interface KnownWork {
  readonly job: WorkJob;
  /** Of the steps that are done, in their order. */
  readonly results: readonly StepResult[];
  /** Of the step that was started last. */
  readonly progress?: WorkProgress | undefined;
  /** Whether its first step waits for a trainer, and there is none of its class. */
  readonly isWithoutTrainer?: boolean | undefined;
}

/** How work ended, and what came of it. */
export interface WorkOutcome extends Pick<FinishedTask, 'state' | 'error'> {
  readonly gates?: readonly Check[] | undefined;
  /** The version that was registered. */
  readonly version?: string | undefined;
  /** Whether the version was there already. */
  readonly reused?: boolean | undefined;
}

export const STAGE_OF: Readonly<Record<StepName, StageName>> = {
  check: StageName.Check,
  prepare: StageName.Prepare,
  train: StageName.Train,
  evaluate: StageName.Evaluate,
};

/** A task that is work. */
export type WorkTask = Task & { readonly work: Work };

export function kindOf({ dataset }: Pick<WorkJob, 'dataset'>): WorkKind {
  return dataset === undefined ? WorkKind.Training : WorkKind.Dataset;
}

/** The class of trainers that takes the steps of work. */
export function trainerClassOf({ training }: Pick<WorkJob, 'training'>): string {
  return training?.class ?? CHECK_CLASS;
}

/** @returns undefined if it was the last one: a version that was there already is not judged again. */
export function stepAfter(kind: WorkKind, { step, output }: StepResult): StepName | undefined {
  const steps = STEPS_OF[kind];
  return output.reused === undefined ? steps[steps.indexOf(step) + 1] : undefined;
}

/** The step that work waits for. If its last one is done, it is that one: the end that follows may be missing. */
export function nextStepOf({ job, results }: KnownWork): StepName {
  const kind = kindOf(job);
  const last = results.at(-1);
  const next = last === undefined ? STEPS_OF[kind][0] : (stepAfter(kind, last) ?? last.step);
  if (next === undefined) throw new Error('work of each kind has a step');
  return next;
}

/** The task as it is before its end. */
export function workTask(known: KnownWork): WorkTask {
  const { job, results } = known;
  const progress = presentProgress(known);
  const isStarted = progress !== undefined || results.length > 0;
  const { taskId, model, owner, submittedAt, deadline, labels, requestId, history, trace } = job;
  return {
    id: taskId,
    model,
    modelVersion: '',
    owner,
    submittedAt,
    deadline,
    labels,
    requestId,
    history,
    trace,
    state: isStarted ? TaskState.Running : TaskState.Queued,
    startedAt: results[0]?.startedAt ?? progress?.startedAt,
    attempts: attemptsOf(known),
    work: workOf(known),
  };
}

/** The end of work. @param now broker time. */
export function workEnd(
  known: KnownWork,
  { state, error, gates, version, reused = false }: WorkOutcome,
  now: number,
): Omit<WorkEnd, 'v'> {
  const { job } = known;
  const { startedAt, attempts, work } = workTask(known);
  return {
    ...finishedTask(
      { ...job, version: version ?? '' },
      { state, finishedAt: now, startedAt, attempts, error },
    ),
    work: {
      ...work,
      progress: undefined,
      stages: work.stages.map((stage, i) =>
        endedStage(stage, work.stages[i - 1], { state, error, reused }, now),
      ),
      reused,
      ...(gates && { gates }),
      ...(version !== undefined && { version }),
    },
  };
}

function workOf(known: KnownWork): Work {
  const { job } = known;
  const progress = presentProgress(known)?.progress;
  return {
    kind: kindOf(job),
    stages: stagesOf(known),
    attempts: attemptsOf(known),
    reused: false,
    ...(progress && { progress }),
    ...(job.training && { training: job.training }),
    ...(job.dataset && { dataset: { name: job.dataset.name, digest: job.dataset.digest } }),
  };
}

function stagesOf(known: KnownWork): readonly Stage[] {
  const { job, results } = known;
  const progress = presentProgress(known);
  const kind = kindOf(job);
  const stages = STEPS_OF[kind].map((step): Stage => {
    const name = STAGE_OF[step];
    const result = results.find((each) => each.step === step);
    if (result !== undefined) {
      const { startedAt, finishedAt, trainer, note } = result;
      return { name, state: StageState.Succeeded, startedAt, finishedAt, worker: trainer, note };
    }
    if (progress?.step !== step)
      return {
        name,
        state: StageState.Waiting,
        note: step === STEPS_OF[kind][0] ? waitNote(known) : undefined,
      };
    const { startedAt, trainer, note } = progress;
    return { name, state: StageState.Running, startedAt, worker: trainer, note };
  });
  if (kind === WorkKind.Dataset) return stages;
  const last = stages.at(-1);
  const register: Stage =
    last?.state === StageState.Succeeded
      ? { name: StageName.Register, state: StageState.Running, startedAt: last.finishedAt }
      : { name: StageName.Register, state: StageState.Waiting };
  return [...stages, register];
}

function waitNote({ job, isWithoutTrainer }: KnownWork): string | undefined {
  return isWithoutTrainer === true
    ? `no trainer of the class ${trainerClassOf(job)} is there: it waits for one`
    : undefined;
}

/** Progress of a step that is done tells nothing any more. */
function presentProgress({ results, progress }: KnownWork): WorkProgress | undefined {
  return results.some(({ step }) => step === progress?.step) ? undefined : progress;
}

function attemptsOf({ results, progress }: KnownWork): number {
  return progress?.attempts ?? results.at(-1)?.attempts ?? 0;
}

function endedStage(
  stage: Stage,
  before: Stage | undefined,
  { state, error, reused }: Pick<WorkOutcome, 'state' | 'error' | 'reused'>,
  finishedAt: number,
): Stage {
  if (stage.state === StageState.Succeeded) return stage;
  if (state === TaskState.Succeeded && !reused) return { ...stage, state: StageState.Succeeded, finishedAt };
  const isNext = before === undefined || before.state === StageState.Succeeded;
  const isCutOff = stage.state === StageState.Running && state !== TaskState.Succeeded;
  const hasFailed = state === TaskState.Failed ? isNext : isCutOff;
  if (hasFailed && error?.code !== TaskErrorCode.GateRejected)
    return { ...stage, state: StageState.Failed, finishedAt };
  return { name: stage.name, state: StageState.Skipped };
}

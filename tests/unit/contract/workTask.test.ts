/** The stages of work, as they follow from what is stored of it. */
import { describe, expect, test } from 'vitest';
import type { StepResult, WorkJob, WorkProgress } from '../../../src/contract/messages/work.ts';
import { type FinishedTask, TaskState } from '../../../src/contract/task.ts';
import type { StepName } from '../../../src/contract/work.ts';
import { nextStepOf, type WorkOutcome, workEnd, workTask } from '../../../src/contract/workTask.ts';

const TRAINING = { datasets: [], recipe: 'train.ts', params: {}, seed: 0, class: 'cpu', maxAttempts: 3 };
const ORIGIN = { v: 1, taskId: 'task', model: 'churn', owner: 'ada', submittedAt: 1, deadline: 99 };
const JOB: WorkJob = { ...ORIGIN, training: TRAINING };
const CHECK: WorkJob = { ...ORIGIN, dataset: { name: 'trips', digest: 'a'.repeat(64), files: [] } };

function done(step: StepName, at: number): StepResult {
  return {
    v: 1,
    taskId: 'task',
    step,
    startedAt: at,
    finishedAt: at + 1,
    trainer: 't',
    attempts: 1,
    output: {},
  };
}

function doing(step: StepName, attempts = 2): WorkProgress {
  const progress = { done: 1, unit: 'trees', at: 5 };
  return { v: 1, taskId: 'task', step, attempts, startedAt: 4, trainer: 't', progress };
}

function states(results: readonly StepResult[], progress: WorkProgress | undefined, outcome?: WorkOutcome) {
  const known = { job: JOB, results, progress };
  const { state, work } = outcome === undefined ? workTask(known) : workEnd(known, outcome, 9);
  return [state, ...work.stages.map((stage) => stage.state)].join(' ');
}

function ended(state: FinishedTask['state'], code?: 'TRAINING_FAILED' | 'GATE_REJECTED'): WorkOutcome {
  return { state, ...(code && { error: { code, message: 'm' } }) };
}

describe('a training', () => {
  const prepared = [done('prepare', 1)];
  const all = [...prepared, done('train', 2), done('evaluate', 3)];
  test.each<[string, readonly StepResult[], WorkProgress | undefined, WorkOutcome | undefined, string]>([
    ['waits', [], undefined, undefined, 'QUEUED WAITING WAITING WAITING WAITING'],
    ['is begun', [], doing('prepare'), undefined, 'RUNNING RUNNING WAITING WAITING WAITING'],
    [
      'is between two steps',
      prepared,
      doing('prepare'),
      undefined,
      'RUNNING SUCCEEDED WAITING WAITING WAITING',
    ],
    ['trains', prepared, doing('train'), undefined, 'RUNNING SUCCEEDED RUNNING WAITING WAITING'],
    ['is registered', all, undefined, undefined, 'RUNNING SUCCEEDED SUCCEEDED SUCCEEDED RUNNING'],
    [
      'has succeeded',
      all,
      undefined,
      ended(TaskState.Succeeded),
      'SUCCEEDED SUCCEEDED SUCCEEDED SUCCEEDED SUCCEEDED',
    ],
    [
      'was there already',
      all.slice(0, 2),
      undefined,
      { ...ended(TaskState.Succeeded), reused: true },
      'SUCCEEDED SUCCEEDED SUCCEEDED SKIPPED SKIPPED',
    ],
    [
      'has failed',
      prepared,
      doing('train'),
      ended(TaskState.Failed, 'TRAINING_FAILED'),
      'FAILED SUCCEEDED FAILED SKIPPED SKIPPED',
    ],
    [
      'has failed before it told anything',
      prepared,
      undefined,
      ended(TaskState.Failed, 'TRAINING_FAILED'),
      'FAILED SUCCEEDED FAILED SKIPPED SKIPPED',
    ],
    [
      'was rejected',
      all,
      undefined,
      ended(TaskState.Failed, 'GATE_REJECTED'),
      'FAILED SUCCEEDED SUCCEEDED SUCCEEDED SKIPPED',
    ],
    [
      'was not registered',
      all,
      undefined,
      ended(TaskState.Failed, 'TRAINING_FAILED'),
      'FAILED SUCCEEDED SUCCEEDED SUCCEEDED FAILED',
    ],
    [
      'was cancelled while it ran',
      prepared,
      doing('train'),
      ended(TaskState.Canceled),
      'CANCELED SUCCEEDED FAILED SKIPPED SKIPPED',
    ],
    [
      'expired while it waited',
      [],
      undefined,
      ended(TaskState.Expired),
      'EXPIRED SKIPPED SKIPPED SKIPPED SKIPPED',
    ],
  ])('%s', (_what, results, progress, outcome, expected) => {
    expect(states(results, progress, outcome)).toBe(expected);
  });

  test('shows no progress of a step that is done', () => {
    const { work } = workTask({ job: JOB, results: prepared, progress: doing('prepare') });
    expect(work.progress).toBeUndefined();
    expect(work.attempts).toBe(2);
  });
});

test('the check of a dataset has one stage', () => {
  const { work, state } = workTask({ job: CHECK, results: [done('check', 1)] });
  expect(work).toMatchObject({
    kind: 'DATASET',
    dataset: { name: 'trips' },
    stages: [{ name: 'CHECK', state: 'SUCCEEDED' }],
  });
  expect(state).toBe('RUNNING');
});

test.each<[readonly StepResult[], StepName]>([
  [[], 'prepare'],
  [[done('prepare', 1)], 'train'],
  [[done('prepare', 1), done('train', 2), done('evaluate', 3)], 'evaluate'],
  // The version was there already, so it is not judged again.
  [[done('prepare', 1), { ...done('train', 2), output: { reused: '4' } }], 'train'],
])('the next step is the first that is not done, or the last that is needed', (results, expected) => {
  expect(nextStepOf({ job: JOB, results })).toBe(expected);
});

test('the stage that runs shows what its trainer remarks', () => {
  const progress = { ...doing('train'), note: 'installing Python packages' };
  const { stages } = workTask({ job: JOB, results: [done('prepare', 1)], progress }).work;
  expect(stages[1]).toMatchObject({ name: 'TRAIN', state: 'RUNNING', note: 'installing Python packages' });
});

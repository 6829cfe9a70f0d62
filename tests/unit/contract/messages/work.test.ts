import { describe, expect, test } from 'vitest';
import {
  decodeLogLines,
  decodeStepJob,
  decodeStepResult,
  decodeWorkEnd,
  decodeWorkJob,
  decodeWorkProgress,
  decodeWorkRequest,
  LOG_LINES,
  STEP_JOB,
  STEP_RESULT,
  WORK_END,
  WORK_JOB,
  WORK_PROGRESS,
  WORK_REQUEST,
} from '../../../../src/contract/messages/work.ts';
import { bytesOf, expectEachMemberChecked } from '../../../support/brokenMessages.ts';

const DIGEST = 'a'.repeat(64);
const TRAINING = {
  datasets: [{ name: 'trips', digest: DIGEST, use: 'TRAIN' }],
  recipe: 'train.py',
  params: { trees: 300 },
  seed: 0,
  class: 'cpu',
  maxAttempts: 3,
  split: { holdoutPercent: 10, by: 'TIME' },
};
const DATASET = {
  name: 'trips',
  digest: DIGEST,
  files: [{ name: 'a.csv', sha256: DIGEST, bytes: 1, place: 'STORE' }],
};
const TIMES = { submittedAt: 1, deadline: 2 };
const ORIGIN = { labels: ['nightly'], requestId: 'r', history: ['task'], trace: 't' };
const JOB = { v: 1, taskId: 'task', model: 'churn', owner: 'ada', ...TIMES, ...ORIGIN };
const TRAINING_JOB = { ...JOB, training: TRAINING };
const DATASET_JOB = { ...JOB, dataset: DATASET };
const PROGRESS = {
  done: 1,
  unit: 'trees',
  at: 3,
  of: 2,
  metrics: [{ name: 'rmse', value: 5 }],
  secondsLeft: 1,
};
const CHECK = { name: 'rmse', verdict: 'PASS', count: 1, observed: 1, live: 2, limit: 3 };
const WORK = {
  kind: 'TRAINING',
  stages: [{ name: 'TRAIN', state: 'RUNNING', startedAt: 1, finishedAt: 2, worker: 'w', note: 'n' }],
  attempts: 1,
  reused: false,
  progress: PROGRESS,
  gates: [CHECK],
  version: '4',
  dataset: { name: 'trips', digest: DIGEST },
  training: TRAINING,
};
const END = {
  ...{ v: 1, id: 'task', model: 'churn', modelVersion: '4', owner: 'ada', submittedAt: 1, attempts: 1 },
  ...{ state: 'SUCCEEDED', finishedAt: 3, deadline: 2, labels: ['nightly'], requestId: 'r', input: { x: 1 } },
  ...{ lane: 'bulk', history: ['task'], startedAt: 1, prediction: { x: 1 } },
  timings: { queueMs: 1, batchMs: 1, computeMs: 1, batchSize: 1 },
  error: { code: 'TRAINING_FAILED', message: 'm' },
  trace: '00-1-2-00',
  log: [{ at: 2, event: 'ENDED', process: 'p', detail: 'd' }],
  batch: { rowCount: 1, rowsPerChunk: 1, rowsDone: 1, rowsFailed: 0, secondsLeft: 1 },
  work: WORK,
};

describe('a message about work is refused with the name of any member that is wrong', () => {
  test('its job', () => {
    expectEachMemberChecked(WORK_JOB, [TRAINING_JOB, DATASET_JOB], decodeWorkJob);
  });
  test('the job of a step', () => {
    const step = { step: 'train' };
    expectEachMemberChecked(
      STEP_JOB,
      [
        { ...TRAINING_JOB, ...step },
        { ...DATASET_JOB, ...step },
      ],
      decodeStepJob,
    );
  });
  test('the record of its request', () => {
    const record = { v: 1, inputDigest: DIGEST };
    const good = [
      { ...record, job: TRAINING_JOB },
      { ...record, job: DATASET_JOB },
    ];
    expectEachMemberChecked(WORK_REQUEST, good, decodeWorkRequest);
  });
  test('the result of a step', () => {
    const times = { startedAt: 1, finishedAt: 2, trainer: 't', attempts: 1 };
    const good = { v: 1, taskId: 'task', step: 'train', ...times, output: {}, note: 'n' };
    expectEachMemberChecked(STEP_RESULT, [good], decodeStepResult);
  });
  test('its progress', () => {
    const checkpoint = { path: 'c', sha256: DIGEST, bytes: 1 };
    const tried = { v: 1, taskId: 'task', step: 'train', attempts: 1, startedAt: 1, trainer: 't' };
    expectEachMemberChecked(
      WORK_PROGRESS,
      [{ ...tried, progress: PROGRESS, note: 'n', checkpoint }],
      decodeWorkProgress,
    );
  });
  test('its end', () => {
    expectEachMemberChecked(WORK_END, [END], decodeWorkEnd);
  });
  test('lines of its log', () => {
    const good = { v: 1, step: 'train', lines: [{ at: 1, text: 'read' }] };
    expectEachMemberChecked(LOG_LINES, [good], decodeLogLines);
  });
});

test('the end of a training that made no version has an empty one', () => {
  expect(decodeWorkEnd(bytesOf({ ...END, modelVersion: '' })).modelVersion).toBe('');
});

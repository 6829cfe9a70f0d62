/** Texts and lists that somebody with access to the broker has made up: as long as ours at most. */
import { describe, expect, test } from 'vitest';
import { decodeDeadLetter, decodeJob } from '../../../src/contract/decoding.ts';
import { checkPresence, checkResult } from '../../../src/contract/heard.ts';
import type { WorkerPresence } from '../../../src/contract/protocol.ts';
import { newTaskAddress } from '../../../src/contract/task.ts';
import { HOME } from '../../support/jobs.ts';

const LONG = 'x'.repeat(1_001);
const MODEL = 'trip-duration';
const DEADLINE = 1_800_000_000_000;
const id = newTaskAddress({ model: MODEL, home: HOME, deadline: DEADLINE }).id;
const ids = Array.from({ length: 101 }, (_, i) => `task-${i}`);
const bytes = (message: object) => Buffer.from(JSON.stringify(message));

describe('a worker is not heard', () => {
  const version = { model: MODEL, version: '1' };
  const presence = { id: 'worker', startedAt: 1, models: [], refused: [], leaving: [] };
  const many = <T>(item: T): readonly T[] => Array.from({ length: 1_001 }, () => item);

  test.each<[string, Partial<WorkerPresence>]>([
    ['whose reason for a refusal is too long', { refused: [{ ...version, reason: LONG }] }],
    ['that refuses too much', { refused: many({ ...version, reason: 'x' }) }],
    ['that serves too much', { models: many({ ...version, executionProvider: 'cpu' }) }],
    ['that leaves too much', { leaving: many(version) }],
  ])('%s', (_what, members) => {
    expect(checkPresence(presence)).toEqual(presence);
    expect(() => checkPresence({ ...presence, ...members })).toThrow(Object.keys(members)[0]);
  });
});

test('a result with a long message and a long history is the end of its task, with the beginning of the one and the last of the other', () => {
  const result = checkResult(
    {
      v: 1,
      id,
      model: MODEL,
      modelVersion: '1',
      state: 'FAILED',
      submittedAt: 1,
      finishedAt: 2,
      attempts: 1,
      error: { code: 'INFERENCE_FAILED', message: LONG },
      history: ids,
    },
    id,
  );
  expect(result.error?.message).toBe(LONG.slice(1));
  expect(result.history).toEqual(ids.slice(1));
});

test('a job with a longer history than a redrive makes is no job', () => {
  const job = {
    v: 1,
    taskId: id,
    model: MODEL,
    version: '1',
    owner: 'x',
    input: {},
    submittedAt: DEADLINE - 1,
    deadline: DEADLINE,
  };
  const subject = `jobs.${MODEL}.1.interactive.1800000000.${id}`;
  expect(decodeJob(bytes({ ...job, history: ids.slice(1) }), subject)).toMatchObject(job);
  expect(() => decodeJob(bytes({ ...job, history: ids }), subject)).toThrow('history');
});

test('a dead letter with long texts is shown with the beginning of them, and its job is kept', () => {
  const letter = {
    v: 1,
    taskId: id,
    model: MODEL,
    code: 'MALFORMED_JOB',
    attempts: 1,
    diedAt: 1,
    subject: 'x',
    job: LONG,
  };
  const read = decodeDeadLetter(bytes({ ...letter, reason: LONG, worker: LONG }), `dead.${MODEL}.${id}`);
  expect(read).toEqual({ ...letter, reason: LONG.slice(1), worker: LONG.slice(1) });
});

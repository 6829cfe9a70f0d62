/** The jobs of dead letters that are sent again. */
import { describe, expect, test } from 'vitest';
import type { Job } from '../../../src/contract/messages/job.ts';
import type { Model } from '../../../src/models/models.ts';
import { redrivenJob } from '../../../src/tasks/redrives.ts';
import { SingleQuestion } from '../../../src/tasks/singleTask.ts';
import type { AcceptanceParts } from '../../../src/tasks/taskToAccept.ts';
import { newTaskAddress } from '../../support/taskAddresses.ts';

const OFFERING = {
  choose: () => ({ version: '1', bucket: 17 }),
  offers: () => true,
  versionAt: (_model: Model, bucket: number) => `that of ${bucket}`,
};

const BUNDLES = {
  placeAlone: (model: string, owner: string, deadline: number) =>
    newTaskAddress({ model, owner, deadline, home: '0a1b2c3d' }),
};

/** The job of a task without any input. */
function newJob(model: Model, now: number): Job {
  const options = { requestId: 'alone in its bundle' };
  const submission = { model, input: {}, options, owner: 'anonymous', trace: undefined, gone: undefined };
  const parts = { bundles: BUNDLES } as unknown as AcceptanceParts;
  return new SingleQuestion(submission, parts).newTask(OFFERING.choose(), now).job;
}

describe('a redriven job', () => {
  const manifest = { name: 'm', inputs: [], limits: { timeoutMs: 1_000 } };
  const model = { manifest, versions: [] } as unknown as Model;
  const origin = { bundles: BUNDLES, now: 0, offering: OFFERING };
  const dead = newJob(model, origin.now);
  const { bucket: _, ...pinned } = dead;
  const elsewhere = { ...origin, offering: { ...OFFERING, offers: () => false } };

  test('keeps its version while that can be had, pinned or not', () => {
    expect(redrivenJob(dead, model, undefined, origin).job).toMatchObject({ version: '1', bucket: 17 });
    expect(redrivenJob(pinned, model, undefined, origin).job.bucket).toBeUndefined();
  });

  test('has the version that answers its bucket once its own is gone', () => {
    expect(redrivenJob(dead, model, undefined, elsewhere).job).toMatchObject({
      version: 'that of 17',
      bucket: 17,
    });
    expect(redrivenJob(pinned, model, undefined, elsewhere).job.bucket).toBeTypeOf('number');
  });
});

test('a redriven job keeps its input, also the time of its first submission', () => {
  const pickupAt = { name: 'pickupAt', type: 'dateTime', timeZone: 'UTC', default: 'now' };
  const manifest = { name: 'm', inputs: [pickupAt], limits: { timeoutMs: 1_000 } };
  const model = { manifest, versions: [{ version: '1' }] } as unknown as Model;
  const day = Date.parse('2021-02-03T14:30:00Z');
  const origin = { bundles: BUNDLES, offering: OFFERING };
  const dead = newJob(model, day);
  expect(dead.input).toEqual({ pickupAt: '2021-02-03T14:30:00' });
  const { job: redriven } = redrivenJob(dead, model, undefined, { ...origin, now: day + 86_400_000 });
  expect(redriven.input).toEqual(dead.input);
  expect(redriven.submittedAt).toBe(day + 86_400_000);
});

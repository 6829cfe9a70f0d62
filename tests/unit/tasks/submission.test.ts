/** The jobs of submitted tasks and of dead letters that are sent again. */
import { describe, expect, test } from 'vitest';
import type { Model } from '../../../src/models/models.ts';
import { newJob, redrivenJob } from '../../../src/tasks/submission.ts';

const OFFERING = {
  choose: () => ({ version: '1', bucket: 17 }),
  offers: () => true,
  versionAt: (_model: Model, bucket: number) => `that of ${bucket}`,
};

describe('a redriven job', () => {
  const manifest = { name: 'm', inputs: [], limits: { timeoutMs: 1_000 } };
  const model = { manifest, versions: [] } as unknown as Model;
  const origin = { home: '0a1b2c3d', now: 0, offering: OFFERING };
  const submission = { model, input: {}, options: {}, owner: 'anonymous', trace: undefined, gone: undefined };
  const dead = newJob(submission, origin);
  const { bucket: _, ...pinned } = dead;
  const elsewhere = { ...origin, offering: { ...OFFERING, offers: () => false } };

  test('keeps its version while that can be had, pinned or not', () => {
    expect(redrivenJob(dead, model, undefined, origin)).toMatchObject({ version: '1', bucket: 17 });
    expect(redrivenJob(pinned, model, undefined, origin)).not.toHaveProperty('bucket');
  });

  test('has the version that answers its bucket once its own is gone', () => {
    expect(redrivenJob(dead, model, undefined, elsewhere)).toMatchObject({
      version: 'that of 17',
      bucket: 17,
    });
    expect(redrivenJob(pinned, model, undefined, elsewhere).bucket).toBeTypeOf('number');
  });
});

test('a redriven job keeps its input, also the time of its first submission', () => {
  const pickupAt = { name: 'pickupAt', type: 'dateTime', timeZone: 'UTC', default: 'now' };
  const manifest = { name: 'm', inputs: [pickupAt], limits: { timeoutMs: 1_000 } };
  const model = { manifest, versions: [{ version: '1' }] } as unknown as Model;
  const submission = { model, input: {}, options: {}, owner: 'anonymous', trace: undefined, gone: undefined };
  const day = Date.parse('2021-02-03T14:30:00Z');
  const origin = { home: '0a1b2c3d', offering: OFFERING };
  const dead = newJob(submission, { ...origin, now: day });
  expect(dead.input).toEqual({ pickupAt: '2021-02-03T14:30:00' });
  const redriven = redrivenJob(dead, model, undefined, { ...origin, now: day + 86_400_000 });
  expect(redriven.input).toEqual(dead.input);
  expect(redriven.submittedAt).toBe(day + 86_400_000);
});

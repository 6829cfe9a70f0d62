/** What becomes of the last step of a training. */
import { expect, test } from 'vitest';
import { concluding } from '../../../../workers/training/conclude.ts';
import type { DoneStep } from '../../../../workers/training/settleStep.ts';

test('a training whose version was there already has the checks that this version has passed', async () => {
  const gates = [{ name: 'durationMinutes rmse', verdict: 'PASS', count: 3, observed: 5, limit: 6 }];
  const versions = [
    { model: 'other', version: '4', record: { gates: [] } },
    { model: 'trip-duration', version: '4', record: { gates } },
  ];
  const conclude = concluding({
    broker: { versions: { read: async () => ({ versions }) } },
    signingKey: undefined,
  } as unknown as Parameters<typeof concluding>[0]);
  const done = {
    job: { model: 'trip-duration' },
    result: { step: 'train', output: { runKey: 'a'.repeat(64), reused: '4' } },
  } as unknown as DoneStep;
  expect(await conclude(done)).toEqual({ state: 'SUCCEEDED', version: '4', reused: true, gates });
});

import { expect, test } from 'vitest';
import { checkShadowAnswer } from '../../../src/contract/heard.ts';

const TIMINGS = { queueMs: 3, batchMs: 2, computeMs: 1, batchSize: 1 };

test('an answer of a shadow with an impossible duration is refused', () => {
  const answer = (queueMs: number) => ({
    taskId: 'task',
    version: '2',
    timings: { ...TIMINGS, queueMs },
    prediction: { x: 1 },
  });
  expect(checkShadowAnswer(answer(1))).toEqual(answer(1));
  expect(() => checkShadowAnswer(answer(1e308))).toThrow('timings cannot be');
});

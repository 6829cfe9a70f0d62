import { expect, test } from 'vitest';
import { questions } from '../../bench/questions.ts';

test('a wrong answer is noticed, and so is a missing one', () => {
  const { check } = questions({
    mutation: 'predict',
    inputType: 'Input',
    predictionType: 'Prediction',
    output: 'y',
    inputs: [{}, {}],
    expected: [1, 2],
    tolerance: 0.1,
  });
  check(3, { taskResult: { prediction: { y: 2.05 } } });
  expect(() => check(2, { taskResult: { prediction: { y: 2 } } })).toThrow('row 2 must give y 1');
  expect(() => check(0, { taskResult: { state: 'EXPIRED', prediction: null } })).toThrow('EXPIRED');
});

import { describe, expect, test } from 'vitest';
import { ACTUAL, decodeActual } from '../../../../src/contract/messages/actual.ts';
import { bytesOf, expectEachMemberChecked } from '../../../support/brokenMessages.ts';

const GOOD = {
  ...{ v: 1, taskId: 'task', model: 'churn', version: '1', owner: 'ada', reportedAt: 1 },
  ...{ predicted: { x: 1, y: [1, 2] }, actual: { x: 2, y: [3, 4] } },
};
const SUBJECT = 'actuals.churn.1.task';

test('an actual is refused with the name of any member that is wrong', () => {
  expectEachMemberChecked(ACTUAL, [GOOD], (data) => decodeActual(data, SUBJECT));
});

describe('an actual is refused', () => {
  test.each<[string, object, string]>([
    ['of another task', { taskId: 'x' }, 'taskId must be "task" as in the subject, got "x"'],
    ['of another model', { model: 'x' }, 'model must be "churn" as in the subject, got "x"'],
    ['of another version', { version: '2' }, 'version must be "1" as in the subject, got "2"'],
    ['without what was predicted', { predicted: { y: [1, 2] } }, 'actual.x must be'],
    ['without what was reported', { actual: { x: 2 } }, 'actual.y must be'],
    [
      'with lists of two lengths',
      { actual: { x: 2, y: [3] } },
      'actual.y must be there in both, and of the same length',
    ],
    ['with a number beside a list', { actual: { x: 2, y: 3 } }, 'actual.y must be'],
  ])('%s', (_what, members, problem) => {
    expect(() => decodeActual(bytesOf({ ...GOOD, ...members }), SUBJECT)).toThrow(problem);
  });
});

import { expect, test } from 'vitest';
import { DEAD_LETTER, decodeDeadLetter } from '../../../../src/contract/messages/deadLetter.ts';
import { bytesOf, expectEachMemberChecked } from '../../../support/brokenMessages.ts';

const LONG = 'x'.repeat(1_001);
const LETTER = {
  ...{ v: 1, taskId: 'task', model: 'churn', code: 'MALFORMED_JOB', reason: 'x', attempts: 1 },
  ...{ worker: 'w', diedAt: 1, subject: 'x', job: LONG },
};
const SUBJECT = 'dead.churn.task';

test('a dead letter is refused with the name of any member that is wrong', () => {
  expectEachMemberChecked(DEAD_LETTER, [LETTER], (data) => decodeDeadLetter(data, SUBJECT));
});

test('a dead letter of another task or model than its subject names is refused', () => {
  const data = bytesOf(LETTER);
  expect(() => decodeDeadLetter(data, 'dead.churn.x')).toThrow('taskId must be "x" as in the subject');
  expect(() => decodeDeadLetter(data, 'dead.iris.task')).toThrow('model must be "iris" as in the subject');
});

test('a dead letter with long texts has the beginning of them, and its job is kept', () => {
  const letter = decodeDeadLetter(bytesOf({ ...LETTER, reason: LONG, worker: LONG }), SUBJECT);
  expect(letter).toEqual({ ...LETTER, reason: LONG.slice(1), worker: LONG.slice(1) });
});

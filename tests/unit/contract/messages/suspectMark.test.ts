import { expect, test } from 'vitest';
import { decodeSuspectMark, SUSPECT_MARK } from '../../../../src/contract/messages/suspectMark.ts';
import { bytesOf, expectEachMemberChecked } from '../../../support/brokenMessages.ts';

const MARK = { v: 1, taskId: 'task', soloRuns: 2, place: { chunk: 0, row: 7 } };
const SUBJECT = 'suspects.task.0.7';

test('the mark of a suspect is refused with the name of any member that is wrong', () => {
  expectEachMemberChecked(SUSPECT_MARK, [MARK], (data) => decodeSuspectMark(data, SUBJECT));
});

test('the mark of another task or row than its subject names is refused', () => {
  const problem = 'taskId and place must be "suspects.x" as in the subject, got "suspects.task.0.7"';
  expect(() => decodeSuspectMark(bytesOf(MARK), 'suspects.x')).toThrow(problem);
});

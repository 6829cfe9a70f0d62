import { expect, test } from 'vitest';
import {
  decodeKeyEvent,
  decodeKeyRecord,
  KEY_EVENT,
  KEY_RECORD,
} from '../../../../src/contract/messages/keyRecord.ts';
import { expectEachMemberChecked } from '../../../support/brokenMessages.ts';

const RECORD = {
  v: 1,
  owner: 'shop',
  role: 'submitter',
  digest: 'a1'.repeat(32),
  createdAt: 1795340691147,
  expiresAt: 1795340699999,
  quotas: { tasksPerSecond: 5 },
};

test('a key and its events are refused with the name of any member that is wrong', () => {
  expectEachMemberChecked(KEY_RECORD, [RECORD], decodeKeyRecord);
  expectEachMemberChecked(KEY_EVENT, [{ v: 1, at: 1795340691147 }], decodeKeyEvent);
  expect(decodeKeyRecord(Buffer.from(JSON.stringify(RECORD)))).toEqual(RECORD);
});

import { expect, test } from 'vitest';
import { AUDIT_ENTRY, decodeAuditEntry, detailsOf } from '../../../../src/contract/messages/auditEntry.ts';
import { expectEachMemberChecked } from '../../../support/brokenMessages.ts';

const ENTRY = {
  ...{ v: 1, id: 'a1', at: 0, action: 'setRollout', outcome: 'DONE', owner: 'anonymous' },
  ...{ target: 'trip-duration', address: '127.0.0.1', code: 'FORBIDDEN', leftOut: 1 },
  ...{ asked: '{}', before: 'null', after: '{}' },
};

test('an audit entry is refused with the name of any member that is wrong', () => {
  expectEachMemberChecked(AUDIT_ENTRY, [ENTRY], decodeAuditEntry);
});

test('details that are too long are cut off', () => {
  expect(detailsOf({ a: 1 })).toBe('{"a":1}');
  expect(detailsOf(undefined)).toBe('null');
  expect(
    decodeAuditEntry(Buffer.from(JSON.stringify({ ...ENTRY, asked: detailsOf('x'.repeat(1e6)) }))),
  ).toBeDefined();
});

import { expect, test } from 'vitest';
import { BLOB_END, decodeBlobEnd } from '../../../../src/contract/messages/blobEnd.ts';
import { expectEachMemberChecked } from '../../../support/brokenMessages.ts';

const END = { v: 1, bytes: 602_112, mediaType: 'image/png' };

test('the end of a blob is refused with the name of any member that is wrong', () => {
  expectEachMemberChecked(BLOB_END, [END], decodeBlobEnd);
  expect(decodeBlobEnd(Buffer.from(JSON.stringify(END)))).toEqual(END);
});

/** What the console tells of bytes that the gateway does not take or give. */
import { expect, test } from 'vitest';
import { messageOf, refusedBytes } from '../../../console/src/api/refusal.ts';

test('a refusal of bytes is shown in the words of the gateway', () => {
  const body = JSON.stringify({ errors: [{ message: 'A blob has 1000 bytes at most, got 2000.' }] });
  expect(messageOf(refusedBytes(413, body))).toBe('A blob has 1000 bytes at most, got 2000.');
});

test('an answer that is not of the gateway, such as a page of a proxy, is shown by its status', () => {
  expect(messageOf(refusedBytes(502, '<html>'))).toBe('The gateway answered 502.');
});

import type { Msg } from '@nats-io/transport-node';
import { expect, test } from 'vitest';
import { Rights } from '../../../src/broker/rights.ts';

/** What a process may do, if the broker answers the question for it with these permissions. */
async function rightsOf(publish?: object): Promise<Rights> {
  const data = { user: 'someone', ...(publish && { permissions: { publish } }) };
  const rights = new Rights({ request: async () => ({ json: () => ({ data }) }) as unknown as Msg });
  await rights.read();
  return rights;
}

test.each([
  ['has no permissions', undefined, true],
  ['may publish everything', { allow: ['>'] }, true],
  ['may use the whole API', { allow: ['jobs.>', '$JS.API.>'] }, true],
  ['may make streams', { allow: ['$JS.API.STREAM.CREATE.*'] }, true],
  ['may only look at streams', { allow: ['$JS.API.STREAM.INFO.*', '$JS.API.STREAM.CREATE'] }, false],
  ['may make other streams', { allow: ['$JS.API.STREAM.CREATE.OTHER', '*.*.*.*'] }, false],
  ['is only forbidden something else', { deny: ['jobs.>'] }, true],
  ['is forbidden to make streams', { allow: ['>'], deny: ['$JS.API.STREAM.*.*'] }, false],
] as const)('a process that %s', async (_, publish, may) => {
  expect((await rightsOf(publish)).mayMakeStreams).toBe(may);
});

test.each([
  ['names it', { allow: ['jobs.>', '$JS.TIDINGS_ADMIN.API.STREAM.NAMES'] }, true],
  ['gives everything', { allow: ['>'] }, false],
  ['names another one', { allow: ['$JS.API.>', '$JS.TIDINGS.API.>'] }, false],
  ['is not there', undefined, false],
] as const)('a right to the API of another account is one only if it %s', async (_, publish, names) => {
  expect((await rightsOf(publish)).names('$JS.TIDINGS_ADMIN.API')).toBe(names);
});

test('a process that gets no answer may try', async () => {
  const rights = new Rights({ request: () => Promise.reject(new Error('no responders')) });
  await rights.read();
  expect(rights.mayMakeStreams).toBe(true);
});

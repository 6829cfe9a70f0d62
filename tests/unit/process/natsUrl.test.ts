/** The servers and the login in an address of NATS. */
import { expect, test } from 'vitest';
import { readNatsUrl } from '../../../src/process/natsUrl.ts';

test.for([
  ['nats://broker', ['broker'], undefined],
  ['broker:4223', ['broker:4223'], undefined],
  [' nats://a:1 , NATS://b:2/,', ['a:1', 'b:2'], undefined],
  ['nats://[::1]:4222,nats://[2001:db8::7]', ['[::1]:4222', '[2001:db8::7]'], undefined],
  ['nats://user:pass@a,nats://user:pass@b:1', ['a', 'b:1'], { user: 'user', password: 'pass' }],
  ['nats://user:p%40ss%2Fw%3ao%25rd@host:4222', ['host:4222'], { user: 'user', password: 'p@ss/w:o%rd' }],
  ['nats://t%2Cken@[::1]:4222', ['[::1]:4222'], { token: 't,ken' }],
  ['nats://user:pässwörd!$&~@host', ['host'], { user: 'user', password: 'pässwörd!$&~' }],
] as const)('%s names servers and a login', ([text, servers, login]) => {
  expect(readNatsUrl(text)).toEqual({ servers, login, tls: false });
});

test('all connections are encrypted if one server has tls://', () => {
  expect(readNatsUrl('tls://a,nats://b').tls).toBe(true);
});

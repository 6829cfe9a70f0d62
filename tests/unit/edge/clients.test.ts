/** Whose address counts as that of the client, by connection and by headers. */
import type { IncomingMessage } from 'node:http';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { Clients } from '../../../src/edge/clients.ts';
import { readConfig } from '../../../src/process/config.ts';

const log = pino({ level: 'silent' });

type Headers = Readonly<Record<string, string>>;

function clientOf(trustProxy: string, peer: string, headers: Headers = {}) {
  const { trustProxy: trusted } = readConfig({ TRUST_PROXY: trustProxy });
  const request = { headers, socket: { remoteAddress: peer } } as unknown as IncomingMessage;
  return new Clients({ config: { trustProxy: trusted }, log }).of(request);
}

test('without forwarding headers the client is at the other end of the connection', () => {
  expect(clientOf('10.0.0.0/8', '::ffff:10.0.0.5')).toEqual({
    address: '10.0.0.5',
    isForwarded: false,
    forwardedHost: undefined,
    isEncrypted: false,
  });
});

test.each([
  ['', '10.0.0.5'],
  ['10.0.0.6,192.0.2.0/24,fd00::/8', '10.0.0.5'],
  ['10.0.0.0/8', '192.0.2.1'],
  ['0', '192.0.2.1'],
])('with TRUST_PROXY=%s the headers of %s are ignored, and it counts as a proxy', (trusted, peer) => {
  const headers = {
    'x-forwarded-for': '198.51.100.1',
    'x-forwarded-host': 'a.example',
    'x-forwarded-proto': 'https',
  };
  expect(clientOf(trusted, peer, headers)).toEqual({
    address: peer,
    isForwarded: true,
    forwardedHost: undefined,
    isEncrypted: false,
  });
});

test.each([
  ['one proxy', '10.0.0.5', '198.51.100.1', '198.51.100.1'],
  ['a proxy that appended to what the client made up', '10.0.0.5', '127.0.0.1, 198.51.100.1', '198.51.100.1'],
  ['two trusted proxies', '10.0.0.5', '203.0.113.9, 198.51.100.1, 10.0.0.7', '198.51.100.1'],
  ['a port', '10.0.0.5', '198.51.100.1:8443', '198.51.100.1'],
  ['an IPv6 client', 'fd00::1', '[2001:db8::1]:8443', '2001:db8::1'],
  ['an IPv6 client without brackets', '10.0.0.5', '2001:db8::1', '2001:db8::1'],
  ['an IPv4 client on a server for both', '10.0.0.5', '::ffff:198.51.100.1', '198.51.100.1'],
  ['a client that is no address', '10.0.0.5', '127.0.0.1, unknown', '10.0.0.5'],
  ['a last element that is empty', '10.0.0.5', '127.0.0.1,', '10.0.0.5'],
  ['a zone', '10.0.0.5', 'fe80::1%eth0', '10.0.0.5'],
  ['proxies all the way', '10.0.0.5', '10.0.0.8, 10.0.0.7', '10.0.0.8'],
  [
    'more hops than there can be',
    '10.0.0.5',
    `127.0.0.1, ${Array.from({ length: 40 }, () => '10.0.0.7').join()}`,
    '10.0.0.7',
  ],
])('X-Forwarded-For through %s', (_what, peer, list, address) => {
  expect(clientOf('10.0.0.0/8,fd00::/8', peer, { 'x-forwarded-for': list }).address).toBe(address);
});

test.each([
  [1, '198.51.100.1'],
  [2, '203.0.113.9'],
  [3, '127.0.0.1'],
  [9, '127.0.0.1'],
])('with %d proxies in front, the address that the furthest of them saw counts', (hops, address) => {
  const headers = { 'x-forwarded-for': '127.0.0.1, 203.0.113.9, 198.51.100.1' };
  expect(clientOf(String(hops), '192.0.2.1', headers).address).toBe(address);
});

test.each([
  ['for=198.51.100.1;proto=https;host=a.example', '198.51.100.1'],
  ['for="[2001:db8::1]:4711"; host="a.example" ;proto=https', '2001:db8::1'],
  ['for=127.0.0.1, For=198.51.100.1;Host=a.example;Proto=HTTPS', '198.51.100.1'],
  // A quote that the client left open hides nothing that the proxy appended.
  ['for=", for=198.51.100.1;host=a.example;proto=https', '198.51.100.1'],
  ['for=_hidden;host=a.example;proto=https', '10.0.0.5'],
])('Forwarded: %s', (forwarded, address) => {
  expect(clientOf('10.0.0.0/8', '10.0.0.5', { forwarded })).toEqual({
    address,
    isForwarded: true,
    forwardedHost: 'a.example',
    isEncrypted: true,
  });
});

test('if both headers are there and differ, the client wrote one of them, and neither counts', () => {
  const list = { 'x-forwarded-for': '198.51.100.1' };
  const both = (forwarded: string) => clientOf('10.0.0.0/8', '10.0.0.5', { ...list, forwarded }).address;
  expect(both('for=198.51.100.1')).toBe('198.51.100.1');
  expect(both('for=127.0.0.1')).toBe('10.0.0.5');
});

test.each(['10.0.0', '10.0.0.5/33', 'fd00::/129', '10.0.0.0/8/8', 'proxy.example', '10.0.0.5/', '-1', '100'])(
  'TRUST_PROXY=%s is refused',
  (trusted) => {
    expect(() => clientOf(trusted, '10.0.0.5')).toThrow('TRUST_PROXY must be a list of addresses');
  },
);

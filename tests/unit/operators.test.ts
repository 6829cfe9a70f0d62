import { describe, expect, test } from 'vitest';
import { isLoopbackAddress } from '../../src/edge/hosts.ts';
import { operatorGate } from '../../src/edge/operators.ts';
import { networkOf } from '../../src/edge/tokenAttempts.ts';
import { createLog } from '../../src/log.ts';

const log = createLog({ logLevel: 'silent', logFormat: 'json' }, 'test');
const asker = { authorization: undefined, hostHeader: 'localhost', address: '127.0.0.1' };

describe('without a token', () => {
  test('who asks this machine by its own name passes, and a page whose name was made to point here does not', async () => {
    const gate = operatorGate({ config: { operatorToken: undefined }, isLocal: true, log });
    await gate(asker);
    for (const hostHeader of ['127.0.0.1:4000', 'localhost:4000', 'LOCALHOST', '[::1]:4000'])
      await gate({ ...asker, hostHeader });
    const strange = [
      'evil.example:4000',
      '127.0.0.1.evil.example',
      '127.1',
      'a@localhost',
      '',
      undefined,
      'a b',
    ];
    for (const hostHeader of strange)
      await expect(gate({ ...asker, hostHeader })).rejects.toThrow('must be asked as localhost');
  });

  test('nobody passes a gateway that other machines can reach', async () => {
    const gate = operatorGate({ config: { operatorToken: undefined }, isLocal: false, log });
    await expect(gate({ ...asker, authorization: 'Bearer whatever' })).rejects.toThrow(
      'has no OPERATOR_TOKEN set',
    );
  });
});

test.each([
  ['127.0.0.1', true],
  ['127.0.1.1', true],
  ['::1', true],
  ['::ffff:127.0.0.1', true],
  ['0.0.0.0', false],
  ['::', false],
  ['192.168.0.1', false],
  ['::ffff:192.168.0.1', false],
])('who listens on %s is reached from this machine only: %s', (address, isLocal) => {
  expect(isLoopbackAddress(address)).toBe(isLocal);
});

test('with a token, who brings it passes under any name, and nobody else', async () => {
  const gate = operatorGate({ config: { operatorToken: 'a-token-of-some-length' }, isLocal: false, log });
  await gate({ ...asker, authorization: 'Bearer a-token-of-some-length', hostHeader: 'gateway.example' });
  for (const authorization of ['Bearer another-token', 'a-token-of-some-length', '', undefined, 7])
    await expect(gate({ ...asker, authorization })).rejects.toThrow('This is for operators');
});

test.each([
  ['10.0.0.5', '10.0.0.5'],
  ['::ffff:10.0.0.5', '10.0.0.5'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8:1:2::6', '2001:db8:1:2::/64'],
  ['2001:db8::6', '2001:db8:0:0::/64'],
  ['fe80::1%eth0.1', 'fe80:0:0:0::/64'],
  ['::1', ':0:0:0::/64'],
  [undefined, '::/64'],
])('tries of %s count for %s', (address, network) => {
  expect(networkOf(address)).toBe(network);
});

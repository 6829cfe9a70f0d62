import { expect, test } from 'vitest';
import { isLoopbackAddress } from '../../../src/edge/hosts.ts';

test.each([
  ['127.0.0.1', true],
  ['127.0.1.1', true],
  ['::1', true],
  ['::ffff:127.0.0.1', true],
  ['0.0.0.0', false],
  ['::', false],
  ['192.168.0.1', false],
  ['::ffff:192.168.0.1', false],
])('a gateway that listens on %s is reached from this machine only: %s', (address, isLocal) => {
  expect(isLoopbackAddress(address)).toBe(isLocal);
});

import { expect, test } from 'vitest';
import { networksOf } from '../../../src/edge/networks.ts';

test.each([
  ['10.0.0.5', '10.0.0.5', '10.0.0.5'],
  ['::ffff:10.0.0.5', '10.0.0.5', '10.0.0.5'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64', '2001:db8:1::/48'],
  ['2001:db8:1:2::6', '2001:db8:1:2::/64', '2001:db8:1::/48'],
  ['2001:db8::6', '2001:db8:0:0::/64', '2001:db8:0::/48'],
  ['2001::4:5:6:7:8', '2001:0:0:4::/64', '2001:0:0::/48'],
  ['fe80::1%eth0.1', 'fe80:0:0:0::/64', 'fe80:0:0::/48'],
  ['127.0.0.1', 'loopback', 'loopback'],
  ['127.200.3.4', 'loopback', 'loopback'],
  ['::ffff:127.0.0.9', 'loopback', 'loopback'],
  ['::1', 'loopback', 'loopback'],
  [undefined, '0:0:0:0::/64', '0:0:0::/48'],
])('the address %s is of the household %s and of the site %s', (address, household, site) => {
  expect(networksOf(address)).toEqual({ household, site });
});

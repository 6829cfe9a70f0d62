/** Groups the addresses that count as one client: a client with one of them can usually send from the others, too. */
import { isLoopbackAddress } from './hosts.ts';

export interface Networks {
  /** An IPv4 address, or the first 64 bits of an IPv6 address: a household has all addresses that begin with them. */
  readonly household: string;
  /** An IPv4 address, or the first 48 bits of an IPv6 address: a site has all addresses that begin with them. */
  readonly site: string;
}

/** This machine may send from any address of 127.0.0.0/8, and from `::1`. */
const LOOPBACK: Networks = { household: 'loopback', site: 'loopback' };

export function networksOf(address = ''): Networks {
  if (isLoopbackAddress(address)) return LOOPBACK;
  // A server on `::` sees an IPv4 address as `::ffff:10.0.0.5`.
  const [, ipv4] = /^(?:::ffff:)?([0-9]+(?:\.[0-9]+){3})$/i.exec(address) ?? [];
  if (ipv4 !== undefined) return { household: ipv4, site: ipv4 };
  const groups = groupsOf(address);
  return {
    household: `${groups.slice(0, 4).join(':')}::/64`,
    site: `${groups.slice(0, 3).join(':')}::/48`,
  };
}

/** The eight groups of an IPv6 address. */
function groupsOf(address: string): readonly string[] {
  const [head = [], tail = []] = address.split('::').map((part) => part.split(':').filter(Boolean));
  const zeros = new Array<string>(Math.max(0, 8 - head.length - tail.length)).fill('0');
  return [...head, ...zeros, ...tail];
}

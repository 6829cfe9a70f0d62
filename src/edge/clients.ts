/**
 * Tells where a request comes from. All code that uses addresses asks here.
 *
 * A proxy names its client in headers, which any client can send, too. So they count only if the connection comes from
 * a proxy of `TRUST_PROXY`. Each proxy appends the address that it sees, so the list is read from its end, as long as
 * the address before is that of a trusted proxy. Everything further left may be made up.
 */
import type { IncomingMessage } from 'node:http';
import { BlockList, isIP, isIPv6 } from 'node:net';
import type { Config } from '../process/config.ts';
import type { Logger } from '../process/log.ts';
import { isEncrypted } from './securityHeaders.ts';
import { admittingSetting, ToldOnce } from './toldOnce.ts';

export interface ClientsOptions {
  readonly config: Pick<Config, 'trustProxy'>;
  readonly log: Logger;
}

export interface Client {
  /** Of the client, or of the nearest proxy that is not trusted. */
  readonly address: string | undefined;
  /** Whether a proxy passed the request on, trusted or not. */
  readonly isForwarded: boolean;
  /** The name that the client asked for, as a trusted proxy tells it. */
  readonly forwardedHost: string | undefined;
  /** Whether it is known that the client speaks TLS, with us or with a trusted proxy. */
  readonly isEncrypted: boolean;
}

/** Headers that only proxies have a reason to send. */
const FORWARDING = [
  'x-forwarded-for',
  'forwarded',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-real-ip',
  'via',
];
/** The most proxies one behind another. */
const MAX_HOPS = 32;

export class Clients {
  readonly #trusted: Config['trustProxy'];
  readonly #networks: BlockList;
  readonly #told = new ToldOnce();
  readonly #log: Logger;

  constructor({ config: { trustProxy }, log }: ClientsOptions) {
    this.#trusted = trustProxy;
    this.#networks = networksIn(typeof trustProxy === 'number' ? [] : trustProxy);
    this.#log = log;
  }

  of(request: Pick<IncomingMessage, 'headers' | 'socket'>): Client {
    const { headers, socket } = request;
    const address = plain(socket.remoteAddress);
    const direct = {
      address,
      isForwarded: false,
      forwardedHost: undefined,
      isEncrypted: isEncrypted(request),
    };
    if (!FORWARDING.some((name) => headers[name] !== undefined)) return direct;
    if (address === undefined || !this.#isTrusted(address, 0)) {
      this.#tell(address);
      return { ...direct, isForwarded: true };
    }
    const [nearest] = elementsOf(headers.forwarded);
    const protocol = lastOf(headers['x-forwarded-proto']) ?? parameterIn(nearest, 'proto');
    return {
      address: this.#addressIn(headers, address),
      isForwarded: true,
      forwardedHost: lastOf(headers['x-forwarded-host']) ?? parameterIn(nearest, 'host'),
      isEncrypted: direct.isEncrypted || protocol?.toLowerCase() === 'https',
    };
  }

  /**
   * If both headers are there and differ, the proxy writes one of them, and passes on the other as the client wrote it.
   * Then neither counts.
   */
  #addressIn(headers: IncomingMessage['headers'], peer: string): string {
    const { 'x-forwarded-for': list, forwarded } = headers;
    const byList = this.#walk(peer, elementsOf(list));
    const byForwarded = this.#walk(
      peer,
      elementsOf(forwarded).map((element) => parameterIn(element, 'for') ?? ''),
    );
    if (list === undefined) return byForwarded;
    return forwarded === undefined || byList === byForwarded ? byList : peer;
  }

  /** @param before the addresses that proxies saw, the nearest first. */
  #walk(peer: string, before: readonly string[]): string {
    let address = peer;
    for (const [distance, text] of before.entries()) {
      const next = addressIn(text);
      if (next === undefined || !this.#isTrusted(address, distance)) break;
      address = next;
    }
    return address;
  }

  #isTrusted(address: string, distance: number): boolean {
    if (typeof this.#trusted === 'number') return distance < this.#trusted;
    return this.#networks.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
  }

  #tell(address: string | undefined): void {
    if (address === undefined || !this.#told.isNew(address)) return;
    const admitted = typeof this.#trusted === 'number' ? [] : this.#trusted;
    const howTo = `If it is a proxy of yours: ${admittingSetting('TRUST_PROXY', admitted, address)}`;
    this.#log.warn(
      { address, howTo },
      'ignored the forwarding headers of an address that TRUST_PROXY does not name: all clients behind it count as one (told once per address)',
    );
  }
}

function networksIn(trusted: readonly string[]): BlockList {
  const networks = new BlockList();
  for (const entry of trusted) {
    const [address = '', bits] = entry.split('/');
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    if (bits === undefined) networks.addAddress(address, family);
    else networks.addSubnet(address, Number(bits), family);
  }
  return networks;
}

/** A server on `::` sees an IPv4 address as `::ffff:10.0.0.5`. */
function plain(address: string | undefined): string | undefined {
  return address?.replace(/^::ffff:(?=[0-9.]+$)/i, '');
}

/** @returns the elements of a list, the nearest proxy's first. A quote that is never closed hides none of them. */
function elementsOf(header: string | string[] | undefined): readonly string[] {
  if (header === undefined) return [];
  return String(header).split(',').slice(-MAX_HOPS).toReversed();
}

function lastOf(header: string | string[] | undefined): string | undefined {
  return elementsOf(header)[0]?.trim() || undefined;
}

/** A parameter of an element of `Forwarded` (RFC 7239). */
function parameterIn(element: string | undefined, name: 'for' | 'host' | 'proto'): string | undefined {
  for (const pair of element?.split(';') ?? []) {
    const [, key, value] = /^\s*([a-z]+)\s*=\s*"?([^"\s]*)"?\s*$/i.exec(pair) ?? [];
    if (key?.toLowerCase() === name) return value || undefined;
  }
  return undefined;
}

/** @returns undefined for a text that is no address, such as `unknown`. A port behind it is left out. */
function addressIn(text: string): string | undefined {
  const [, bracketed, bare] =
    /^\s*(?:\[([0-9a-f:.]+)\](?::[0-9]+)?|([0-9.]+)(?::[0-9]+)?)\s*$/i.exec(text) ?? [];
  const address = plain(bracketed ?? bare ?? text.trim());
  return address !== undefined && !address.includes('%') && isIP(address) > 0 ? address : undefined;
}

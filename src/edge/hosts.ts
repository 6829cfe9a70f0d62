/**
 * Under which names the gateway answers. A web page can point its own name at this machine (DNS rebinding): to the
 * browser the gateway is then the page's own server, and only the name in `Host` tells that it is not.
 *
 * Names are compared as texts. Parsers of URLs accept far more (`127.1`, `2130706433`, `evil@127.0.0.1`), and two of them
 * may read the same text differently.
 */
import { isIPv4 } from 'node:net';
import type { Config } from '../config.ts';
import { RequestErrorCode } from '../errors.ts';
import type { Refusal } from './answers.ts';

export type HostRules = Pick<Config, 'host' | 'allowedHosts'>;

/** A name or an address, then a port perhaps. */
const HOST = /^([a-z0-9_.-]+|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?$/i;
const LARGEST_PORT = 65_535;

/**
 * Loopback names always pass: no page can have one of them as its own. Where only this machine can reach the gateway
 * (`HOST`), no others do, unless `ALLOWED_HOSTS` names them. Elsewhere all pass until `ALLOWED_HOSTS` is set.
 *
 * @param rawHeaders names and values in turn, as they came.
 * @returns why the request must not be served.
 */
export function hostRefusal(
  rawHeaders: readonly string[],
  { host, allowedHosts }: HostRules,
): Refusal | undefined {
  // `headers` would have the first of several only.
  const hosts = rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1]?.toLowerCase() === 'host');
  const [header, ...others] = hosts;
  const name = others.length === 0 && header !== undefined ? nameIn(header) : undefined;
  if (name === undefined) {
    const got = hosts.length === 1 ? shown(header ?? '') : `${hosts.length} of them`;
    const message = `A request must have one Host header, with a name or address and perhaps a port, got ${got}.`;
    return { status: 400, code: RequestErrorCode.BadRequest, message };
  }
  if (isLoopbackName(name) || allowedHosts.includes('*') || allowedHosts.includes(name)) return undefined;
  if (allowedHosts.length === 0 && !isLoopbackAddress(host)) return undefined;
  const message =
    `This gateway does not answer under the name ${shown(name)}. If it is a name of this gateway, ` +
    `ALLOWED_HOSTS=${[...allowedHosts, name].join(',').slice(0, 1_000)} admits it.`;
  return { status: 403, code: RequestErrorCode.HostNotAllowed, message };
}

/** Whether a Host header names this very machine. */
export function isLoopbackHost(hostHeader: string | undefined): boolean {
  const name = nameIn(hostHeader ?? '');
  return name !== undefined && isLoopbackName(name);
}

/** Whether only this machine can reach what listens on the address. */
export function isLoopbackAddress(address: string): boolean {
  return address === '::1' || isLoopbackName(address.toLowerCase());
}

/** In small letters, without the port. @returns undefined for what is no Host header. */
function nameIn(header: string): string | undefined {
  const [, name, port = '0'] = HOST.exec(header) ?? [];
  return Number(port) <= LARGEST_PORT ? name?.toLowerCase() : undefined;
}

function isLoopbackName(name: string): boolean {
  return name === 'localhost' || name === '[::1]' || (name.startsWith('127.') && isIPv4(name));
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 200));
}

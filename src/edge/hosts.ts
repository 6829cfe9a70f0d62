/**
 * Decides under which names the gateway answers. A web page can point its own name at this machine (DNS rebinding). The
 * browser then takes the gateway for the page's own server, and only the name in `Host` shows that it is not.
 *
 * Names are compared as texts. Parsers of URLs accept many more forms (`127.1`, `2130706433`, `evil@127.0.0.1`), and
 * two parsers may read the same text differently.
 */
import { isIPv4 } from 'node:net';
import { RequestErrorCode } from '../contract/errors.ts';
import type { Config } from '../process/config.ts';
import type { Logger } from '../process/log.ts';
import type { Refusal } from './answers.ts';
import { admittingSetting, shownPart, ToldOnce } from './toldOnce.ts';

export interface HostOptions {
  readonly config: Pick<Config, 'allowedHosts'>;
  /** Whether only this machine can reach the gateway. */
  readonly isLocal: boolean;
  readonly log: Logger;
}

/** A name or an address, and perhaps a port. */
const HOST = /^([a-z0-9_.-]+|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?$/i;
const LARGEST_PORT = 65_535;

/**
 * Loopback names always pass, because no page can own one. If only this machine can reach the gateway, other names pass
 * only if `ALLOWED_HOSTS` has them. Otherwise all names pass until `ALLOWED_HOSTS` is set.
 */
export class Hosts {
  readonly #allowed: readonly string[];
  readonly #isAnyAllowed: boolean;
  readonly #log: Logger;
  readonly #told = new ToldOnce();
  /** The last header that was let pass: nearly all requests have the same. */
  #lastHeader: string | undefined;

  constructor({ config: { allowedHosts }, isLocal, log }: HostOptions) {
    this.#allowed = allowedHosts;
    this.#isAnyAllowed = allowedHosts.includes('*') || (allowedHosts.length === 0 && !isLocal);
    this.#log = log;
    if (this.#isAnyAllowed && allowedHosts.length === 0)
      log.warn(
        'other machines can reach this gateway, and it answers under any name: a web page that points its own name here ' +
          '(DNS rebinding) can use it from a browser. ALLOWED_HOSTS with the names of this gateway closes that',
      );
  }

  /**
   * @param rawHeaders names and values in turn, as they came.
   * @param forwardedHost the name that a trusted proxy tells. It must be allowed, too: a page can set that header.
   * @returns why the request must not be served; undefined if it may be served.
   */
  refusal(rawHeaders: readonly string[], forwardedHost?: string): Refusal | undefined {
    const refusal = this.#hostRefusal(rawHeaders);
    if (refusal !== undefined || forwardedHost === undefined) return refusal;
    const name = nameIn(forwardedHost);
    return name === undefined ? noHost(quoted(forwardedHost)) : this.#nameRefusal(name);
  }

  #hostRefusal(rawHeaders: readonly string[]): Refusal | undefined {
    const hosts = hostsIn(rawHeaders);
    const header = hosts.length === 1 ? hosts[0] : undefined;
    if (header !== undefined && header === this.#lastHeader) return undefined;
    const name = header === undefined ? undefined : nameIn(header);
    if (name === undefined)
      return noHost(hosts.length === 1 ? quoted(header ?? '') : `${hosts.length} of them`);
    const refusal = this.#nameRefusal(name);
    if (refusal === undefined) this.#lastHeader = header;
    return refusal;
  }

  #nameRefusal(name: string): Refusal | undefined {
    if (isLoopbackName(name) || this.#isAnyAllowed || this.#allowed.includes(name)) return undefined;
    if (this.#told.isNew(name)) {
      const howTo = admittingSetting('ALLOWED_HOSTS', this.#allowed, name);
      this.#log.warn(
        { host: shownPart(name), howTo },
        'refused a request under a name that is not allowed (told once per name)',
      );
    }
    return {
      status: 403,
      code: RequestErrorCode.HostNotAllowed,
      message: `This gateway does not answer under the name ${quoted(name)}. If it is a name of this gateway, add it to ALLOWED_HOSTS.`,
    };
  }
}

/** Whether a Host header names this very machine. */
export function isLoopbackHost(hostHeader: string | undefined): boolean {
  const name = nameIn(hostHeader ?? '');
  return name !== undefined && isLoopbackName(name);
}

/** @param address on which a server listens, as Node reports it. `HOST` can be any name for it. */
export function isLoopbackAddress(address: string): boolean {
  const plain = address.toLowerCase().replace(/^::ffff:/, '');
  return plain === '::1' || (plain.startsWith('127.') && isIPv4(plain));
}

/** @returns the name in lower case, without the port; undefined for a text that is no Host header. */
function nameIn(header: string): string | undefined {
  const [, name, port = '0'] = HOST.exec(header) ?? [];
  return Number(port) <= LARGEST_PORT ? name?.toLowerCase() : undefined;
}

/** All names that a request gives: `headers` has only the first of several. HTTP/2 has a header of its own. */
function hostsIn(rawHeaders: readonly string[]): readonly string[] {
  const hosts: string[] = [];
  let authority: string | undefined;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i] === ':authority') authority = rawHeaders[i + 1] ?? '';
    else if (rawHeaders[i]?.toLowerCase() === 'host') hosts.push(rawHeaders[i + 1] ?? '');
  }
  return authority === undefined ? hosts : [...new Set([authority, ...hosts])];
}

function noHost(got: string): Refusal {
  const message = `A request must have one Host header, with a name or address and perhaps a port, got ${got}.`;
  return { status: 400, code: RequestErrorCode.BadRequest, message };
}

function isLoopbackName(name: string): boolean {
  return name === 'localhost' || name === '[::1]' || (name.startsWith('127.') && isIPv4(name));
}

function quoted(text: string): string {
  return JSON.stringify(shownPart(text));
}

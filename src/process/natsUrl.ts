/**
 * Reads `NATS_URL`: the servers, and one login for all of them. No message here quotes the text, because messages are
 * printed and a mistyped login can stand in any part of it.
 */
import { isIPv6 } from 'node:net';

export interface BrokerAddress {
  /** As `host:port`, without scheme and login, so that they may be printed. */
  readonly servers: readonly string[];
  /** Undefined: none. */
  readonly login: BrokerLogin | undefined;
  /** Whether the connection must be encrypted. It must if one of the servers is written as `tls://`. */
  readonly tls: boolean;
}

type BrokerLogin =
  | { readonly user: string; readonly password: string }
  /** A login of one word, without a password. */
  | { readonly token: string };

interface Server {
  readonly host: string;
  readonly login: string | undefined;
  readonly tls: boolean;
}

const FORM =
  'servers as nats://host:port or tls://host:port, separated by commas, with a login as nats://user:password@host:port';
const LOGIN_FORM = `${FORM}; percent-encode the login: write %40 for @, %2F for /, %3A for :, %3F for ?, %23 for #, %25 for %, %2C for a comma, %20 for a space`;

/** @throws {string} the rule that the text breaks. */
export function readNatsUrl(text: string): BrokerAddress {
  const servers = text
    .split(',')
    .map((server) => server.trim())
    .filter((server) => server !== '')
    .map(readServer);
  // A login with a comma, a slash or an @ that is not percent-encoded can leave a piece of itself in any part.
  if (servers.length === 0 || servers.includes(undefined)) throw text.includes('@') ? LOGIN_FORM : FORM;
  const known = servers.filter((server) => server !== undefined);
  const [login, ...others] = new Set(known.flatMap((server) => server.login ?? []));
  if (others.length > 0) throw 'servers that all have the same login';
  return {
    servers: known.map(({ host }) => host),
    login: login === undefined ? undefined : readLogin(login),
    tls: known.some(({ tls }) => tls),
  };
}

function readServer(text: string): Server | undefined {
  const [, scheme, rest = text] = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/is.exec(text) ?? [];
  const at = rest.lastIndexOf('@');
  const host = rest.slice(at + 1).replace(/\/$/, '');
  if (!isHost(host) || (scheme === undefined ? at >= 0 : !/^(nats|tls)$/i.test(scheme))) return undefined;
  return { host, login: at < 0 ? undefined : rest.slice(0, at), tls: scheme?.toLowerCase() === 'tls' };
}

function isHost(text: string): boolean {
  const [, address, name, port] = /^(?:\[([^\]]*)\]|([^\s:/?#[\]@]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  if (port !== undefined && (Number(port) === 0 || Number(port) > 65_535)) return false;
  if (name !== undefined) return URL.canParse(`http://${name}`);
  // Only where there may be one: the first call in a process takes 6 ms of CPU.
  const ip = address ?? text;
  return isIPv6(ip) && !ip.includes('%');
}

function readLogin(text: string): BrokerLogin {
  const word = String.raw`(?:[^\s@:/?#[\]%]|%[0-9a-f]{2})`;
  const [, user, password] = new RegExp(`^(${word}+)(?::(${word}*))?$`, 'i').exec(text) ?? [];
  if (user === undefined) throw LOGIN_FORM;
  try {
    return password === undefined
      ? { token: decodeURIComponent(user) }
      : { user: decodeURIComponent(user), password: decodeURIComponent(password) };
  } catch {
    // %ff is a byte, not a character.
    throw LOGIN_FORM;
  }
}

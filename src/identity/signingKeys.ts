/**
 * The keys with which an OpenID provider signs (JWKS). They are fetched with the first token, again after five minutes,
 * and when a token names an unknown key, but no more often than the provider can bear, however many such tokens come.
 * While the provider is away, the keys that are known go on to count.
 */
import { createPublicKey, type JsonWebKeyInput } from 'node:crypto';
import {
  calculateJwkThumbprint,
  createLocalJWKSet,
  errors,
  type FlattenedJWSInput,
  type JSONWebKeySet,
  type JWK,
  type JWTHeaderParameters,
} from 'jose';
import { messageOf, RequestErrorCode, refusedForNow, unauthenticated } from '../contract/errors.ts';
import type { Config } from '../process/config.ts';
import type { Logger } from '../process/log.ts';

export interface SigningKeysOptions {
  readonly config: Pick<Config, 'jwtIssuer' | 'jwtJwksUrl'>;
  readonly log: Logger;
  /** Milliseconds on a clock that never goes back. */
  readonly now?: () => number;
}

interface Fetched {
  readonly pick: ReturnType<typeof createLocalJWKSet>;
  readonly thumbprints: ReadonlySet<string>;
  /** Of the fetch that brought them, counted from 1 in the order in which they began. */
  readonly fetch: number;
  readonly at: number;
}

const FETCH_AGAIN_AFTER_MS = 300_000;
/** A flood of tokens with unknown keys must not be one of fetches. Some at once let a key count that has just come. */
const FETCHES_AT_ONCE = 3;
const FETCH_EVERY_MS = 10_000;
/** The most keys that are tried for a token that names none. */
const MOST_CANDIDATES = 4;
const TIMEOUT_MS = 5_000;
const MAX_DOCUMENT_BYTES = 1024 * 1024;

export class SigningKeys {
  readonly #options: SigningKeysOptions;
  readonly #now: () => number;
  #keys: Fetched | undefined;
  #fetches = 0;
  #fetching: Promise<boolean> | undefined;
  #fetchesLeft = FETCHES_AT_ONCE;
  /** When `#fetchesLeft` was counted. */
  #countedAt: number;

  constructor(options: SigningKeysOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#countedAt = this.#now();
  }

  /**
   * The keys that may have signed a token: the one that it names, or some that fit.
   *
   * @throws {RequestError} `UNAUTHENTICATED` if the provider has no such key, as was asked after the token came.
   *   `AUTH_UNAVAILABLE` if it cannot be asked now.
   */
  async find(header: JWTHeaderParameters, token: FlattenedJWSInput): Promise<readonly CryptoKey[]> {
    const begun = this.#fetches;
    this.#fetchIfOld();
    for (;;) {
      const found = await this.#pick(header, token);
      if (found.length > 0) return found;
      if (this.#keys !== undefined && this.#keys.fetch > begun)
        throw unauthenticated('The token is signed with a key that its provider does not have.');
      if (!(await this.#fetchSoon()))
        throw refusedForNow(
          RequestErrorCode.AuthUnavailable,
          'The key of the token is not known, and its provider cannot be asked at present. Try again later.',
          { retryAfterMs: FETCH_EVERY_MS },
        );
    }
  }

  /**
   * Whether a key that was found once is still among those of the provider, as they were fetched last.
   *
   * @param thumbprint as `thumbprintOf` tells it.
   */
  counts(thumbprint: string): boolean {
    this.#fetchIfOld();
    return this.#keys?.thumbprints.has(thumbprint) === true;
  }

  async #pick(header: JWTHeaderParameters, token: FlattenedJWSInput): Promise<readonly CryptoKey[]> {
    if (this.#keys === undefined) return [];
    try {
      return [await this.#keys.pick(header, token)];
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey) return [];
      if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
      const fitting: CryptoKey[] = [];
      for await (const key of error) if (fitting.push(key) === MOST_CANDIDATES) break;
      return fitting;
    }
  }

  /** Keys that the provider has withdrawn must not count for ever. */
  #fetchIfOld(): void {
    if (this.#keys !== undefined && this.#now() - this.#keys.at > FETCH_AGAIN_AFTER_MS)
      void this.#fetchSoon();
  }

  /** @returns whether a fetch that was under way, or a new one, has brought keys. There may be none at present. */
  #fetchSoon(): Promise<boolean> {
    if (this.#fetching !== undefined) return this.#fetching;
    if (!this.#mayFetch()) return Promise.resolve(false);
    this.#fetching = this.#fetch(++this.#fetches).finally(() => {
      this.#fetching = undefined;
    });
    return this.#fetching;
  }

  #mayFetch(): boolean {
    const now = this.#now();
    const more = (now - this.#countedAt) / FETCH_EVERY_MS;
    this.#fetchesLeft = Math.min(FETCHES_AT_ONCE, this.#fetchesLeft + more);
    this.#countedAt = now;
    if (this.#fetchesLeft < 1) return false;
    this.#fetchesLeft--;
    return true;
  }

  async #fetch(fetch: number): Promise<boolean> {
    const at = this.#now();
    try {
      const jwks = (await fetchJson(await this.#address())) as unknown as JSONWebKeySet;
      const pick = createLocalJWKSet(jwks);
      const thumbprints = await Promise.all(jwks.keys.map(thumbprintIn));
      this.#keys = { pick, thumbprints: new Set(thumbprints), fetch, at };
      return true;
    } catch (error) {
      this.#options.log.warn(
        { reason: messageOf(error) },
        'the keys of the provider of tokens cannot be read: those known still count',
      );
      return false;
    }
  }

  async #address(): Promise<string> {
    const { jwtIssuer = '', jwtJwksUrl } = this.#options.config;
    if (jwtJwksUrl !== undefined) return jwtJwksUrl;
    const { issuer, jwks_uri } = await fetchJson(
      `${jwtIssuer.replace(/\/$/, '')}/.well-known/openid-configuration`,
    );
    if (issuer !== jwtIssuer)
      throw new Error(
        `JWT_ISSUER must be the issuer that the provider names, ${JSON.stringify(issuer)}, got ${jwtIssuer}`,
      );
    if (typeof jwks_uri !== 'string') throw new Error('the provider names no jwks_uri');
    return jwks_uri;
  }
}

async function fetchJson(address: string): Promise<Readonly<Record<string, unknown>>> {
  const response = await fetch(address, {
    headers: { accept: 'application/json' },
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (!response.ok || response.body === null)
    throw new Error(`${address} answered with status ${response.status}`);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body) {
    bytes += chunk.length;
    if (bytes > MAX_DOCUMENT_BYTES)
      throw new Error(`${address} answered with more than ${MAX_DOCUMENT_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Object(JSON.parse(Buffer.concat(chunks).toString()));
}

/** @returns '' for a key that cannot be read, and so has signed no token that counts. */
async function thumbprintIn(key: JWK): Promise<string> {
  try {
    // Providers write the same number in several ways. A key that was imported has one form.
    return await calculateJwkThumbprint(createPublicKey({ key, format: 'jwk' } as JsonWebKeyInput));
  } catch {
    return '';
  }
}

/** What names a key, whichever fetch brought it. */
export function thumbprintOf(key: CryptoKey): Promise<string> {
  return calculateJwkThumbprint(key);
}

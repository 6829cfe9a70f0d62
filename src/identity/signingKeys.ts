/**
 * The keys with which an OpenID provider signs (JWKS). They are fetched with the first token, again after ten minutes,
 * and when a token names an unknown key, but no more often than every ten seconds, however many such tokens come. While
 * the provider is away, the keys that are known go on to count.
 */
import {
  createLocalJWKSet,
  errors,
  type FlattenedJWSInput,
  type JSONWebKeySet,
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

type KeySet = ReturnType<typeof createLocalJWKSet>;

const FETCH_AGAIN_AFTER_MS = 600_000;
const COOLDOWN_MS = 10_000;
const TIMEOUT_MS = 5_000;
const MAX_DOCUMENT_BYTES = 1024 * 1024;

export class SigningKeys {
  readonly #options: SigningKeysOptions;
  readonly #now: () => number;
  #keys: KeySet | undefined;
  #fetchedAt = Number.NEGATIVE_INFINITY;
  #triedAt = Number.NEGATIVE_INFINITY;
  /** Why the last try failed. */
  #problem: string | undefined;
  #fetching: Promise<void> | undefined;

  constructor(options: SigningKeysOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /**
   * The key that a token names.
   *
   * @throws {RequestError} `UNAUTHENTICATED` if the provider has no such key, `AUTH_UNAVAILABLE` if it cannot be asked.
   */
  async find(header: JWTHeaderParameters, token: FlattenedJWSInput) {
    // Keys that the provider has withdrawn must not count for ever.
    if (this.#keys !== undefined && this.#now() - this.#fetchedAt > FETCH_AGAIN_AFTER_MS)
      void this.#fetchSoon();
    const known = await this.#pick(header, token);
    if (known !== undefined) return known;
    await this.#fetchSoon();
    const fetched = await this.#pick(header, token);
    if (fetched !== undefined) return fetched;
    if (this.#problem === undefined)
      throw unauthenticated('The token is signed with a key that its provider does not have.');
    throw refusedForNow(
      RequestErrorCode.AuthUnavailable,
      'The keys of the provider of tokens cannot be read at present. Try again later.',
      { retryAfterMs: COOLDOWN_MS },
    );
  }

  async #pick(header: JWTHeaderParameters, token: FlattenedJWSInput) {
    try {
      return await this.#keys?.(header, token);
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey) return undefined;
      throw error;
    }
  }

  /** Resolves once a fetch that is under way, or a new one, has ended. During the cooldown there is no new one. */
  #fetchSoon(): Promise<void> {
    if (this.#fetching !== undefined) return this.#fetching;
    if (this.#now() - this.#triedAt < COOLDOWN_MS) return Promise.resolve();
    this.#triedAt = this.#now();
    this.#fetching = this.#fetch().finally(() => {
      this.#fetching = undefined;
    });
    return this.#fetching;
  }

  async #fetch(): Promise<void> {
    try {
      this.#keys = createLocalJWKSet((await fetchJson(await this.#address())) as unknown as JSONWebKeySet);
      this.#fetchedAt = this.#now();
      this.#problem = undefined;
    } catch (error) {
      this.#problem = messageOf(error);
      this.#options.log.warn(
        { reason: this.#problem },
        'the keys of the provider of tokens cannot be read: those known still count',
      );
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

/**
 * Tokens of an OpenID provider (JWT). A token that was checked once is known by its digest until it expires or the
 * provider withdraws its key, because a check of its signature takes 70 µs or more.
 */
import { hash } from 'node:crypto';
import { errors, type FlattenedJWSInput, type JWTHeaderParameters, type JWTPayload, jwtVerify } from 'jose';
import { LRUCache } from 'lru-cache';
import { ConfigurationError, RequestError, RequestErrorCode, unauthenticated } from '../contract/errors.ts';
import { ANONYMOUS } from '../contract/owner.ts';
import { type Identity, type IdentityEnd, type Principal, ROLES, type Role } from '../contract/principal.ts';
import type { Config } from '../process/config.ts';
import { SigningKeys, type SigningKeysOptions, thumbprintOf } from './signingKeys.ts';

export interface JwtTokensOptions extends SigningKeysOptions {
  readonly config: SigningKeysOptions['config'] &
    Pick<Config, 'jwtAudience' | 'jwtAlgorithms' | 'jwtClockToleranceS' | 'jwtOwnerClaim' | 'jwtRolesClaim'>;
}

/** Node takes headers of 16 KiB in all. */
const LONGEST_TOKEN = 8 * 1024;
const LONGEST_OWNER = 200;
const CACHE_BYTES = 8 * 1024 * 1024;
/** An estimate of what a known token takes, beside the name of its owner. */
const BYTES_PER_TOKEN = 500;
/** Owners of Tidings itself. A token could be made for a user of this name. */
const RESERVED_OWNERS: readonly string[] = [ANONYMOUS, 'operator'];

type JwtIdentity = Identity & { readonly endedBy: () => IdentityEnd | undefined };

export class JwtTokens {
  readonly #config: JwtTokensOptions['config'];
  readonly #keys: SigningKeys;
  readonly #issuer: string;
  readonly #audience: string;
  readonly #known = new LRUCache<string, JwtIdentity>({
    maxSize: CACHE_BYTES,
    sizeCalculation: ({ principal }) => BYTES_PER_TOKEN + principal.owner.length * 2,
  });

  /** @throws {ConfigurationError} if the issuer or the audience is not set. */
  constructor(options: JwtTokensOptions) {
    const { jwtIssuer, jwtAudience } = options.config;
    const missing = Object.entries({ JWT_ISSUER: jwtIssuer, JWT_AUDIENCE: jwtAudience }).filter(
      ([, value]) => value === undefined,
    );
    if (jwtIssuer === undefined || jwtAudience === undefined)
      throw new ConfigurationError(
        missing.map(([name]) => `${name} must be set where AUTH has jwt, got none`),
      );
    this.#issuer = jwtIssuer;
    this.#audience = jwtAudience;
    this.#config = options.config;
    this.#keys = new SigningKeys(options);
  }

  /**
   * @returns at once for a token that is known.
   * @throws {RequestError} `UNAUTHENTICATED`, `FORBIDDEN` for a token without a role, `AUTH_UNAVAILABLE`.
   */
  identify(token: string): Identity | Promise<Identity> {
    if (token.length > LONGEST_TOKEN)
      throw unauthenticated(`A token may have ${LONGEST_TOKEN} characters at most, got ${token.length}.`);
    const digest = hash('sha256', token, 'base64');
    const known = this.#known.get(digest);
    if (known === undefined) return this.#check(token, digest);
    // One that has ended is forgotten here. The caller refuses it.
    if (known.endedBy() !== undefined) this.#known.delete(digest);
    return known;
  }

  async #check(token: string, digest: string): Promise<Identity> {
    const { payload, key } = await this.#verify(token);
    const principal = this.#principalOf(payload);
    const expiresAt = (Number(payload.exp) + this.#config.jwtClockToleranceS) * 1_000;
    const thumbprint = await thumbprintOf(key);
    const identity: JwtIdentity = {
      principal,
      endedBy: () => {
        if (expiresAt <= Date.now()) return 'has expired';
        return this.#keys.counts(thumbprint) ? undefined : 'was revoked';
      },
    };
    this.#known.set(digest, identity);
    return identity;
  }

  /** A token without `kid` may fit several keys: each is tried, until one has signed it. */
  async #verify(token: string): Promise<{ readonly payload: JWTPayload; readonly key: CryptoKey }> {
    const { jwtAlgorithms, jwtClockToleranceS } = this.#config;
    const checks = {
      issuer: this.#issuer,
      audience: this.#audience,
      algorithms: [...jwtAlgorithms],
      clockTolerance: jwtClockToleranceS,
      requiredClaims: ['exp'],
    };
    let candidates: readonly CryptoKey[] | undefined;
    for (let tried = 0; ; tried++) {
      try {
        const verified = await jwtVerify(
          token,
          async (header: JWTHeaderParameters, jws: FlattenedJWSInput) => {
            candidates ??= await this.#keys.find(header, jws);
            return candidates[tried] as CryptoKey;
          },
          checks,
        );
        return { payload: verified.payload, key: verified.key as CryptoKey };
      } catch (error) {
        const isOfAnotherKey = error instanceof errors.JWSSignatureVerificationFailed;
        if (isOfAnotherKey && candidates !== undefined && tried + 1 < candidates.length) continue;
        if (error instanceof RequestError) throw error;
        // Other errors come from keys and signatures that cannot be read: a stranger can make up any.
        throw unauthenticated(problemOf(error));
      }
    }
  }

  #principalOf(payload: JWTPayload): Principal {
    const { jwtOwnerClaim, jwtRolesClaim } = this.#config;
    const owner = claimAt(payload, jwtOwnerClaim);
    if (
      typeof owner !== 'string' ||
      owner === '' ||
      owner.length > LONGEST_OWNER ||
      RESERVED_OWNERS.includes(owner)
    )
      throw unauthenticated(
        `The member ${jwtOwnerClaim} of the token must be a text of 1 to ${LONGEST_OWNER} characters, and none of ${RESERVED_OWNERS.join(', ')}.`,
      );
    return {
      owner,
      role: jwtRolesClaim === undefined ? 'submitter' : roleIn(claimAt(payload, jwtRolesClaim)),
    };
  }
}

/** The role with the most rights. @throws {RequestError} `FORBIDDEN` if there is none. */
function roleIn(claim: unknown): Role {
  const names: readonly unknown[] = Array.isArray(claim) ? claim : [claim];
  const role = ROLES.findLast((known) => names.includes(known));
  if (role !== undefined) return role;
  throw new RequestError(
    RequestErrorCode.Forbidden,
    `The token must have one of the roles ${ROLES.join(', ')}. It is valid, and has none of them.`,
  );
}

/** @param path as a whole the name of a member, or names with dots between them. */
function claimAt(payload: JWTPayload, path: string): unknown {
  if (Object.hasOwn(payload, path)) return payload[path];
  let value: unknown = payload;
  for (const name of path.split('.')) value = isOwn(value, name) ? value[name] : undefined;
  return value;
}

function isOwn(value: unknown, name: string): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name);
}

/** Says no more than a client can see in its own token. */
function problemOf(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'The token has expired: come again with a new one.';
  if (error instanceof errors.JWTClaimValidationFailed)
    return `The member ${error.claim} of the token is ${error.reason === 'missing' ? 'missing' : 'not the one that is expected'}.`;
  if (error instanceof errors.JOSEAlgNotAllowed)
    return 'The algorithm of the token is not one of JWT_ALGORITHMS.';
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'The signature of the token is wrong.';
  return 'The token cannot be read.';
}

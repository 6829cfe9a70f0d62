/**
 * API keys: `tid_<id>_<secret>`. The id is public: it names the key in lists and logs. The secret has 256 random bits, so
 * it cannot be guessed, and its SHA-256 can be stored without salt.
 */
import { hash, randomBytes, timingSafeEqual } from 'node:crypto';

const ID_BYTES = 6;
const SECRET_BYTES = 32;
const KEY = /^tid_([0-9a-f]{12})_([\w-]{43})$/;
export const KEY_ID = /^[0-9a-f]{12}$/;
const PREFIX = 'tid_';

export interface ApiKey {
  readonly id: string;
  readonly secret: string;
}

export function newApiKey(): ApiKey {
  return {
    id: randomBytes(ID_BYTES).toString('hex'),
    secret: randomBytes(SECRET_BYTES).toString('base64url'),
  };
}

export function textOfKey({ id, secret }: ApiKey): string {
  return `${PREFIX}${id}_${secret}`;
}

/** @returns undefined for a text that is no key. */
export function parseApiKey(text: string): ApiKey | undefined {
  const [, id, secret] = KEY.exec(text) ?? [];
  return id === undefined || secret === undefined ? undefined : { id, secret };
}

/** Whether a text is meant as a key, although it may be cut off. */
export function looksLikeKey(text: string): boolean {
  return text.startsWith(PREFIX);
}

/** Hex SHA-256 of a secret, as it is stored. */
export function digestOf(secret: string): string {
  return hash('sha256', secret, 'hex');
}

/** It takes the same time for every secret. @param digest of the right one. */
export function isSecretOf(digest: string, { secret }: ApiKey): boolean {
  return timingSafeEqual(hash('sha256', secret, 'buffer'), Buffer.from(digest, 'hex'));
}

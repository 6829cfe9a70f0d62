/**
 * Signatures of versions. One covers the whole record, so the digests of all files, too, and the number. The right to
 * write to the broker is therefore not enough to bring in a version.
 */
import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { ConfigurationError } from '../contract/errors.ts';
import type { VersionRecord } from '../contract/messages/versionRecord.ts';

const ONE_KEY = /-----BEGIN PUBLIC KEY-----[\s\S]+?-----END PUBLIC KEY-----/g;

/** @param pem the content of MODEL_SIGNING_KEY_FILE. @throws {ConfigurationError} if it is no Ed25519 key. */
export function readSigningKey(pem: string): KeyObject {
  return ed25519('MODEL_SIGNING_KEY_FILE', 'a private key', () => createPrivateKey(pem));
}

/** @param pem the content of the file of MODEL_TRUSTED_KEYS. @throws {ConfigurationError} naming what it has to hold. */
export function readTrustedKeys(pem: string): readonly KeyObject[] {
  const keys = pem.match(ONE_KEY) ?? [];
  return keys.map((key) => ed25519('MODEL_TRUSTED_KEYS', 'public keys', () => createPublicKey(key)));
}

export function signed(record: VersionRecord, key: KeyObject): VersionRecord {
  return { ...record, signature: sign(null, signedBytes(record), key).toString('base64') };
}

/** @returns why a record is not trusted; undefined if one of the keys has signed it. */
export function signatureProblem(record: VersionRecord, trusted: readonly KeyObject[]): string | undefined {
  const { signature } = record;
  if (signature === undefined)
    return 'it must be signed by a key of MODEL_TRUSTED_KEYS, and has no signature: push it with MODEL_SIGNING_KEY_FILE';
  const bytes = signedBytes(record);
  const given = Buffer.from(signature, 'base64');
  if (trusted.some((key) => verify(null, bytes, key, given))) return undefined;
  return 'it must be signed by a key of MODEL_TRUSTED_KEYS, and its signature is of another key or another record';
}

/** The record as JSON without its signature, with the members of each object in the order of their names. */
function signedBytes({ signature: _signature, ...record }: VersionRecord): Buffer {
  return Buffer.from(JSON.stringify(record, (_name, value) => inOrder(value)));
}

function inOrder(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function ed25519(setting: string, what: string, read: () => KeyObject): KeyObject {
  let key: KeyObject | undefined;
  try {
    key = read();
  } catch {
    // Not a key at all.
  }
  if (key?.asymmetricKeyType === 'ed25519') return key;
  throw new ConfigurationError(
    `${setting} must be a file with ${what} for Ed25519 in PEM, got ${key?.asymmetricKeyType ?? 'something else'}: openssl genpkey -algorithm ed25519 makes one`,
  );
}

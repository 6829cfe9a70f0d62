/** Signatures of versions: real keys, and records that were changed after they were signed. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { expect, test } from 'vitest';
import type { VersionRecord } from '../../../src/contract/messages/versionRecord.ts';
import {
  readSigningKey,
  readTrustedKeys,
  signatureProblem,
  signed,
} from '../../../src/registry/signature.ts';

const RECORD: VersionRecord = {
  v: 1,
  model: 'trip-duration',
  version: '4',
  files: [{ path: 'model.onnx', sha256: 'a1'.repeat(32), bytes: 1234 }],
  sha256: 'a1'.repeat(32),
  created: 1795340691147,
  owner: 'local',
  metrics: [],
  gates: [],
  profile: [],
};

function newKeys() {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    signing: readSigningKey(pem(privateKey, 'pkcs8')),
    trusted: pem(publicKey, 'spki'),
  };
}

function pem(key: KeyObject, type: 'pkcs8' | 'spki'): string {
  return key.export({ type, format: 'pem' } as Parameters<KeyObject['export']>[0]).toString();
}

test('a record that one of the trusted keys has signed is trusted, in whatever order its members come', () => {
  const [ours, others] = [newKeys(), newKeys()];
  const trusted = readTrustedKeys(`${others.trusted}\n${ours.trusted}`);
  const record = signed(RECORD, ours.signing);
  expect(signatureProblem(record, trusted)).toBeUndefined();
  const { owner, files, ...first } = record;
  expect(signatureProblem({ ...first, files, owner }, trusted)).toBeUndefined();
});

test('a record without a signature is not trusted', () => {
  expect(signatureProblem(RECORD, readTrustedKeys(newKeys().trusted))).toContain('has no signature');
});

test('a record that another key has signed is not trusted', () => {
  const record = signed(RECORD, newKeys().signing);
  expect(signatureProblem(record, readTrustedKeys(newKeys().trusted))).toContain('of another key');
});

test.each<[string, Partial<VersionRecord>]>([
  ['another number', { version: '5' }],
  ['another model', { model: 'churn' }],
  ['another file', { files: [{ path: 'model.onnx', sha256: 'b2'.repeat(32), bytes: 1234 }] }],
  ['a signature that is none', { signature: 'AAAA' }],
])('a signed record that has got %s is not trusted', (_what, change) => {
  const { signing, trusted } = newKeys();
  const record = { ...signed(RECORD, signing), ...change };
  expect(signatureProblem(record, readTrustedKeys(trusted))).toContain('another record');
});

test('a key of another kind is refused with the name of its setting', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  expect(() => readSigningKey(pem(privateKey, 'pkcs8'))).toThrow(
    'MODEL_SIGNING_KEY_FILE must be a file with a private key',
  );
  expect(() => readTrustedKeys(pem(publicKey, 'spki'))).toThrow(
    'MODEL_TRUSTED_KEYS must be a file with public keys',
  );
});

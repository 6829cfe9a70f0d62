/** Versions become folders: with artifacts in memory, and a real disk. */
import { chmod, mkdir, mkdtempDisposable, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { blobOf } from '../../../src/contract/blob.ts';
import type { VersionRecord } from '../../../src/contract/messages/versionRecord.ts';
import { digestOfFiles, listFiles } from '../../../src/models/versionFiles.ts';
import { pullVersion, removeLeftovers } from '../../../src/registry/pulledFolder.ts';

const MODEL = 'churn';
const METADATA = { created: '2026-01-01T00:00:00Z', trainedOn: [], metrics: [] };

/** By digest. */
const stored = new Map<string, Uint8Array>();
let root: Awaited<ReturnType<typeof mkdtempDisposable>>;

beforeAll(async () => {
  root = await mkdtempDisposable(join(tmpdir(), 'tidings-pulled-'));
});

afterAll(() => root?.remove());

async function* read(digest: string): AsyncGenerator<Uint8Array> {
  const bytes = stored.get(digest);
  if (bytes === undefined) throw new Error(`There is no artifact ${digest}.`);
  yield bytes;
}

function pull(record: VersionRecord, { areSigned = false } = {}) {
  const { signal } = new AbortController();
  return pullVersion(record, { root: root.path, artifacts: { read }, areSigned, signal });
}

/** The record of a version with these files, which are stored. */
function recordOf(
  version: string,
  contents: Readonly<Record<string, string>>,
  sha256: string,
): VersionRecord {
  const files = Object.entries(contents).map(([path, content]) => {
    const { digest } = blobOf(Buffer.from(content));
    stored.set(digest, Buffer.from(content));
    return { path, sha256: digest, bytes: content.length };
  });
  const plain = {
    v: 1,
    model: MODEL,
    version,
    created: 1,
    owner: 'local',
    metrics: [],
    gates: [],
    profile: [],
  };
  return { ...plain, files, sha256 };
}

/** An ONNX version with these weights. */
function versionOf(version: string, weights: string): VersionRecord {
  const { digest: sha256 } = blobOf(Buffer.from(weights));
  const record = JSON.stringify({ ...METADATA, sha256 });
  return recordOf(version, { 'model.onnx': weights, 'version.json': record, 'golden.json': '{}' }, sha256);
}

test('a version becomes a folder of its number, and is not brought again while it is whole', async () => {
  const record = versionOf('1', 'weights of one');
  const pulled = await pull(record);
  expect(pulled).toMatchObject({ version: '1', folder: join(root.path, MODEL, '1'), registered: record });
  stored.clear();
  expect(await pull(record)).toEqual(pulled);
});

test('a folder of the same number with other content, as of another broker, is replaced', async () => {
  const folder = join(root.path, MODEL, '2');
  await mkdir(join(folder, 'more'), { recursive: true });
  await writeFile(join(folder, 'version.json'), '{}');
  await pull(versionOf('2', 'weights of two'));
  expect((await readdir(folder)).toSorted()).toEqual(['golden.json', 'model.onnx', 'version.json']);
  expect(await readFile(join(folder, 'model.onnx'), 'utf8')).toBe('weights of two');
});

test('a version with a missing or a wrong file leaves nothing behind', async () => {
  const missing = versionOf('3', 'weights of three');
  stored.delete(missing.sha256);
  await expect(pull(missing)).rejects.toThrow(`There is no artifact ${missing.sha256}`);
  stored.set(missing.sha256, Buffer.from('weights of thr33'));
  await expect(pull(missing)).rejects.toThrow('its file model.onnx must have 16 bytes with the SHA-256');
  const lying = { ...versionOf('4', 'weights of four'), sha256: 'a1'.repeat(32) };
  await expect(pull(lying)).rejects.toThrow('its version.json must have the digest of its record');
  expect((await readdir(join(root.path, MODEL))).filter((name) => /^[.34]/.test(name))).toEqual([]);
});

test('a program comes only signed, and may then be run', async () => {
  const made = join(root.path, 'made');
  await mkdir(made);
  await writeFile(join(made, 'serve'), '#!/bin/sh\n');
  await chmod(join(made, 'serve'), 0o755);
  const files = await listFiles(made);
  await rm(made, { recursive: true });
  const sha256 = digestOfFiles(files);
  const contents = {
    serve: '#!/bin/sh\n',
    'version.json': JSON.stringify({ ...METADATA, sha256, files, runtime: 'command', command: ['./serve'] }),
    'golden.json': '{}',
  };
  const record = recordOf('5', contents, sha256);
  await expect(pull(record)).rejects.toThrow('it is code, which comes only signed');
  const { folder } = await pull(record, { areSigned: true });
  expect((await stat(join(folder, 'serve'))).mode & 0o111).toBe(0o111);
});

test('remains of processes that died are removed, and those of others stay', async () => {
  const names = [`.7@${hostname()}@${2 ** 30}`, `.7@${hostname()}@${process.pid}`, '.7@another-machine@1'];
  for (const name of names) await mkdir(join(root.path, 'left', name), { recursive: true });
  await removeLeftovers(root.path, 'left');
  expect((await readdir(join(root.path, 'left'))).toSorted()).toEqual(names.slice(1).toSorted());
});

/** Versions that operators upload: files as artifacts, and a mutation that brings them into the registry. */
import { createHash, generateKeyPairSync } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { digestOfFiles, listFiles } from '../../src/models/versionFiles.ts';
import { pushFolder } from '../../src/registry/pushedFolder.ts';
import { fieldOf, post } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { type Broker, openTestBroker } from '../support/jobs.ts';
import { addConstantVersion, type ModelsFolder, modelsWith } from '../support/models.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { type Gateway, startGateway } from '../support/processes.ts';
import { versionsOf } from '../support/rollouts.ts';

const MODEL = 'trip-duration';
const TOKEN = 'the-token-of-an-operator';
const OPERATOR = { authorization: `Bearer ${TOKEN}` };
const REGISTER = `mutation ($model: String! = "${MODEL}", $version: String, $files: [VersionFileInput!]!) {
  registerVersion(model: $model, version: $version, files: $files) { version state origin digest metrics { name } } }`;
const RETIRE = `mutation ($version: String!) { retireVersion(model: "${MODEL}", version: $version) { version } }`;
const RULES = '{ uploadRules { artifactMaxBytes mustVersionsBeSigned } }';
const AUDIT = '{ auditLog(first: 2) { edges { node { action outcome owner target code after } } } }';

interface FileInput {
  readonly path: string;
  readonly sha256: string;
}

let nats: NatsServer;
let models: ModelsFolder;
/** The versions of clients. No process reads it. */
let theirs: ModelsFolder;
let gateway: Gateway;
let broker: Broker;

beforeAll(async () => {
  [nats, models, theirs] = await Promise.all([startNats(), modelsWith(), modelsWith()]);
  [gateway, broker] = await Promise.all([
    startGateway(nats, { MODELS_DIR: models.path, OPERATOR_TOKEN: TOKEN }),
    openTestBroker(nats),
  ]);
});

afterAll(async () => {
  for (const started of [broker, gateway, models, theirs, nats]) await started?.[Symbol.asyncDispose]();
});

let made = 0;
/** A folder of a version that answers minutes of its own. @param change of its version.json. */
async function newFolder(change: (record: object) => object = (record) => record): Promise<string> {
  const name = String(100 + ++made);
  await addConstantVersion(theirs, name, made);
  const folder = join(theirs.model, name);
  const file = join(folder, 'version.json');
  await writeFile(file, JSON.stringify(change(JSON.parse(await readFile(file, 'utf8')))));
  return folder;
}

/** Stores the files of a folder. @returns how `registerVersion` names them. */
async function stored(folder: string): Promise<readonly FileInput[]> {
  const paths = (await readdir(folder)).toSorted();
  return Promise.all(
    paths.map(async (path) => ({ path, sha256: await store(await readFile(join(folder, path))) })),
  );
}

async function store(bytes: Buffer<ArrayBuffer>): Promise<string> {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const url = new URL(`/artifacts/${sha256}`, gateway.url);
  expect((await fetch(url, { method: 'PUT', headers: OPERATOR, body: bytes })).ok).toBe(true);
  return sha256;
}

function register(files: readonly FileInput[], version?: string, { at = gateway, model = MODEL } = {}) {
  return post(at.url, REGISTER, { model, version, files }, OPERATOR);
}

async function refusal(files: readonly FileInput[], version?: string) {
  const { errors, data } = await register(files, version);
  expect(data?.registerVersion ?? null).toBe(null);
  return { code: errors?.[0]?.extensions.code, message: errors?.[0]?.message ?? '' };
}

async function recordOf(version: string) {
  const { versions } = await broker.versions.read();
  return versions.find((each) => each.model === MODEL && each.version === version);
}

test('an uploaded version has the record that a push of its folder gives, is listed, and is audited', async () => {
  const folder = await newFolder();
  const files = await stored(folder);
  const answer = fieldOf<{ version: string; digest: string }>(await register(files, '20'));
  const digest = files.find(({ path }) => path === 'model.onnx')?.sha256;
  expect(answer).toMatchObject({ version: '20', origin: 'REGISTRY', state: 'WAITING', digest });
  const { record } = (await recordOf('20')) ?? {};
  const options = { ...broker, modelsDir: models.path, signingKey: undefined, owner: 'anonymous' };
  const { versions, artifacts } = broker;
  const pushed = await pushFolder('pushed', folder, { ...options, versions, artifacts });
  const inOrder = (list: readonly FileInput[] = []) => list.toSorted((a, b) => a.path.localeCompare(b.path));
  expect({ ...record, files: inOrder(record?.files) }).toEqual({
    ...pushed.record,
    ...{ model: MODEL, version: '20', files: inOrder(pushed.record.files) },
  });
  await eventually(
    () => versionsOf(gateway),
    (listed) => listed.some(({ version }) => version === '20'),
  );
  const log = fieldOf<{ edges: readonly { node: object }[] }>(await post(gateway.url, AUDIT, {}, OPERATOR));
  expect(log.edges.map(({ node }) => node)).toMatchObject([
    { action: 'registerVersion', outcome: 'DONE', target: MODEL, after: expect.stringContaining('"20"') },
    { action: 'registerVersion', outcome: 'BEGUN', target: MODEL },
  ]);
});

test('a version without a number gets the next one, and is registered once, however often it is asked for', async () => {
  const files = await stored(await newFolder());
  const first = fieldOf<{ version: string }>(await register(files));
  const again = await Promise.all([register(files), register(files), register(files, first.version)]);
  expect(again.map((answer) => fieldOf(answer))).toEqual(Array(3).fill(expect.objectContaining(first)));
});

test('a version with several files is registered with all of them', async () => {
  const folder = await newFolder();
  await writeFile(join(folder, 'tokenizer.json'), '{}');
  const listed = await listFiles(folder);
  const file = join(folder, 'version.json');
  const record = JSON.parse(await readFile(file, 'utf8'));
  await writeFile(file, JSON.stringify({ ...record, files: listed, sha256: digestOfFiles(listed) }));
  const files = await stored(folder);
  const without = files.filter(({ path }) => path !== 'tokenizer.json');
  expect((await refusal(without)).message).toContain('tokenizer.json must be among the files');
  const { version } = fieldOf<{ version: string }>(await register(files));
  expect((await recordOf(version))?.record?.files).toHaveLength(4);
});

test('a number that is taken is refused: by other weights, by a folder of the machines, and by a retired version', async () => {
  const files = await stored(await newFolder());
  const others = await stored(await newFolder());
  fieldOf(await register(files, '30'));
  expect(await refusal(others, '30')).toMatchObject({
    code: 'VERSION_CONFLICT',
    message: expect.stringContaining('has other weights'),
  });
  expect(await refusal(others, '1')).toMatchObject({
    code: 'VERSION_CONFLICT',
    message: expect.stringContaining('is a folder of MODELS_DIR with other weights'),
  });
  fieldOf(await post(gateway.url, RETIRE, { version: '30' }, OPERATOR));
  expect(await refusal(files, '30')).toMatchObject({
    code: 'VERSION_CONFLICT',
    message: expect.stringContaining('is retired'),
  });
  for (const version of ['0', '01', 'v2', '-1', '1000000000', ''])
    expect(await refusal(files, version), version).toMatchObject({ code: 'BAD_USER_INPUT' });
});

test('files that are no version are refused, with what is missing or wrong', async () => {
  const good = await stored(await newFolder());
  const [golden, model, record] = good;
  if (golden === undefined || model === undefined || record === undefined)
    throw new Error('a file is missing');
  const other = await store(Buffer.from('other weights'));
  const withRecord = async (content: string) => [
    golden,
    model,
    { ...record, sha256: await store(Buffer.from(content)) },
  ];
  const named = async (change: (record: object) => object) => stored(await newFolder(change));
  const withPath = (path: string) => [...good, { path, sha256: other }];
  const cases: readonly (readonly [readonly FileInput[], string])[] = [
    [[], 'files must be a list of 1 to 1000, got 0 entries'],
    [Array.from({ length: 1_001 }, (_, i) => ({ path: `f${i}`, sha256: other })), 'got 1001 entries'],
    [[model, record], 'of which one is golden.json'],
    [[golden, model], 'of which one is version.json'],
    [[golden, record], 'model.onnx must be among the files'],
    [[golden, { ...model, sha256: other }, record], `model.onnx must be among the files with the SHA-256`],
    [[golden, model, { ...record, sha256: 'ab'.repeat(32) }], 'store version.json first'],
    [[golden, model, { ...record, sha256: 'AB'.repeat(32) }], 'files[2].sha256 must be 64 hex digits'],
    [withPath('model.onnx'), 'files[3].path must be the path of one file'],
    [withPath('model.onnx/a'), 'files must be "model.onnx" as a file or as a folder'],
    [withPath('notes.txt'), 'notes.txt is not among the files of version.json'],
    ...['../x', '/etc/x', '.hidden', 'a/../b', 'a//b', 'a\\b', '', 'a\0b', 'a/.b', 'x'.repeat(201)].map(
      (path) => [withPath(path), 'files[3].path must be a path inside the folder'] as const,
    ),
    [await withRecord('{"sha256":'), 'its version.json must be JSON'],
    [await withRecord('[]'), 'version.json: it must be a JSON object'],
    [await withRecord(' '.repeat(1_048_577)), 'must have 1048576 bytes at most'],
    [await named((json) => ({ ...json, created: 'yesterday' })), 'created must be an RFC 3339 time'],
    [
      await named((json) => ({
        ...json,
        metrics: [{ data: 'x'.repeat(201), name: 'a', unit: 'b', value: 1 }],
      })),
      'metrics',
    ],
  ];
  const before = await broker.versions.read();
  for (const [files, message] of cases)
    expect(await refusal(files)).toEqual({
      code: 'BAD_USER_INPUT',
      message: expect.stringContaining(message),
    });
  expect((await broker.versions.read()).lastSequence).toBe(before.lastSequence);
});

test('a version that is code is refused, because workers take it only signed', async () => {
  const folder = await newFolder();
  await writeFile(join(folder, 'predictor.mjs'), 'export class Predictor {}');
  const files = await listFiles(folder);
  const code = { runtime: 'node', entry: 'predictor.mjs:Predictor', files, sha256: digestOfFiles(files) };
  const file = join(folder, 'version.json');
  await writeFile(file, JSON.stringify({ ...JSON.parse(await readFile(file, 'utf8')), ...code }));
  expect(await refusal(await stored(folder))).toEqual({
    code: 'BAD_USER_INPUT',
    message: expect.stringContaining('code (node) is taken only signed'),
  });
});

test('clients that are no operators, and models that are not there, are refused', async () => {
  const files = await stored(await newFolder());
  const { errors } = await post(gateway.url, REGISTER, { files });
  expect(errors?.[0]?.extensions.code).toBe('FORBIDDEN');
  const unknown = await register(files, '1', { model: 'nothing' });
  expect(unknown.errors?.[0]?.message).toContain('model must be the name of a model');
});

test('where versions must be signed, an upload is refused, and clients can ask before', async () => {
  const keys = join(theirs.path, 'trusted.pem');
  const { publicKey } = generateKeyPairSync('ed25519');
  await writeFile(keys, publicKey.export({ type: 'spki', format: 'pem' }));
  const env = { MODELS_DIR: models.path, OPERATOR_TOKEN: TOKEN, BLOB_MAX_UPLOAD_BYTES: '1000000' };
  await using wary = await startGateway(nats, { ...env, MODEL_TRUSTED_KEYS: keys });
  expect(fieldOf(await post(wary.url, RULES))).toEqual({
    artifactMaxBytes: 1_000_000,
    mustVersionsBeSigned: true,
  });
  expect(fieldOf(await post(gateway.url, RULES))).toMatchObject({ mustVersionsBeSigned: false });
  const files = await stored(await newFolder());
  const { errors } = await register(files, '40', { at: wary });
  expect(errors?.[0]).toMatchObject({
    extensions: { code: 'SIGNATURE_REQUIRED' },
    message: expect.stringContaining('npm run model -- push trip-duration'),
  });
  expect(await recordOf('40')).toBeUndefined();
});

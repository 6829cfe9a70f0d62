/** Pictures, sounds and texts of versions that are code: the code gets tensors, and gives pictures and detections. */
import { cp, mkdir, mkdtempDisposable, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { inspectVersion } from '../../src/cli/model/inspectVersion.ts';
import { runRows } from '../../src/cli/model/trial.ts';
import { LOADING } from '../../src/cli/model/versionDraft.ts';
import type { Manifest } from '../../src/models/manifest.ts';
import { manifestCheck } from '../../src/models/manifestCheck.ts';
import { readVersion } from '../../src/models/versionRecord.ts';
import { filesToLoad } from '../../workers/loadVersion.ts';
import { writeCodeVersion } from '../support/codeModels.ts';
import { wav } from '../support/media.ts';

const DESCRIPTION = 'Made by a test.';
const FLOAT = { type: 'float32', description: DESCRIPTION };
const MANIFEST = {
  name: 'media',
  description: DESCRIPTION,
  versions: 'all',
  graphql: { mutation: 'm', inputType: 'I', predictionType: 'P' },
  inputs: [
    { ...FLOAT, name: 'picture', kind: 'image', tensor: 'pixels', shape: [3, 2, 2] },
    { ...FLOAT, name: 'sound', kind: 'audio', tensor: 'samples', shape: [4], rate: 8_000, mask: 'real' },
    {
      ...{ name: 'text', kind: 'text', tensor: 'ids', type: 'int64', shape: [8], description: DESCRIPTION },
      ...{ tokenizer: 'tokenizer.json', mask: 'marks', truncate: true },
    },
  ],
  outputs: [
    { ...FLOAT, name: 'sum', tensor: 'sum', unit: 'none' },
    { ...FLOAT, name: 'copy', kind: 'image', tensor: 'copy', shape: [3, 2, 2], range: [0, 255] },
    {
      ...{ ...FLOAT, name: 'objects', kind: 'detections', tensor: 'boxes', shape: [2, 4], scores: 'scores' },
      ...{ columns: ['x1', 'y1', 'x2', 'y2'], coordinates: 'relative', picture: 'picture', labels: ['cat'] },
    },
  ],
  batching: { maxBatchSize: 4, maxWaitMs: 0 },
  limits: { timeoutMs: 60_000 },
  example: {},
};
/** Adds what is real of the sound to the number of tokens, and finds one box of two. */
const PREDICTOR = `export class Predictor {
  predict({ pixels, samples, real, ids, marks }) {
    const rows = pixels.shape[0];
    const sum = Array.from({ length: rows }, (_, row) => {
      let sum = 0;
      for (let i = 0; i < 4; i++) sum += samples.data[4 * row + i] * real.data[4 * row + i];
      for (let i = 0; i < 8; i++) sum += Number(marks.data[8 * row + i]);
      return sum;
    });
    if (sum[0] < 0) process.kill(process.pid, 'SIGKILL');
    const boxes = { data: new Float32Array(8 * rows).fill(0.5), shape: [rows, 2, 4] };
    const scores = { data: Float32Array.from({ length: 2 * rows }, (_, i) => i % 2), shape: [rows, 2, 1] };
    for (let i = 0; i < rows; i++) boxes.data.set([0, 0, 0.5, 1], 8 * i + 4);
    return { sum, copy: pixels, boxes, scores };
  }
}
`;

let folder: Awaited<ReturnType<typeof mkdtempDisposable>>;
let manifest: Manifest;
let red: string;

beforeAll(async () => {
  folder = await mkdtempDisposable(join(tmpdir(), 'tidings-code-media-'));
  const check = await manifestCheck({ withExample: false });
  manifest = check(structuredClone(MANIFEST), 'media', 'model.json');
  const version = join(folder.path, '1');
  await mkdir(version);
  await cp(
    join(import.meta.dirname, '../../models/language/1/tokenizer.json'),
    join(version, 'tokenizer.json'),
  );
  await writeCodeVersion({
    folder: version,
    code: { runtime: 'node', entry: 'predictor.mjs:Predictor' },
    files: { 'predictor.mjs': PREDICTOR },
  });
  const picture = sharp({ create: { width: 20, height: 10, channels: 3, background: '#ff0000' } });
  red = (await picture.png().toBuffer()).toString('base64');
});
afterAll(() => folder?.remove());

async function open() {
  const version = await readVersion(join(folder.path, '1'));
  const inspection = await inspectVersion(version, { ...LOADING, manifest, maxMib: 0 });
  await inspection.load({ ...filesToLoad(version), manifest, ...LOADING });
  return inspection;
}

function row(samples: readonly number[], picture = red) {
  const sound = wav(new Uint8Array(Float32Array.from(samples).buffer), { tag: 3, bits: 32 });
  return { picture: { base64: picture }, sound: { base64: sound.toString('base64') }, text: 'a b' };
}

test('code gets the tensors of files and texts, and its tensors become pictures and detections', async () => {
  await using inspection = await open();
  const { predictions } = await runRows(inspection, manifest, [row([0.5]), row([0.25, 0.5])]);
  const [first = {}, second = {}] = predictions as readonly Record<string, unknown>[];
  expect(Number(second.sum) - Number(first.sum)).toBe(0.25);
  expect(Number(first.sum)).toBeGreaterThan(2);
  const { data } = first.copy as { readonly data: Uint8Array };
  expect([...(await sharp(data).raw().toBuffer())]).toEqual(new Array(4).fill([255, 0, 0]).flat());
  // In pixels of the picture as it was sent: the box of score 1, not that of score 0.
  expect(first.objects).toMatchObject({ shape: [1, 6] });
  const { data: box } = first.objects as { readonly data: Uint8Array<ArrayBuffer> };
  expect([...new Float32Array(box.slice().buffer)]).toEqual([0, 0, 10, 10, 1, 0]);
});

test('a file that cannot be decoded fails its row alone, and a run of such files does not reach the code', async () => {
  await using inspection = await open();
  const half = Buffer.from(red, 'base64').subarray(0, 60).toString('base64');
  const { predictions } = await runRows(inspection, manifest, [row([1], half), row([1])]);
  expect(predictions).toEqual([
    expect.stringMatching(/^picture must be a whole picture/),
    expect.objectContaining({ sum: expect.any(Number) }),
  ]);
  const { predictions: none } = await runRows(inspection, manifest, [row([-100], half)]);
  expect(none).toEqual([expect.stringMatching(/^picture must be a whole picture/)]);
});

test('code that dies in such a run takes the process beside it along, and the run is told to have crashed', async () => {
  await using inspection = await open();
  await expect(runRows(inspection, manifest, [row([-100])])).rejects.toThrow('died with SIGKILL');
});

test('a tokenizer that is missing refuses the version', async () => {
  const version = await readVersion(join(folder.path, '1'));
  const files = version.files?.filter(({ path }) => path !== 'tokenizer.json');
  await using other = await mkdtempDisposable(join(tmpdir(), 'tidings-code-media-'));
  await cp(join(folder.path, '1/predictor.mjs'), join(other.path, 'predictor.mjs'));
  const inspecting = inspectVersion(
    { ...version, files, folder: other.path },
    { ...LOADING, manifest, maxMib: 0 },
  );
  await expect(inspecting).rejects.toThrow(
    'tokenizer.json must be there: the manifest names it as a tokenizer',
  );
  expect(await readFile(join(folder.path, '1/tokenizer.json'))).not.toHaveLength(0);
});

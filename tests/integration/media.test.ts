/** Pictures, sounds and texts, from a client to the model and back: alone, among others, as blobs, and broken ones. */
import { mkdtempDisposable, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ErrorView, fieldOf, post } from '../support/client.ts';
import { PICTURES, png, wav } from '../support/media.ts';
import { goldenMedia, SIDE, writeMediaModel } from '../support/mediaModel.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { type Gateway, type Process, startGateway, startWorker } from '../support/processes.ts';

const OUTPUTS = `pictureOut { width height mediaType base64 url } soundOut { shape values } realOut { values } noteOut
  objects { count list { label score box { x1 y1 x2 y2 } } }`;
const ECHO = `mutation Echo($input: MediaInput!, $options: TaskOptions) { echoMedia(input: $input, options: $options) {
  id state error { code message } prediction { ... on MediaPrediction { ${OUTPUTS} } } } }`;
const ECHO_MANY = `mutation EchoMany($inputs: [MediaInput!]!, $options: TaskOptions) { echoMedias(inputs: $inputs, options: $options) {
  id state batch { rowsFailed rows { errors { row code message } predictions { ... on MediaPredictionColumns {
    pictureOut { width } noteOut } } } } } }`;
const OPTIONS = { waitMs: 30_000 };
const BOXES = [2, 3, 6, 5, 0.9, 0.1, 0, 0, 8, 8, 0.1, 0.2];

interface EchoTask {
  readonly id: string;
  readonly state: string;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly prediction: {
    readonly pictureOut: { readonly base64: string; readonly url: string };
    readonly soundOut: unknown;
    readonly realOut: unknown;
    readonly noteOut: string;
    readonly objects: unknown;
  };
}

let folder: Awaited<ReturnType<typeof mkdtempDisposable>>;
let nats: NatsServer;
let gateway: Gateway;
let worker: Process;
let golden: Awaited<ReturnType<typeof goldenMedia>>;

beforeAll(async () => {
  folder = await mkdtempDisposable(`${tmpdir()}/tidings-media-`);
  golden = await goldenMedia();
  await writeMediaModel(folder.path, golden);
  nats = await startNats();
  const env = { MODELS_DIR: folder.path };
  [gateway, worker] = await Promise.all([startGateway(nats, env), startWorker(nats, env)]);
});

afterAll(async () => {
  for (const started of [gateway, worker, nats]) await started?.[Symbol.asyncDispose]();
  await folder?.remove();
});

function inputOf(change: object = {}) {
  return { ...golden.input, boxes: { values: BOXES }, ...change };
}

async function echo(change: object = {}): Promise<EchoTask> {
  return fieldOf(await post(gateway.url, ECHO, { input: inputOf(change), options: OPTIONS }));
}

async function refusal(change: object): Promise<ErrorView> {
  const { errors } = await post(gateway.url, ECHO, { input: inputOf(change) });
  const [error] = errors ?? [];
  if (error === undefined) throw new Error('it was accepted');
  return error;
}

async function upload(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const response = await fetch(new URL('/blobs', gateway.url), { method: 'PUT', body: bytes });
  return ((await response.json()) as { blob: string }).blob;
}

test('a picture, a sound and a text come to the model as tensors, and come back', async () => {
  const { id, state, error, prediction } = await echo();
  expect({ state, error }).toEqual({ state: 'SUCCEEDED', error: null });
  expect(prediction).toMatchObject({
    pictureOut: { width: SIDE, height: SIDE, mediaType: 'image/png', url: `/tasks/${id}/outputs/pictureOut` },
    soundOut: { shape: [2], values: [0, 0.5] },
    realOut: { values: [1, 1] },
    noteOut: 'naïf',
  });
  const pixels = await sharp(Buffer.from(prediction.pictureOut.base64, 'base64')).raw().toBuffer();
  // The picture is twice as wide as high, so there is black above it.
  expect([...pixels.subarray(0, 3)]).toEqual([0, 0, 0]);
  expect([...pixels.subarray(3 * SIDE * 4, 3 * SIDE * 4 + 3)]).toEqual([255, 0, 0]);
  const download = await fetch(new URL(prediction.pictureOut.url, gateway.url));
  expect(download.headers.get('content-type')).toBe('image/png');
  expect(Buffer.from(await download.arrayBuffer()).toString('base64')).toBe(prediction.pictureOut.base64);
});

test('boxes come back in pixels of the picture that was sent', async () => {
  const { prediction } = await echo();
  const box = { x1: 20, y1: 10, x2: 60, y2: 30 };
  const score = Math.fround(0.9);
  expect(prediction.objects).toEqual({ count: 1, list: [{ label: 'cat', score, box }] });
});

test('a picture and a sound may be blobs, and a long text becomes one', async () => {
  const colors = new Uint8Array(await readFile(join(PICTURES, 'turned.jpg')));
  const sound = wav(new Uint8Array(16), { bits: 8 });
  const note = 'é'.repeat(40_000);
  const blobs = {
    picture: { blob: await upload(colors) },
    sound: { blob: await upload(new Uint8Array(sound)) },
  };
  const { state, error, prediction } = await echo({ ...blobs, note: note.slice(0, 900) });
  expect({ state, error }).toEqual({ state: 'SUCCEEDED', error: null });
  expect(prediction.soundOut).toMatchObject({ shape: [16] });
  // The text comes to the model. As an output it is too long.
  expect(await echo({ ...blobs, note })).toMatchObject({
    error: {
      code: 'INVALID_OUTPUT',
      message: 'noteOut must be a text of at most 1000 characters, got 40000',
    },
  });
});

describe('a row with a file that cannot be decoded', () => {
  test.each([
    [
      'a picture without pixels',
      { picture: { base64: png({ width: 9, height: 9 }).toString('base64') } },
      /^picture must be a whole picture, got one that cannot be decoded/,
    ],
    [
      'a sound that is too long',
      { sound: { base64: wav(new Uint8Array(17), { bits: 8 }).toString('base64') } },
      /^sound must be a sound of at most 0.002 s, got 0.002125 s$/,
    ],
    [
      'half a sound',
      { sound: { base64: wav(new Uint8Array(9), { bits: 8 }).subarray(0, 50).toString('base64') } },
      /^sound must be a WAV file with 9 bytes in its chunk data, got 6 bytes$/,
    ],
  ])('fails with INVALID_INPUT: %s', async (_, change, message) => {
    const { state, error } = await echo(change);
    expect({ state, code: error?.code }).toEqual({ state: 'FAILED', code: 'INVALID_INPUT' });
    expect(error?.message).toMatch(message);
  });

  test('as a blob that is none fails, too', async () => {
    const text = new TextEncoder().encode('no picture');
    const { error } = await echo({ picture: { blob: await upload(text) } });
    expect(error).toEqual({
      code: 'INVALID_INPUT',
      message:
        'picture must be a picture (JPEG, PNG, WebP or GIF), got 10 bytes that begin with 6e 6f 20 70 69 63 74 75',
    });
  });

  test('fails alone: the rows beside it succeed, whatever they share a run with', async () => {
    const broken = { base64: png({ width: 9, height: 9 }).toString('base64') };
    const inputs = [
      inputOf({ picture: broken, note: '0' }),
      inputOf({ note: '1' }),
      inputOf({ sound: { base64: wav(new Uint8Array(17), { bits: 8 }).toString('base64') } }),
      inputOf({ note: '3' }),
    ];
    const { state, batch } = fieldOf<{
      state: string;
      batch: { rowsFailed: number; rows: { errors: object[]; predictions: object } };
    }>(await post(gateway.url, ECHO_MANY, { inputs, options: OPTIONS }));
    expect([state, batch.rowsFailed]).toEqual(['SUCCEEDED', 2]);
    expect(batch.rows.errors).toMatchObject([
      { row: 0, code: 'INVALID_INPUT', message: expect.stringMatching(/^picture must be/) },
      { row: 2, code: 'INVALID_INPUT', message: expect.stringMatching(/^sound must be/) },
    ]);
    expect(batch.rows.predictions).toEqual({
      pictureOut: [null, { width: SIDE }, null, { width: SIDE }],
      noteOut: [null, '1', null, '3'],
    });
  });
});

describe('what the gateway sees is refused at once with BAD_USER_INPUT', () => {
  test.each([
    [
      'base64 with rubbish',
      { picture: { base64: 'abc$' } },
      'picture must be base64 (RFC 4648, with padding)',
    ],
    [
      'no picture',
      { picture: { base64: 'aGVsbG8=' } },
      'picture must be a picture (JPEG, PNG, WebP or GIF), got 5 bytes',
    ],
    [
      'a bomb of pixels',
      { picture: { base64: png({ width: 30_000, height: 30_000 }).toString('base64') } },
      'picture must be a picture of at most 1000000 pixels, got 30000 × 30000',
    ],
    [
      'too many bytes',
      { picture: { base64: 'A'.repeat(1_400_000) } },
      'picture must be of at most 1000000 bytes',
    ],
    ['no WAV file', { sound: { base64: 'aGVsbG8=' } }, 'sound must be a WAV file, got 5 bytes'],
    ['an id that is none', { picture: { blob: 'x' } }, 'picture must be the id of a blob'],
    ['a text with NUL', { note: 'a\0b' }, 'note must be a text of at most 100000 bytes, without NUL'],
    ['a text that is too long', { note: 'a'.repeat(100_001) }, 'got 100001 bytes'],
  ])('%s', async (_, change, message) => {
    const error = await refusal(change);
    expect(error.extensions.code).toBe('BAD_USER_INPUT');
    expect(error.message).toContain(message);
  });
});

/** A model with a picture, a sound and a text. Its outputs equal its inputs; the client gives the boxes that it detects. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { encodeModel } from '../../src/cli/train/onnx.ts';
import { wav } from './media.ts';
import { writeVersion } from './models.ts';

const DESCRIPTION = 'Made by a test.';
const FLOAT = { type: 'float32', description: DESCRIPTION } as const;

export const SIDE = 8;

interface MediaGolden {
  readonly input: Readonly<Record<string, unknown>>;
  readonly output: Readonly<Record<string, unknown>>;
}

/** A red picture, a short sound and a text, with no box. */
export async function goldenMedia(): Promise<MediaGolden> {
  const picture = sharp({ create: { width: 80, height: 40, channels: 3, background: '#ff0000' } });
  const sound = wav(new Uint8Array(Float32Array.of(0, 0.5).buffer), { tag: 3, bits: 32 });
  return {
    input: {
      picture: { base64: (await picture.png().toBuffer()).toString('base64') },
      sound: { base64: sound.toString('base64') },
      note: 'naïf',
      boxes: { shape: [2, 6], values: new Array(12).fill(0) },
    },
    output: {
      soundOut: { shape: [2], values: [0, 0.5] },
      realOut: { shape: [2], values: [1, 1] },
      noteOut: 'naïf',
      objects: { shape: [0, 6], values: [] },
    },
  };
}

/** @param limits of a picture. */
export async function writeMediaModel(
  modelsDir: string,
  golden: MediaGolden,
  limits: { readonly maxPixels: number; readonly maxBytes: number } = {
    maxPixels: 1_000_000,
    maxBytes: 1_000_000,
  },
): Promise<void> {
  const folder = join(modelsDir, 'media');
  const channels = [3, SIDE, SIDE];
  const manifest = {
    name: 'media',
    description: DESCRIPTION,
    versions: 'all',
    graphql: { mutation: 'echoMedia', inputType: 'MediaInput', predictionType: 'MediaPrediction' },
    inputs: [
      {
        ...{ ...FLOAT, name: 'picture', kind: 'image', tensor: 'in_picture', shape: channels },
        ...{ scale: 1 / 255, fit: 'letterbox', ...limits },
      },
      {
        ...FLOAT,
        name: 'sound',
        kind: 'audio',
        tensor: 'in_sound',
        shape: ['samples'],
        rate: 8_000,
        mask: 'in_real',
      },
      {
        name: 'note',
        kind: 'text',
        tensor: 'in_note',
        type: 'string',
        shape: [],
        description: DESCRIPTION,
        maxBytes: 100_000,
      },
      { ...FLOAT, name: 'boxes', tensor: 'in_boxes', shape: [2, 6] },
    ],
    outputs: [
      { ...FLOAT, name: 'pictureOut', kind: 'image', tensor: 'out_picture', shape: channels, range: [0, 1] },
      { ...FLOAT, name: 'soundOut', tensor: 'out_sound', shape: ['samples'] },
      { ...FLOAT, name: 'realOut', tensor: 'out_real', shape: ['samples'] },
      { name: 'noteOut', tensor: 'out_note', type: 'string', description: DESCRIPTION },
      {
        ...{ ...FLOAT, name: 'objects', kind: 'detections', tensor: 'out_boxes', shape: [2, 6] },
        columns: ['x1', 'y1', 'x2', 'y2'],
        coordinates: 'pixels',
        picture: 'picture',
        labels: ['cat', 'dog'],
      },
    ],
    axes: { samples: { minimum: 1, maximum: 16, buckets: [4, 16] } },
    batching: { maxBatchSize: 8, maxWaitMs: 0 },
    limits: { timeoutMs: 60_000 },
    example: golden.input,
  };
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'model.json'), JSON.stringify(manifest));
  const ports = [
    { name: 'picture', ...FLOAT, shape: ['N', ...channels] },
    { name: 'sound', ...FLOAT, shape: ['N', 'samples'] },
    { name: 'real', ...FLOAT, shape: ['N', 'samples'] },
    { name: 'note', type: 'string', description: DESCRIPTION, shape: ['N'] },
    { name: 'boxes', ...FLOAT, shape: ['N', 2, 6] },
  ] as const;
  const graph = encodeModel({
    name: 'media',
    description: DESCRIPTION,
    inputs: ports.map((port) => ({ ...port, name: `in_${port.name}` })),
    constants: [],
    operators: ports.map(({ name }) => ({ type: 'Identity', inputs: [`in_${name}`], output: `out_${name}` })),
    outputs: ports.map((port) => ({ ...port, name: `out_${port.name}` })),
  });
  await writeVersion(join(folder, '1'), graph, { tolerance: 0, rows: [golden] });
}

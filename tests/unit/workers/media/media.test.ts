/** What is made of the tensors that a graph gives for pictures and detections. */
import sharp from 'sharp';
import { expect, test } from 'vitest';
import type { Manifest } from '../../../../src/models/manifest.ts';
import { manifestCheck } from '../../../../src/models/manifestCheck.ts';
import { Media } from '../../../../workers/media/media.ts';

const SIDE = 4;
const DESCRIPTION = 'Made by a test.';
const FIELD = { type: 'float32', description: DESCRIPTION };
const check = await manifestCheck({ withExample: false });

function manifest(batching: object): Manifest {
  return check(
    {
      name: 'm',
      description: DESCRIPTION,
      versions: 'all',
      graphql: { mutation: 'm', inputType: 'I', predictionType: 'P' },
      inputs: [{ ...FIELD, name: 'picture', kind: 'image', tensor: 'x', shape: [3, SIDE, SIDE] }],
      outputs: [
        { ...FIELD, name: 'made', kind: 'image', tensor: 'y', shape: [3, SIDE, SIDE], range: [0, 255] },
        {
          ...{ ...FIELD, name: 'seen', kind: 'detections', tensor: 'b', shape: [1, 4], scores: 's' },
          ...{
            columns: ['x1', 'y1', 'x2', 'y2'],
            coordinates: 'pixels',
            picture: 'picture',
            labels: ['cat'],
          },
        },
      ],
      batching: { maxWaitMs: 0, ...batching },
      limits: { timeoutMs: 60_000 },
      example: {},
    },
    'm',
    'model.json',
  );
}

const red = new Uint8Array(
  await sharp({ create: { width: SIDE, height: SIDE, channels: 3, background: '#ff0000' } })
    .png()
    .toBuffer(),
);

/** A run of some files, and the outputs of a graph for so many rows of pictures, boxes and scores. */
async function answer(files: number, runCount: number, rows: readonly [number, number, number]) {
  const media = await Media.open(manifest({ maxBatchSize: 3, fixedBatchSize: 3 }), '');
  if (media === undefined) throw new Error('the manifest has pictures');
  const decoded = await media.decode({ x: { files: new Array<Uint8Array>(files).fill(red), runCount } });
  const [pictures, boxes, scores] = rows;
  const output = (...dims: number[]) => {
    const count = dims.reduce((product, size) => product * size, 1);
    return { data: new Float32Array(count).fill(1), dims };
  };
  const outputs = { y: output(pictures, 3, SIDE, SIDE), b: output(boxes, 1, 4), s: output(scores, 1, 1) };
  return media.answer(outputs, decoded);
}

test('each row has its picture and its detections, also in a run that is filled up with copies', async () => {
  const { columns, problems } = await answer(2, 3, [3, 3, 3]);
  expect([...columns].map(([name, column]) => [name, column.length])).toEqual([
    ['made', 2],
    ['seen', 2],
  ]);
  expect(problems.size).toBe(0);
});

test.each<[string, readonly [number, number, number], string]>([
  ['pictures', [2, 3, 3], 'output y must have shape [3, 3, 4, 4], got [2, 3, 4, 4]'],
  ['boxes', [3, 4, 3], 'output b must have shape [3, 1, 4], got [4, 1, 4]'],
  ['scores', [3, 3, 1], 'output s must have shape [3, …], got [1, 1, 1]'],
])('a graph that gives %s for another number of rows is refused', async (_, rows, message) => {
  await expect(answer(3, 3, rows)).rejects.toThrow(message);
});

/** Manifests with pictures, sounds and texts that are refused, each with what is wrong with it. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { manifestCheck } from '../../../src/models/manifestCheck.ts';
import { MODELS } from '../../support/models.ts';

const check = await manifestCheck({ withExample: false });
const DIGITS = JSON.parse(await readFile(join(MODELS, 'digits/model.json'), 'utf8'));
const [PICTURE] = DIGITS.inputs;
const SOUND = {
  ...{ name: 'sound', kind: 'audio', tensor: 'x', type: 'float32', shape: [100], rate: 8_000 },
  description: 'A sound.',
};
const TEXT = { name: 'text', kind: 'text', tensor: 'x', type: 'string', shape: [], description: 'A text.' };
const TOKENS = { ...TEXT, type: 'int64', shape: [8], tokenizer: 'tokenizer.json' };
const BOXES = {
  ...{ name: 'boxes', kind: 'detections', tensor: 'b', type: 'float32', shape: [10, 6] },
  ...{ columns: ['x1', 'y1', 'x2', 'y2'], coordinates: 'pixels', picture: 'picture', labels: ['cat', 'dog'] },
  description: 'Boxes.',
};
const MADE = {
  ...{ name: 'made', kind: 'image', tensor: 'b', type: 'float32', shape: [3, 8, 8], range: [0, 1] },
  description: 'A picture.',
};
const ALONE = { maxBatchSize: 1, maxWaitMs: 0 };

test('the members of a picture that are left out have defaults', () => {
  const { inputs } = checked({ ...PICTURE, layout: undefined, colors: undefined, shape: [3, 8, 8] });
  expect(inputs[0]).toMatchObject({
    ...{ layout: 'CHW', colors: 'RGB', fit: 'stretch', cropRatio: 1, interpolation: 'linear' },
    ...{ scale: 1, mean: 0, std: 1, background: '#ffffff', letterboxColor: '#000000' },
    ...{ pad: 0, maxPixels: 50_000_000, maxBytes: 33_554_432 },
  });
});

describe('an input is refused', () => {
  test.each([
    [
      'another shape',
      { ...PICTURE, shape: [28, 28, 1] },
      'shape must be [height, width], since layout is HW, got [28, 28, 1]',
    ],
    [
      'colours without channels',
      { ...PICTURE, colors: 'RGB' },
      'picture: colors must be GRAY, since layout is HW',
    ],
    ['a mean of two', { ...PICTURE, mean: [1, 2] }, 'mean must be a number or a list of 1, got a list of 2'],
    ['a std of 0', { ...PICTURE, std: 0 }, 'picture: std must not be 0'],
    [
      'bytes below 0',
      { ...PICTURE, type: 'uint8', mean: 10 },
      'picture: scale, mean and std must make elements from 0 to 255, the numbers of uint8, got -10',
    ],
    [
      'bytes beyond 127',
      { ...PICTURE, type: 'int8' },
      'picture: scale, mean and std must make elements from -128 to 127, the numbers of int8, got 255',
    ],
    [
      'numbers that float16 lacks',
      { ...PICTURE, type: 'float16', std: 1e-3 },
      'from -65504 to 65504, the numbers of float16, got 255000',
    ],
    [
      'a filling that its type lacks',
      { ...PICTURE, type: 'uint8', pad: -1 },
      'picture: pad must be from 0 to 255, the numbers of uint8, got -1',
    ],
    ['a colour', { ...PICTURE, background: 'red' }, '/inputs/0/background must match pattern'],
    ['a default', { ...PICTURE, default: 1 }, '/inputs/0 must NOT have additional properties ("default")'],
    [
      'another kind',
      { ...PICTURE, kind: 'video' },
      '/inputs/0/kind must be equal to one of the allowed values',
    ],
    [
      'a sound of two dimensions',
      { ...SOUND, shape: [2, 100] },
      'sound: shape must have one dimension that is not 1, got [2, 100]',
    ],
    ['a sound without a rate', { ...SOUND, rate: undefined }, "/inputs/0 must have required property 'rate'"],
    [
      'a text as numbers',
      { ...TEXT, type: 'int64', shape: [8] },
      'text: tokenizer must be given, since type is a whole number',
    ],
    [
      'a tokenizer of texts',
      { ...TOKENS, type: 'string', shape: [] },
      'text: type must be int32 or int64, since tokenizer is given',
    ],
    ['a text with a shape', { ...TEXT, shape: [1] }, 'text: shape must be [], since type is string, got [1]'],
    [
      'a tokenizer in another folder',
      { ...TOKENS, tokenizer: '../x.json' },
      '/inputs/0/tokenizer must match pattern',
    ],
    [
      'a length without buckets',
      { ...TOKENS, shape: ['n'] },
      'text: axis n must have buckets, or batching.maxBatchSize must be 1, since n varies',
    ],
  ])('since it has %s', (_, input, message) => {
    expect(() => checked(input)).toThrow(message);
  });

  test('since another input has its axis', () => {
    const numbers = { name: 'x', tensor: 'y', type: 'float32', shape: ['n'], description: 'Numbers.' };
    const manifest = { inputs: [{ ...TOKENS, shape: ['n'] }, numbers], batching: ALONE };
    expect(() => checked(undefined, undefined, manifest)).toThrow(
      'text: axis n must not be used by another input',
    );
  });

  test.each([
    ['uint8', { scale: 0.5, mean: 0, std: -1 / 2 }, false],
    ['uint8', { scale: 0.5, mean: 0, std: 1 / 2 }, true],
    ['int8', { scale: 1, mean: 128, std: 1 }, true],
  ])('as %s with %o only if a pixel has no element of the type', (type, normal, isRight) => {
    const check = () => checked({ ...PICTURE, type, ...normal });
    if (isRight) expect(check().inputs).toHaveLength(1);
    else expect(check).toThrow('must make elements');
  });

  test('not if a length varies and each task has a run of its own', () => {
    expect(checked({ ...TOKENS, shape: ['n'] }, undefined, { batching: ALONE }).inputs).toHaveLength(1);
  });
});

describe('an output is refused', () => {
  test.each([
    [
      'half a box',
      { ...BOXES, columns: ['x1', 'y1', 'x2', 'score'] },
      'columns must have y1 and y2, y1 and height, or centerY and height',
    ],
    [
      'too few labels',
      { ...BOXES, labels: ['cat'] },
      'boxes: labels must be 2, as many as the numbers behind columns, got 1',
    ],
    [
      'another background',
      { ...BOXES, backgroundLabels: ['sky'] },
      'boxes: backgroundLabels must be among labels, got sky',
    ],
    [
      'no picture',
      { ...BOXES, picture: 'photo' },
      'boxes: picture must name an input of the kind image, got photo',
    ],
    ['a vector of boxes', { ...BOXES, shape: [60] }, 'boxes: shape must be [boxes, numbers of a box]'],
    [
      'a picture without colours',
      { ...MADE, shape: [1, 8, 8] },
      'made: shape must be [3, height, width], since layout is CHW',
    ],
    [
      'an empty range',
      { ...MADE, range: [1, 1] },
      'made: range must be of two different numbers, got 1 twice',
    ],
    ['another batch axis', { ...MADE, batchAxis: 1 }, 'made: batchAxis must be 0 or null, got 1'],
  ])('since it has %s', (_, output, message) => {
    expect(() => checked(PICTURE, output)).toThrow(message);
  });
});

test('detections that do not fit into a message with the other outputs are refused', () => {
  const outputs = [{ ...BOXES, maximum: 6_000 }, MADE];
  expect(() => checked(PICTURE, undefined, { outputs })).toThrow('boxes: maximum must be at most 5461');
});

function checked(input: object = PICTURE, output: object = DIGITS.outputs[0], more: object = {}) {
  const axes = { n: { minimum: 1, maximum: 8 } };
  const manifest = { ...DIGITS, inputs: [input], outputs: [output], axes, example: {}, ...more };
  return check(JSON.parse(JSON.stringify(manifest)), 'digits', 'model.json');
}

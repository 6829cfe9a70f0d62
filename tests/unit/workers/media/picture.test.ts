/** Pictures as tensors, compared with what Pillow and NumPy see in the same files (tests/support/pictures/make.py). */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import type { ImageInput } from '../../../../src/models/mediaInput.ts';
import { decodePicture } from '../../../../workers/media/picture.ts';
import { PICTURES, png, readExpectedPictures } from '../../../support/media.ts';

const expected = await readExpectedPictures();
const PLAIN: ImageInput = {
  name: 'picture',
  kind: 'image',
  tensor: 'x',
  description: 'A picture.',
  type: 'uint8',
  shape: [48, 64, 3],
  layout: 'HWC',
  colors: 'RGB',
  fit: 'stretch',
  cropRatio: 1,
  interpolation: 'linear',
  scale: 1,
  mean: 0,
  std: 1,
  background: '#ffffff',
  letterboxColor: '#000000',
  pad: 0,
  maxPixels: 1_000_000,
  maxBytes: 1_000_000,
};

/** The largest difference of a colour. Inks of CMYK are brought to colours by a profile here, and by a formula there. */
const TOLERANCES: Readonly<Record<string, number>> = { 'cmyk.jpg': 100 };

describe('a file', () => {
  test.each(Object.keys(expected.pixels))('%s has the pixels that Pillow sees', async (name) => {
    const { elements, placement } = await decode({}, await readFile(join(PICTURES, name)));
    expect(placement.picture).toEqual({ width: 64, height: 48 });
    for (const [i, [y = 0, x = 0]] of expected.places.entries()) {
      const from = 3 * (64 * y + x);
      const wanted = expected.pixels[name]?.[i] ?? [];
      for (const [channel, value] of [...elements.slice(from, from + 3)].entries())
        expect(Math.abs(Number(value) - (wanted[channel] ?? 0))).toBeLessThanOrEqual(TOLERANCES[name] ?? 2);
    }
  });

  test('that is turned by its EXIF orientation is upright', async () => {
    const { placement } = await decode({}, await readFile(join(PICTURES, 'turned.jpg')));
    expect(placement.picture).toEqual({ width: 64, height: 48 });
  });

  test('is scaled down and up as Pillow scales it', async () => {
    const colors = await readFile(join(PICTURES, 'colors.png'));
    const smaller = await decode({ shape: [6, 8, 3] }, colors);
    expect(differenceOf(smaller.elements, expected.smaller)).toBeLessThanOrEqual(2);
    const larger = await decode({ shape: [60, 80, 3] }, colors);
    expect(
      differenceOf(larger.elements.slice(0, expected.larger.length), expected.larger),
    ).toBeLessThanOrEqual(2);
  });
});

describe('the tensor', () => {
  test('has its channels first or last, in the order of the manifest, or one grey channel', async () => {
    const colors = await readFile(join(PICTURES, 'colors.png'));
    const first = await decode({ shape: [3, 48, 64], layout: 'CHW' }, colors);
    expect(first.shape).toEqual([3, 48, 64]);
    const [y = 0, x = 0] = expected.places[1] ?? [];
    const pixel = expected.pixels['colors.png']?.[1];
    expect([0, 1, 2].map((channel) => first.elements[(48 * channel + y) * 64 + x])).toEqual(pixel);
    const bgr = await decode({ colors: 'BGR' }, colors);
    expect([...bgr.elements.slice(3 * (64 * y + x)).slice(0, 3)]).toEqual(pixel?.toReversed());
    const grey = await decode({ shape: [48, 64], layout: 'HW', colors: 'GRAY' }, colors);
    const greys = expected.places.map(([y = 0, x = 0]) => grey.elements[64 * y + x]);
    expect(greys).toEqual(expected.grey);
  });

  test.each([
    { type: 'float32', scale: 1 / 255, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225], digits: 6 },
    { type: 'float16', scale: 1 / 255, mean: 0.5, std: 0.5, digits: 2 },
    { type: 'int8', scale: 1, mean: 128, std: 1, digits: 6 },
  ] as const)('of $type has scaled values', async ({ type, scale, mean, std, digits }) => {
    const { elements } = await decode({ type, scale, mean, std, shape: [1, 1, 3] }, await solid('#ff8000'));
    const wanted = [255, 128, 0].map((value, i) => (value * scale - of(mean, i)) / of(std, i));
    for (const [i, value] of wanted.entries()) expect(Number(elements[i])).toBeCloseTo(value, digits);
  });

  test('has a letterbox around a picture of other proportions', async () => {
    const { elements, placement } = await decode(
      { shape: [8, 8, 3], fit: 'letterbox', letterboxColor: '#727272' },
      await solid('#ff0000', { width: 40, height: 20 }),
    );
    expect(placement).toMatchObject({ scaled: { width: 8, height: 4 }, left: 0, top: 2 });
    const rows = Array.from({ length: 8 }, (_, y) => elements[3 * 8 * y]);
    expect(rows).toEqual([114, 114, 255, 255, 255, 255, 114, 114]);
  });

  test('has the middle of a picture that is cropped', async () => {
    const colors = await readFile(join(PICTURES, 'colors.png'));
    const { elements, placement } = await decode({ shape: [24, 24, 3], fit: 'crop', cropRatio: 0.5 }, colors);
    expect(placement).toMatchObject({ scaled: { width: 64, height: 48 }, left: -20, top: -12 });
    // The pixel at x 20, y 12 of the picture.
    expect([...elements.slice(0, 3)]).toEqual([80, 60, 64]);
  });

  test('has the size of the picture where sides vary, and of a larger picture the largest size', async () => {
    const axes = { height: { minimum: 4, maximum: 32 }, width: { minimum: 4, maximum: 32 } };
    const shape = ['height', 'width', 3];
    const small = await decode({ shape }, await solid('#ffffff', { width: 20, height: 10 }), axes);
    expect(small.shape).toEqual([10, 20, 3]);
    const large = await decode({ shape }, await solid('#ffffff', { width: 200, height: 100 }), axes);
    expect(large.shape).toEqual([16, 32, 3]);
    const thin = decode({ shape }, await solid('#ffffff', { width: 200, height: 2 }), axes);
    await expect(thin).rejects.toThrow('from 4 to 32 as its height, got 1 of a picture of 200 × 2');
  });
});

describe('a file that is refused', () => {
  test.each([
    [
      'no picture',
      Buffer.from('hello'),
      'a picture (JPEG, PNG, WebP or GIF), got 5 bytes that begin with 68 65',
    ],
    ['empty', Buffer.alloc(0), 'a picture (JPEG, PNG, WebP or GIF), got no bytes'],
    ['SVG', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), 'a picture (JPEG, PNG, WebP or GIF)'],
    ['a bomb of pixels', png({ width: 30_000, height: 30_000 }), 'at most 1000000 pixels, got 30000 × 30000'],
    ['only a header', png({ width: 10, height: 10 }), 'a whole picture, got one that cannot be decoded'],
  ])('since it is %s', async (_, bytes, message) => {
    await expect(decode({}, bytes)).rejects.toThrow(message);
  });

  test.each(['colors.png', 'colors.jpg', 'colors.webp'])('since it is half of %s', async (name) => {
    const bytes = await readFile(join(PICTURES, name));
    const half = bytes.subarray(0, bytes.length / 2);
    await expect(decode({}, half)).rejects.toThrow('a whole picture, got one that cannot be decoded');
  });

  test('since it has too many bytes', async () => {
    await expect(decode({ maxBytes: 10 }, Buffer.alloc(11))).rejects.toThrow('of at most 10 bytes, got 11');
  });

  test('since it is too long and narrow to be cropped', async () => {
    const line = await solid('#ffffff', { width: 1, height: 10_000 });
    await expect(decode({ fit: 'crop' }, line)).rejects.toThrow('a picture of other proportions');
  });
});

function decode(change: Partial<ImageInput>, bytes: Uint8Array, axes = {}) {
  return decodePicture(bytes, { ...PLAIN, ...change }, axes);
}

function solid(background: string, size = { width: 4, height: 4 }): Promise<Buffer> {
  return sharp({ create: { ...size, channels: 3, background } })
    .png()
    .toBuffer();
}

function of(list: number | readonly number[], i: number): number {
  return typeof list === 'number' ? list : (list[i] ?? 0);
}

function differenceOf(elements: ArrayLike<number | bigint>, wanted: readonly number[]): number {
  return Math.max(...wanted.map((value, i) => Math.abs(value - Number(elements[i]))));
}

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { pictureHeader } from '../../../src/models/pictureHeader.ts';
import { PICTURES, png } from '../../support/media.ts';

const FILES = readdirSync(PICTURES).filter((name) => /\.(png|jpg|webp|gif)$/.test(name));

test.each(FILES)('%s has the size and type that its decoder tells', async (name) => {
  const bytes = readFileSync(join(PICTURES, name));
  const { width, height, mediaType } = await sharp(bytes).metadata();
  expect(pictureHeader(bytes)).toEqual({ width, height, mediaType });
});

test('a size that is claimed in a few bytes is read without the pixels', () => {
  expect(pictureHeader(png({ width: 30_000, height: 30_000 }))).toMatchObject({
    width: 30_000,
    height: 30_000,
  });
});

test('a JPEG whose size lies behind a large profile is read, up to a mebibyte', () => {
  const frame = [0xff, 0xc0, 0, 17, 8, 0, 48, 0, 64];
  const profile = Buffer.alloc(2 + 0xffff);
  profile.set([0xff, 0xe2, 0xff, 0xff]);
  const file = (profiles: number) =>
    Buffer.concat([Buffer.from([0xff, 0xd8]), ...new Array(profiles).fill(profile), Buffer.from(frame)]);
  expect(pictureHeader(file(10))).toEqual({ width: 64, height: 48, mediaType: 'image/jpeg' });
  expect(pictureHeader(file(20))).toBeUndefined();
});

test('bytes that are broken or cut off are no picture, or one of some size, and never an error', () => {
  const files = FILES.map((name) => readFileSync(join(PICTURES, name)));
  fc.assert(
    fc.property(
      fc.constantFrom(...files),
      fc.nat(100),
      fc.array(fc.tuple(fc.nat(60), fc.nat(255)), { maxLength: 4 }),
      (file, length, changes) => {
        const bytes = new Uint8Array(file.subarray(0, length));
        for (const [at, byte] of changes) bytes[at] = byte;
        const header = pictureHeader(bytes);
        expect(header === undefined || (header.width > 0 && header.height > 0)).toBe(true);
      },
    ),
  );
});

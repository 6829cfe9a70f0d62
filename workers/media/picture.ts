/**
 * Makes the tensor of an image input from a picture file. It is decoded, turned upright, brought to sRGB, scaled and
 * laid out as the manifest says. Of a file with several pictures the first is taken.
 */
import sharp, { type Sharp } from 'sharp';
import { messageOf } from '../../src/contract/errors.ts';
import { type Elements, newElements } from '../../src/models/elements.ts';
import type { Axis } from '../../src/models/manifest.ts';
import { type ImageInput, pictureElement, sidesOf } from '../../src/models/mediaInput.ts';
import { checkFile, MediaFault } from './mediaFault.ts';
import { type Placement, placementOf, type Size, scale } from './placement.ts';

export interface DecodedPicture {
  readonly shape: readonly number[];
  readonly elements: Elements;
  readonly placement: Placement;
}

// The formats of `pictureHeader`. Other loaders of the library are not needed, and some read further files.
sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({
  operation: [
    'VipsForeignLoadJpegBuffer',
    'VipsForeignLoadPngBuffer',
    'VipsForeignLoadWebpBuffer',
    'VipsForeignLoadNsgifBuffer',
  ],
});
// Each picture is another one.
sharp.cache(false);

/** @throws {MediaFault} if the file is no whole picture, or has too many pixels. */
export async function decodePicture(
  bytes: Uint8Array,
  input: ImageInput,
  axes: Readonly<Record<string, Axis>>,
): Promise<DecodedPicture> {
  checkFile(input, bytes);
  try {
    const picture = sharp(bytes, { limitInputPixels: input.maxPixels, failOn: 'error', autoOrient: true });
    const { autoOrient } = await picture.metadata();
    const target = targetOf(input, axes, autoOrient);
    const placement = placementOf(autoOrient, target, input.fit, input.cropRatio);
    const pixels = await pixelsOf(picture, input, target, placement);
    return { ...tensorOf(pixels, input, target), placement };
  } catch (error) {
    if (error instanceof MediaFault) throw error;
    throw new MediaFault('a whole picture', `one that cannot be decoded: ${firstLine(error)}`);
  }
}

/** The size of the tensor. A side that varies is that of the picture, which is scaled down where it is too large. */
function targetOf(input: ImageInput, axes: Readonly<Record<string, Axis>>, picture: Size): Size {
  const { height, width } = sidesOf(input.layout, input.shape);
  const scaled = scale(picture, scaleBy());
  return { height: sizeOf(height, scaled.height), width: sizeOf(width, scaled.width) };

  function scaleBy(): number {
    if (typeof height === 'number') return height / picture.height;
    if (typeof width === 'number') return width / picture.width;
    return Math.min(
      1,
      (axes[height]?.maximum ?? 0) / picture.height,
      (axes[width]?.maximum ?? 0) / picture.width,
    );
  }

  function sizeOf(side: number | string, size: number): number {
    if (typeof side === 'number') return side;
    const { minimum = 0, maximum = 0 } = axes[side] ?? {};
    if (size >= minimum && size <= maximum) return size;
    const got = `${size} of a picture of ${picture.width} × ${picture.height}`;
    throw new MediaFault(`a picture that can have from ${minimum} to ${maximum} as its ${side}`, got);
  }
}

interface Pixels {
  /** Row by row, from 0 to 255. */
  readonly data: Uint8Array;
  /** 1 (grey) or 3 (red, green, blue) values a pixel. */
  readonly channels: number;
}

async function pixelsOf(
  picture: Sharp,
  { background, letterboxColor, interpolation, maxPixels }: ImageInput,
  target: Size,
  { scaled, left, top }: Placement,
): Promise<Pixels> {
  // Of a very long and narrow picture.
  if (scaled.width * scaled.height > Math.max(maxPixels, target.width * target.height))
    throw new MediaFault(
      'a picture of other proportions',
      `one of ${scaled.width} × ${scaled.height} once scaled`,
    );
  picture
    .toColourspace('srgb')
    .flatten({ background })
    .resize(scaled.width, scaled.height, { fit: 'fill', kernel: interpolation, fastShrinkOnLoad: false });
  if (left < 0 || top < 0) picture.extract({ ...target, left: Math.max(0, -left), top: Math.max(0, -top) });
  else
    picture.extend({
      left,
      top,
      right: target.width - scaled.width - left,
      bottom: target.height - scaled.height - top,
      background: letterboxColor,
    });
  const { data, info } = await picture.raw().toBuffer({ resolveWithObject: true });
  return { data, channels: info.channels };
}

function tensorOf({ data, channels }: Pixels, input: ImageInput, { width, height }: Size) {
  const { colors, layout, type } = input;
  const count = width * height;
  const planes = colors === 'GRAY' ? 1 : 3;
  const elements = newElements(type, planes * count) as NumberElements;
  const [step, offset] = layout === 'HWC' ? [planes, 1] : [1, count];
  for (let plane = 0; plane < planes; plane++) {
    const table = Array.from({ length: 256 }, (_, value) => pictureElement(input, value, plane));
    const valueAt = valueReader(data, channels, colors, plane);
    for (let i = 0; i < count; i++) elements[plane * offset + i * step] = table[valueAt(i)] ?? 0;
  }
  const shape = { CHW: [planes, height, width], HWC: [height, width, planes], HW: [height, width] }[layout];
  return { shape, elements };
}

type NumberElements = Exclude<Elements, BigInt64Array<ArrayBuffer> | BigUint64Array<ArrayBuffer>>;

/** Grey is the luma of ITU-R BT.601, in the whole numbers that Pillow computes it with. */
function valueReader(
  data: Uint8Array,
  channels: number,
  colors: ImageInput['colors'],
  plane: number,
): (pixel: number) => number {
  if (channels === 1) return (pixel) => data[pixel] ?? 0;
  if (colors !== 'GRAY') {
    const channel = colors === 'BGR' ? 2 - plane : plane;
    return (pixel) => data[3 * pixel + channel] ?? 0;
  }
  return (pixel) => {
    const [red = 0, green = 0, blue = 0] = [data[3 * pixel], data[3 * pixel + 1], data[3 * pixel + 2]];
    return (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16;
  };
}

/** The library's own errors may have several lines, of which the later ones repeat the first. */
function firstLine(error: unknown): string {
  return messageOf(error).split('\n', 1)[0] ?? '';
}

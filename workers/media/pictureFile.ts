/** Makes a PNG file of a picture that a graph gives as numbers. */
import sharp from 'sharp';
import type { PictureOutput } from '../../src/models/mediaOutput.ts';
import type { RowTensor } from './detections.ts';

/** @throws {RangeError} if an element is not finite, or if the tensor has no picture's shape. */
export async function encodePicture(
  { data, dims }: RowTensor,
  output: PictureOutput,
): Promise<Uint8Array<ArrayBuffer>> {
  const { colors, layout } = output;
  const [height = 0, width = 0] = layout === 'CHW' ? dims.slice(1) : dims;
  const channels = colors === 'GRAY' ? 1 : 3;
  const count = width * height;
  if (count === 0 || data.length !== channels * count)
    throw new RangeError(`${output.name} must be a picture, got the shape [${dims.join(', ')}]`);
  const pixels = new Uint8ClampedArray(channels * count);
  const [step, offset] = layout === 'HWC' ? [channels, 1] : [1, count];
  const [black, white] = output.range;
  for (let channel = 0; channel < channels; channel++) {
    const plane = colors === 'BGR' ? 2 - channel : channel;
    for (let i = 0; i < count; i++) {
      const element = Number(data[plane * offset + i * step]);
      if (!Number.isFinite(element))
        throw new RangeError(`${output.name} must be finite numbers, got ${element}`);
      pixels[i * channels + channel] = ((element - black) / (white - black)) * 255;
    }
  }
  return new Uint8Array(await sharp(pixels, { raw: { width, height, channels } }).png().toBuffer());
}

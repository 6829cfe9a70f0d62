/** Pictures and sounds for tests. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';

export const PICTURES = join(import.meta.dirname, 'pictures');

/** What `pictures/make.py` has seen. */
interface ExpectedPictures {
  /** Rows and columns. */
  readonly places: readonly (readonly number[])[];
  /** By file, the colours at these places. */
  readonly pixels: Readonly<Record<string, readonly (readonly number[])[]>>;
  readonly grey: readonly number[];
  readonly smaller: readonly number[];
  readonly larger: readonly number[];
}

export async function readExpectedPictures(): Promise<ExpectedPictures> {
  return JSON.parse(await readFile(join(PICTURES, 'expected.json'), 'utf8'));
}

/** The header of a PNG file, with nothing behind it. */
export function png({ width, height }: { readonly width: number; readonly height: number }): Buffer {
  const header = Buffer.alloc(17);
  header.write('IHDR');
  header.writeUInt32BE(width, 4);
  header.writeUInt32BE(height, 8);
  header.set([8, 0, 0, 0, 0], 12);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(13);
  sum.writeUInt32BE(crc32(header));
  return Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), length, header, sum]);
}

interface WavOptions {
  /** The format tag: 1 for whole numbers, 3 for floats, 6 for A-law, 7 for μ-law. */
  readonly tag?: number;
  readonly bits: number;
  readonly rate?: number;
  readonly channels?: number;
}

/** A WAV file with these bytes of samples. */
export function wav(data: Uint8Array, { tag = 1, bits, rate = 8_000, channels = 1 }: WavOptions): Buffer {
  const header = Buffer.alloc(44);
  header.write('RIFF');
  header.writeUInt32LE(36 + data.length, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(tag, 20);
  header.writeUInt16LE(channels, 22);
  header.writeUInt32LE(rate, 24);
  header.writeUInt32LE((rate * channels * bits) / 8, 28);
  header.writeUInt16LE((channels * bits) / 8, 32);
  header.writeUInt16LE(bits, 34);
  header.write('data', 36);
  header.writeUInt32LE(data.length, 40);
  return Buffer.concat([header, data]);
}

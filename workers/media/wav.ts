/**
 * Reads WAV files: whole numbers of 8, 16, 24 and 32 bits, floats of 32 and 64, μ-law and A-law, with any number of
 * channels.
 */
import { MediaFault } from './mediaFault.ts';

export interface Sound {
  /** Samples a second. */
  readonly rate: number;
  /** The mean of the channels, from −1 to 1. */
  readonly samples: Float32Array<ArrayBuffer>;
}

interface Format {
  readonly encoding: Encoding;
  readonly channels: number;
  readonly rate: number;
}

interface Encoding {
  readonly bytes: number;
  readonly read: (data: DataView, at: number) => number;
}

const RIFF_HEADER_BYTES = 12;
const CHUNK_HEADER_BYTES = 8;
const MAX_CHANNELS = 256;
const MAX_RATE = 768_000;
/** The true format stands in its extension. */
const EXTENSIBLE = 0xfffe;
const EXTENSION_AT = 24;
/** The length of data whose writer did not know it. */
const UNKNOWN_LENGTH = 0xffffffff;

/** By format tag and bits. */
const ENCODINGS: Readonly<Record<string, Encoding>> = {
  '1/8': { bytes: 1, read: (data, at) => (data.getUint8(at) - 128) / 2 ** 7 },
  '1/16': { bytes: 2, read: (data, at) => data.getInt16(at, true) / 2 ** 15 },
  '1/24': {
    bytes: 3,
    read: (data, at) => (data.getUint16(at, true) + 2 ** 16 * data.getInt8(at + 2)) / 2 ** 23,
  },
  '1/32': { bytes: 4, read: (data, at) => data.getInt32(at, true) / 2 ** 31 },
  '3/32': { bytes: 4, read: (data, at) => data.getFloat32(at, true) },
  '3/64': { bytes: 8, read: (data, at) => data.getFloat64(at, true) },
  '6/8': { bytes: 1, read: (data, at) => fromALaw(data.getUint8(at)) },
  '7/8': { bytes: 1, read: (data, at) => fromMuLaw(data.getUint8(at)) },
};

/** @param bytes that begin as a WAV file. @throws {MediaFault} if it is not a whole one. */
export function readWav(bytes: Uint8Array): Sound {
  const file = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return samplesOf(chunkOf(file, 'data'), formatOf(chunkOf(file, 'fmt ')));
}

/** @throws {MediaFault} if there is no chunk of this name, or only a part of it. */
function chunkOf(file: DataView, wanted: string): DataView {
  for (let at = RIFF_HEADER_BYTES; at + CHUNK_HEADER_BYTES <= file.byteLength; ) {
    const length = file.getUint32(at + 4, true);
    const from = at + CHUNK_HEADER_BYTES;
    const left = file.byteLength - from;
    if (textAt(file, at) === wanted) {
      if (length > left && length !== UNKNOWN_LENGTH)
        throw new MediaFault(`a WAV file with ${length} bytes in its chunk ${wanted}`, `${left} bytes`);
      return new DataView(file.buffer, file.byteOffset + from, Math.min(length, left));
    }
    // A chunk of an odd length has a byte behind it.
    at = from + length + (length % 2);
  }
  throw new MediaFault(`a WAV file with a chunk ${wanted}`, 'none');
}

function formatOf(chunk: DataView): Format {
  if (chunk.byteLength < 16) throw new MediaFault('a WAV format of 16 bytes', `${chunk.byteLength} bytes`);
  const [tag, channels, rate, bits] = [
    chunk.getUint16(0, true),
    chunk.getUint16(2, true),
    chunk.getUint32(4, true),
    chunk.getUint16(14, true),
  ];
  const trueTag =
    tag === EXTENSIBLE && chunk.byteLength >= EXTENSION_AT + 2 ? chunk.getUint16(EXTENSION_AT, true) : tag;
  const encoding = ENCODINGS[`${trueTag}/${bits}`];
  if (encoding === undefined)
    throw new MediaFault(
      'samples of 8, 16, 24 or 32 bits, floats of 32 or 64 bits, μ-law or A-law',
      `format ${trueTag} of ${bits} bits`,
    );
  if (channels < 1 || channels > MAX_CHANNELS)
    throw new MediaFault(`from 1 to ${MAX_CHANNELS} channels`, String(channels));
  if (rate < 1 || rate > MAX_RATE)
    throw new MediaFault(`from 1 to ${MAX_RATE} samples a second`, String(rate));
  return { encoding, channels, rate };
}

/** @throws {MediaFault} if a sample is not finite, which floats can be. */
function samplesOf(data: DataView, { encoding, channels, rate }: Format): Sound {
  const { bytes, read } = encoding;
  const count = Math.floor(data.byteLength / (bytes * channels));
  const samples = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    let sum = 0;
    for (let channel = 0; channel < channels; channel++) sum += read(data, (i * channels + channel) * bytes);
    const sample = sum / channels;
    if (!Number.isFinite(sample)) throw new MediaFault('finite samples', `${sample} at sample ${i}`);
    samples[i] = sample;
  }
  return { rate, samples };
}

/** ITU-T G.711. */
function fromMuLaw(byte: number): number {
  const inverted = ~byte & 0xff;
  const magnitude = (((inverted & 0x0f) << 3) + 0x84) << ((inverted & 0x70) >> 4);
  return ((inverted & 0x80) === 0 ? magnitude - 0x84 : 0x84 - magnitude) / 2 ** 15;
}

/** ITU-T G.711. */
function fromALaw(byte: number): number {
  const toggled = byte ^ 0x55;
  const exponent = (toggled & 0x70) >> 4;
  const mantissa = ((toggled & 0x0f) << 4) + 8;
  const magnitude = exponent === 0 ? mantissa : (mantissa + 0x100) << (exponent - 1);
  return ((toggled & 0x80) === 0 ? -magnitude : magnitude) / 2 ** 15;
}

function textAt(file: DataView, at: number): string {
  return String.fromCharCode(...new Uint8Array(file.buffer, file.byteOffset + at, 4));
}

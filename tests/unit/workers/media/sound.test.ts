import { describe, expect, test } from 'vitest';
import type { AudioInput } from '../../../../src/models/mediaInput.ts';
import { decodeSound } from '../../../../workers/media/sound.ts';
import { wav } from '../../../support/media.ts';

const PLAIN: AudioInput = {
  name: 'sound',
  kind: 'audio',
  tensor: 'x',
  description: 'A sound.',
  type: 'float32',
  shape: [4],
  rate: 8_000,
  truncate: false,
  pad: 0,
  maxBytes: 10_000_000,
};
const AXES = { samples: { minimum: 2, maximum: 100_000 } };

describe('samples', () => {
  test.each([
    { bits: 8, data: Uint8Array.of(0, 128, 192, 255), wanted: [-1, 0, 0.5, 127 / 128] },
    { bits: 16, data: of(Int16Array, -32_768, 0, 16_384, 32_767), wanted: [-1, 0, 0.5, 32_767 / 32_768] },
    {
      bits: 24,
      data: Uint8Array.of(0, 0, 0x80, 0, 0, 0, 0, 0, 0x40, 0xff, 0xff, 0x7f),
      wanted: [-1, 0, 0.5, 1],
    },
    { bits: 32, data: of(Int32Array, -(2 ** 31), 0, 2 ** 30, 2 ** 31 - 1), wanted: [-1, 0, 0.5, 1] },
    { bits: 32, tag: 3, data: of(Float32Array, -1, 0, 0.5, 1), wanted: [-1, 0, 0.5, 1] },
    { bits: 64, tag: 3, data: of(Float64Array, -1, 0, 0.5, 1), wanted: [-1, 0, 0.5, 1] },
    // The tables of ITU-T G.711: ±32124 are the ends of μ-law, ±32256 those of A-law.
    {
      bits: 8,
      tag: 7,
      data: Uint8Array.of(0x00, 0x80, 0xff, 0x7f),
      wanted: [-32_124, 32_124, 0, 0].map((value) => value / 32_768),
    },
    {
      bits: 8,
      tag: 6,
      data: Uint8Array.of(0x2a, 0xaa, 0xd5, 0x55),
      wanted: [-32_256, 32_256, 8, -8].map((value) => value / 32_768),
    },
  ])('of $bits bits in format $tag are read', ({ data, wanted, ...format }) => {
    const { elements } = decode({}, wav(data, format));
    for (const [i, value] of wanted.entries()) expect(Number(elements[i])).toBeCloseTo(value, 6);
  });

  test('of several channels become their mean', () => {
    const file = wav(of(Int16Array, 100, 300, -100, 100), { bits: 16, channels: 2 });
    const { elements, length } = decode({}, file);
    expect([length, ...elements].map(Number)).toEqual([2, 200 / 32_768, 0, 0, 0]);
  });

  test.each([
    [44_100, 16_000],
    [8_000, 16_000],
    [48_000, 8_000],
  ])('at %i a second are converted to %i: a tone stays the same tone', (from, to) => {
    const tone = (rate: number, seconds: number) =>
      Float32Array.from({ length: rate * seconds }, (_, i) => 0.5 * Math.sin((2 * Math.PI * 440 * i) / rate));
    const file = wav(new Uint8Array(tone(from, 1).buffer), { tag: 3, bits: 32, rate: from });
    const samples = samplesOf({ rate: to, shape: ['samples'] }, file, AXES);
    expect(samples.length).toBe(to);
    const wanted = tone(to, 1);
    // The ends are faded, since there is silence beyond them.
    const worst = Math.max(
      ...wanted.slice(300, -300).map((value, i) => Math.abs(value - (samples[i + 300] ?? 0))),
    );
    expect(worst).toBeLessThan(0.001);
  });

  test('of a frequency that the lower rate cannot have are taken out', () => {
    const tone = Float32Array.from({ length: 16_000 }, (_, i) =>
      Math.sin((2 * Math.PI * 6_000 * i) / 16_000),
    );
    const file = wav(new Uint8Array(tone.buffer), { tag: 3, bits: 32, rate: 16_000 });
    const samples = samplesOf({ shape: ['samples'] }, file, AXES);
    expect(Math.max(...samples.slice(300, -300).map(Math.abs))).toBeLessThan(0.001);
  });
});

describe('a length', () => {
  test('that is fixed is filled up with silence', () => {
    const { elements, length, shape } = decode({ shape: [1, 6] }, ramp(4));
    expect([shape, length, [...elements].map(Number)]).toEqual([[1, 6], 4, [0, 0.25, 0.5, 0.75, 0, 0]]);
  });

  test('that varies is that of the sound', () => {
    expect(decode({ shape: [1, 'samples'] }, ramp(5), AXES).shape).toEqual([1, 5]);
    expect(decode({ shape: ['samples'] }, ramp(1), AXES).shape).toEqual([2]);
  });

  test('that is too large is refused, or cut off if the manifest says so', () => {
    expect(() => decode({ shape: [2] }, ramp(4))).toThrow('a sound of at most 0.00025 s, got 0.0005 s');
    const { elements } = decode({ shape: [2], truncate: true }, ramp(4));
    expect([...elements].map(Number)).toEqual([0, 0.25]);
  });

  test('of a sound with a tiny rate is refused before it is converted', () => {
    expect(() => decode({}, wav(new Uint8Array(9_000_000), { bits: 8, rate: 1 }))).toThrow(
      'a sound of at most',
    );
  });
});

describe('a file is refused', () => {
  test.each([
    ['no WAV file', Buffer.from('hello'), 'a WAV file, got 5 bytes that begin with 68 65 6c 6c 6f'],
    ['one without samples', wav(new Uint8Array(), { bits: 16 }), 'a sound, got one without samples'],
    ['half of one', ramp(1_000).subarray(0, 1_000), 'with 4000 bytes in its chunk data, got 956 bytes'],
    ['one without a chunk', ramp(4).subarray(0, 36), 'a WAV file with a chunk data, got none'],
    ['another encoding', wav(new Uint8Array(4), { tag: 2, bits: 4 }), 'got format 2 of 4 bits'],
    ['one with NaN', wav(of(Float32Array, Number.NaN), { tag: 3, bits: 32 }), 'finite samples, got NaN'],
    [
      'one without channels',
      wav(new Uint8Array(4), { bits: 8, channels: 0 }),
      'from 1 to 256 channels, got 0',
    ],
    ['one without a rate', wav(new Uint8Array(4), { bits: 8, rate: 0 }), 'samples a second, got 0'],
  ])('that is %s', (_, bytes, message) => {
    expect(() => decode({}, bytes)).toThrow(message);
  });
});

function decode(change: Partial<AudioInput>, bytes: Uint8Array, axes = {}) {
  return decodeSound(bytes, { ...PLAIN, ...change }, axes);
}

function samplesOf(change: Partial<AudioInput>, bytes: Uint8Array, axes = {}): readonly number[] {
  return Array.from<number | bigint, number>(decode(change, bytes, axes).elements, Number);
}

function of<T extends { readonly buffer: ArrayBuffer }>(
  type: { of(...samples: number[]): T },
  ...samples: readonly number[]
): Uint8Array {
  return new Uint8Array(type.of(...samples).buffer);
}

/** 0, 0.25, 0.5 and so on. */
function ramp(count: number): Buffer {
  const samples = Float32Array.from({ length: count }, (_, i) => (i % 4) / 4);
  return wav(new Uint8Array(samples.buffer), { tag: 3, bits: 32 });
}

/** Makes the tensor of an audio input from a WAV file: one channel, at the rate of the manifest. */
import { type Elements, newElements } from '../../src/models/elements.ts';
import type { Axis } from '../../src/models/manifest.ts';
import type { AudioInput } from '../../src/models/mediaInput.ts';
import { lengthLimits } from './lengthLimits.ts';
import { checkFile, MediaFault } from './mediaFault.ts';
import { resample, resampledLength } from './resample.ts';
import { readWav } from './wav.ts';

export interface DecodedSound {
  readonly shape: readonly number[];
  readonly elements: Elements;
  /** The samples of the sound; silence follows them. */
  readonly length: number;
}

/** @throws {MediaFault} if the file is no whole WAV file, or its sound is too long. */
export function decodeSound(
  bytes: Uint8Array,
  input: AudioInput,
  axes: Readonly<Record<string, Axis>>,
): DecodedSound {
  checkFile(input, bytes);
  const { rate, shape, truncate, type } = input;
  const sound = readWav(bytes);
  if (sound.samples.length === 0) throw new MediaFault('a sound', 'one without samples');
  const { least, most } = lengthLimits(shape, axes);
  // Before it gets longer by a higher rate.
  const isTooLong = resampledLength(sound.samples.length, sound.rate, rate) > most;
  if (isTooLong && !truncate)
    throw new MediaFault(`a sound of at most ${most / rate} s`, `${sound.samples.length / sound.rate} s`);
  const kept = isTooLong ? sound.samples.subarray(0, Math.ceil((most * sound.rate) / rate)) : sound.samples;
  const resampled = resample(kept, sound.rate, rate).subarray(0, most);
  // Silence follows a sound that is too short.
  const elements = newElements(type, Math.max(least, resampled.length)) as Float32Array<ArrayBuffer>;
  elements.set(resampled);
  return {
    shape: shape.map((size) => (size === 1 ? 1 : elements.length)),
    elements,
    length: resampled.length,
  };
}

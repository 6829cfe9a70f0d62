/**
 * Changes the rate of a sound, by a sinc filter under a Kaiser window. Frequencies that the new rate cannot have are
 * taken out.
 */

/** Zeros of the sinc on each side: more are sharper, and take longer. */
const ZEROS = 32;
/** Places between two zeros at which the filter is tabulated. Between these it is read linearly. */
const PLACES = 512;
const KAISER_BETA = 9;
/** The share of the band that is kept whole; the filter falls off in the rest. */
const ROLLOFF = 0.945;

/** The samples of a sound of `count` samples at another rate. */
export function resampledLength(count: number, from: number, to: number): number {
  return Math.ceil((count * to) / from);
}

export function resample(
  samples: Float32Array<ArrayBuffer>,
  from: number,
  to: number,
): Float32Array<ArrayBuffer> {
  if (from === to) return samples;
  const cutoff = Math.min(1, to / from) * ROLLOFF;
  const reach = ZEROS / cutoff;
  const filter = tabulate();
  const answer = new Float32Array(resampledLength(samples.length, from, to));
  for (let n = 0; n < answer.length; n++) {
    const at = (n * from) / to;
    const last = Math.min(samples.length - 1, Math.floor(at + reach));
    let sum = 0;
    for (let i = Math.max(0, Math.ceil(at - reach)); i <= last; i++) {
      const place = Math.abs(at - i) * cutoff * PLACES;
      const before = Math.trunc(place);
      const [low, high] = [filter[before] ?? 0, filter[before + 1] ?? 0];
      sum += (samples[i] ?? 0) * (low + (high - low) * (place - before));
    }
    answer[n] = sum * cutoff;
  }
  return answer;
}

/** The right half of the filter; the left is its mirror image. */
function tabulate(): Float64Array {
  const filter = new Float64Array(ZEROS * PLACES + 1);
  for (let place = 0; place < filter.length; place++) {
    const x = place / PLACES;
    const sinc = x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
    filter[place] = (sinc * bessel(KAISER_BETA * Math.sqrt(1 - (x / ZEROS) ** 2))) / bessel(KAISER_BETA);
  }
  return filter;
}

/** The modified Bessel function of the first kind, of order 0, by its series. */
function bessel(x: number): number {
  let [sum, term] = [1, 1];
  for (let k = 1; term > sum * Number.EPSILON; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

/** Figures for people: numbers, rates, sizes, shares, durations and instants. */
const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];

/** Such as "12,345". */
export function shownCount(count: number): string {
  return count.toLocaleString('en');
}

/** Such as "1 worker", "2 workers". */
export function countOf(count: number, noun: string): string {
  return `${shownCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** A number with as many digits as are of use. */
export function shownNumber(value: number): string {
  if (Number.isInteger(value)) return shownCount(value);
  const size = Math.abs(value);
  if (size >= 1e9 || size < 1e-4) return value.toExponential(3);
  return value.toLocaleString('en', { maximumSignificantDigits: size >= 1_000 ? 7 : 4 });
}

/** A rate or a time with as many digits as can be read while it changes. */
export function shownRate(rate: number): string {
  return rate > 0 && rate < 0.1
    ? '< 0.1'
    : rate.toLocaleString('en', { maximumFractionDigits: rate < 100 ? 1 : 0 });
}

/** Such as "512 bytes", "76.9 KiB". */
export function shownBytes(bytes: number): string {
  const power = bytes < 1_024 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(bytes) / 10));
  const size = (bytes / 1_024 ** power).toLocaleString('en', {
    maximumSignificantDigits: power === 0 ? 4 : 3,
  });
  return `${size} ${UNITS[power]}`;
}

/** Such as "12.5 %". */
export function shownPercent(percent: number): string {
  return `${percent.toLocaleString('en', { maximumFractionDigits: 2 })} %`;
}

/** A probability in percent, such as "99.78 %", with the same digits for each. */
export function shownProbability(probability: number): string {
  return `${(100 * probability).toFixed(2)} %`;
}

/** Such as "3.2 ms", "1.24 s", "2 min 5 s". */
export function shownMs(ms: number): string {
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(2)} s`;
  const seconds = Math.round(ms / 1_000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** Such as "09:05:00". @param seconds since 1970. */
export function timeOfDay(seconds: number): string {
  return new Date(1_000 * seconds).toLocaleTimeString('en-GB');
}

/** The time of day; with the date if it is another day. */
export function shownTime(instant: string): string {
  const date = new Date(instant);
  const time = timeOfDay(date.getTime() / 1_000);
  return date.toDateString() === new Date().toDateString()
    ? time
    : `${date.toLocaleDateString('en-CA')} ${time}`;
}

export function msBetween(from: string, to: string): number {
  return Date.parse(to) - Date.parse(from);
}

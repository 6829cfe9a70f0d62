/** A name such as `tripDistanceMiles` as words: "Trip distance miles". */
export function wordsOf(name: string): string {
  const words = name
    .replaceAll('_', ' ')
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** A number with as many digits as are of use. */
export function shownNumber(value: number): string {
  if (Number.isInteger(value)) return value.toLocaleString('en');
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

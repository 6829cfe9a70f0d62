/** Sizes for people. */
const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];

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

/** Sizes as people read them. */
const STEP = 1024;
const UNITS = ['bytes', 'KiB', 'MiB', 'GiB'] as const;

/** @returns such as `8.2 GiB` or `512 MiB`: one digit behind the point below 10. */
export function readableBytes(bytes: number): string {
  let size = bytes;
  let unit = 0;
  while (size >= STEP - 0.5 && unit < UNITS.length - 1) {
    size /= STEP;
    unit++;
  }
  const digits = size < 10 && !Number.isInteger(size) ? 1 : 0;
  return `${size.toFixed(digits)} ${UNITS[unit]}`;
}

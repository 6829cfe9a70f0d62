/** What stands for "none" where each number must have a unit. */
const NO_UNITS = new Set(['dimensionless', 'none', 'unknown']);

/** Whether a unit tells something. */
export function isUnit(unit: string | null): unit is string {
  return unit !== null && !NO_UNITS.has(unit);
}

/** A name such as `tripDistanceMiles` as words: "Trip distance miles". */
export function wordsOf(name: string): string {
  const words = name
    .replaceAll('_', ' ')
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** What stands for "none" where each number must have a unit. */
const NO_UNITS = new Set(['dimensionless', 'none', 'unknown']);

/** Whether a unit tells something. */
export function isUnit(unit: string | null): unit is string {
  return unit !== null && !NO_UNITS.has(unit);
}

/**
 * Made-up census tracts, for those who do not have the real table: a CSV with the columns of the model `housing` and about
 * their ranges. Prices and pupils per teacher follow a rule of this file, with noise. They tell nothing of Boston.
 *
 *     node_modules/.bin/node examples/housing-workflow/madeTracts.ts > tracts.csv
 */
const COLUMNS = 'CRIM,ZN,INDUS,CHAS,NOX,RM,AGE,DIS,RAD,TAX,PTRATIO,B,LSTAT,MEDV';
/** As many as the real table has. */
export const TRACTS = 506;

/** @param seed the same seed makes the same tracts. */
export function madeTracts(seed: number): string {
  const below = randomNumbers(seed);
  const between = (least: number, most: number) => least + ((most - least) * below(1_000)) / 1_000;
  const rows = Array.from({ length: TRACTS }, () => {
    const [rooms, poor, tax] = [between(4, 8), between(2, 35), 187 + below(520)];
    const pupils = 11 + tax / 80 + between(-1, 1);
    const price = Math.max(5, 9 * rooms - 0.6 * poor - 20 + between(-3, 3));
    return [
      ...[between(0, 20), between(0, 90), between(1, 27), below(2), between(0.4, 0.87), rooms].map(cellOf),
      ...[between(5, 100), between(1.2, 12), 1 + below(24), tax, pupils, between(1, 390), poor, price].map(
        cellOf,
      ),
    ].join(',');
  });
  return `${[COLUMNS, ...rows].join('\n')}\n`;
}

function cellOf(value: number): string {
  return String(Number(value.toFixed(3)));
}

/** The generator mulberry32. @returns whole numbers from 0, each below the one that is asked for. */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

if (import.meta.main) process.stdout.write(madeTracts(1));

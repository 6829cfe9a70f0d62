/** Rows for the model housing, where the real ones are not at hand. */
import { seededRandom } from './random.ts';

const COLUMNS = 'CRIM,ZN,INDUS,CHAS,NOX,RM,AGE,DIS,RAD,TAX,PTRATIO,B,LSTAT,MEDV';
export const TRACTS = 506;

/** @returns a CSV with the columns of the real table, and about its values, which meets the gate of the model. */
export function madeTracts(seed: number): string {
  const { number } = seededRandom(seed);
  const between = (least: number, most: number) => least + ((most - least) * number(1_000)) / 1_000;
  const rows = Array.from({ length: TRACTS }, () => {
    const [rooms, poor, tax] = [between(4, 8), between(2, 35), 187 + number(520)];
    const pupils = 11 + tax / 80 + between(-1, 1);
    const price = Math.max(5, 9 * rooms - 0.6 * poor - 20 + between(-3, 3));
    return [
      ...[between(0, 20), between(0, 90), between(1, 27), number(2), between(0.4, 0.87), rooms],
      ...[between(5, 100), between(1.2, 12), 1 + number(24), tax, pupils.toFixed(1), between(1, 390)],
      ...[poor, price.toFixed(1)],
    ].join(',');
  });
  return `${[COLUMNS, ...rows].join('\n')}\n`;
}

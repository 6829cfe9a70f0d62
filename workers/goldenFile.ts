/** Writes the `golden.json` of a version. */
import { printableLines } from '../src/process/printable.ts';
import type { GoldenRows } from './golden.ts';

/** The text of the file, with one row per line. */
export function formatGoldenRows({ rows, tolerance }: GoldenRows): string {
  const lines = rows.map((row) => `    ${JSON.stringify(row)}`).join(',\n');
  return printableLines(`{\n  "tolerance": ${JSON.stringify(tolerance)},\n  "rows": [\n${lines}\n  ]\n}\n`);
}

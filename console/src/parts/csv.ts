/** Writes tables as CSV (RFC 4180). */

/** A spreadsheet takes a text that begins so for a formula, and computes it. East Asian ones know wide signs, too. */
const BEGINS_FORMULA = /^[=+\-@＝＋－＠\t\r\n]/;

export function csvOf(header: readonly string[], rows: readonly (readonly unknown[])[]): string {
  return [header, ...rows].map((row) => `${row.map(cellOf).join(',')}\r\n`).join('');
}

function cellOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  const plain = typeof value === 'object' ? JSON.stringify(value) : String(value);
  const isFormula = typeof value === 'string' && BEGINS_FORMULA.test(plain);
  const text = isFormula ? `'${plain}` : plain;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Numbers of a file as JavaScript has them, or their text, if they do not fit without a loss. */

const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;
const WHOLE = /^[+-]?\d+$/;

/** A whole number must fit exactly; any other is the nearest that a 64-bit float has. Spaces around it mean nothing. */
export function numberIn(text: string): number | string {
  const written = text.trim();
  const number = NUMBER.test(written) ? Number(written) : Number.NaN;
  if (!Number.isFinite(number)) return text;
  const mayBeRounded = WHOLE.test(written) && !Number.isSafeInteger(number);
  return mayBeRounded && BigInt(written.replace('+', '')) !== BigInt(number) ? text : number;
}

export function wholeNumber(value: bigint): number | string {
  const number = Number(value);
  return Number.isFinite(number) && BigInt(number) === value ? number : String(value);
}

/** @param text of a DECIMAL, whose digits are all meant. */
export function decimalNumber(text: string): number | string {
  const number = Number(text);
  return digitsOf(text) === digitsOf(number.toExponential()) ? number : text;
}

/** The fewest digits that give the same 32-bit float. */
export function shortestFloat(value: number): string {
  for (let digits = 1; digits < 9; digits++) {
    const candidate = Number(value.toPrecision(digits));
    if (Math.fround(candidate) === value) return String(candidate);
  }
  return String(Number(value.toPrecision(9)));
}

/** Digits without zeros at either end: those that a number is made of, wherever its point is. */
function digitsOf(text: string): string {
  const [digits = ''] = text.split('e');
  return digits.replaceAll(/[-.]/g, '').replace(/^0+/, '').replace(/0+$/, '');
}

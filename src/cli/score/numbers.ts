/** Numbers of a file as JavaScript has them, or their text, if they do not fit without a loss. */

const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;
const WHOLE = /^[+-]?\d+$/;
/** For the database. `1,440` tells nothing. */
export const TELLS_DECIMAL_COMMA = String.raw`\s*[+-]?(?:\d+,(?:\d{1,2}|\d{4,})|0\d*,\d+|\d{4,},\d+|\d{1,3}(?:\.\d{3})+,\d+)\s*`;
const LONGEST_SHOWN = 40;
const ONE_COMMA_OF_TWO_MEANINGS = /^[+-]?[1-9]\d{0,2},\d{3}$/;
const ONE_POINT_OF_TWO_MEANINGS = /^[+-]?[1-9]\d{0,2}\.\d{3}$/;
const DECIMAL_COMMA = /^[+-]?(?:\d+,\d*|,\d+)(?:e[+-]?\d+)?$/i;
const COMMAS_BETWEEN_THOUSANDS = /^[+-]?\d{1,3}(?:,\d{3})+(?:\.\d*)?$/;
const POINTS_BETWEEN_THOUSANDS = /^[+-]?\d{1,3}(?:\.\d{3})+(?:,\d*)?$/;
/** Apostrophes and spaces, whatever their width. */
const OTHERS_BETWEEN_THOUSANDS = /^[+-]?\d{1,3}(?:['’\s]\d{3})+(?:[.,]\d*)?$/;

/** A whole number must fit exactly; any other is the nearest that a 64-bit float has. Spaces around it mean nothing. */
export function numberIn(text: string): number | string {
  const written = text.trim();
  const number = NUMBER.test(written) ? Number(written) : Number.NaN;
  if (!Number.isFinite(number)) return text;
  const mayBeRounded = WHOLE.test(written) && !Number.isSafeInteger(number);
  return mayBeRounded && BigInt(written.replace('+', '')) !== BigInt(number) ? text : number;
}

/** @returns what is wrong with a number that is written for people, and how it is to be written; undefined for other texts. */
export function numberFault(text: string): string | undefined {
  const written = text.trim();
  if (written.length > LONGEST_SHOWN) return undefined;
  const shown = JSON.stringify(text);
  const withPoint = written.replace(',', '.');
  if (ONE_COMMA_OF_TWO_MEANINGS.test(written))
    return `${shown} has a comma; write ${written.replace(',', '')} if it parts thousands, else ${withPoint}`;
  if (DECIMAL_COMMA.test(written)) return `${shown} has a decimal comma; write ${withPoint}`;
  if (COMMAS_BETWEEN_THOUSANDS.test(written))
    return `${shown} has its thousands apart; write ${written.replaceAll(',', '')}`;
  if (POINTS_BETWEEN_THOUSANDS.test(written))
    return `${shown} has its thousands apart; write ${written.replaceAll('.', '').replace(',', '.')}`;
  if (OTHERS_BETWEEN_THOUSANDS.test(written))
    return `${shown} has its thousands apart; write ${withPoint.replaceAll(/['’\s]/g, '')}`;
  return undefined;
}

/** @returns what is wrong with a number of a file with decimal commas, if its point may part thousands. */
export function unclearPoint(text: string): string | undefined {
  const written = text.trim();
  if (!ONE_POINT_OF_TWO_MEANINGS.test(written)) return undefined;
  return `${JSON.stringify(text)} has a point, and other numbers of the file have a decimal comma; write ${written.replace('.', '')} if it parts thousands, else ${Number(written)}`;
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

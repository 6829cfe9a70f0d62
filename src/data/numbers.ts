/** Reads the numbers of a file. A number that JavaScript cannot hold without a loss stays a text. */

const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;
const WHOLE = /^[+-]?\d+$/;
/** An SQL pattern for numbers whose comma must be a decimal comma. That of `1,440` may separate thousands. */
export const SURE_DECIMAL_COMMA = String.raw`\s*[+-]?(?:\d+,(?:\d{1,2}|\d{4,})|0\d*,\d+|\d{4,},\d+|\d{1,3}(?:\.\d{3})+,\d+)\s*`;
const LONGEST_SHOWN = 40;
const ONE_COMMA_OF_TWO_MEANINGS = /^[+-]?[1-9]\d{0,2},\d{3}$/;
const ONE_POINT_OF_TWO_MEANINGS = /^[+-]?[1-9]\d{0,2}\.\d{3}$/;
const DECIMAL_COMMA = /^[+-]?(?:\d+,\d*|,\d+)(?:e[+-]?\d+)?$/i;
const COMMAS_BETWEEN_THOUSANDS = /^[+-]?\d{1,3}(?:,\d{3})+(?:\.\d*)?$/;
const POINTS_BETWEEN_THOUSANDS = /^[+-]?\d{1,3}(?:\.\d{3})+(?:,\d*)?$/;
/** Thousands separated by apostrophes, or by spaces of any width. */
const OTHERS_BETWEEN_THOUSANDS = /^[+-]?\d{1,3}(?:['’\s]\d{3})+(?:[.,]\d*)?$/;

/**
 * Reads a number. A whole number must fit exactly; any other becomes the nearest 64-bit float. Spaces around it are
 * ignored.
 *
 * @returns the text as it is, if it is no such number.
 */
export function numberIn(text: string): number | string {
  const written = text.trim();
  const number = NUMBER.test(written) ? Number(written) : Number.NaN;
  if (!Number.isFinite(number)) return text;
  const mayBeRounded = WHOLE.test(written) && !Number.isSafeInteger(number);
  return mayBeRounded && BigInt(written.replace('+', '')) !== BigInt(number) ? text : number;
}

/**
 * @returns the fault of a number in another notation, such as `1,44`, and how to write it; undefined for other texts.
 */
export function numberFault(text: string): string | undefined {
  const written = text.trim();
  if (written.length > LONGEST_SHOWN) return undefined;
  const shown = JSON.stringify(text);
  const withPoint = written.replace(',', '.');
  if (ONE_COMMA_OF_TWO_MEANINGS.test(written))
    return `${shown} has a comma; write ${written.replace(',', '')} if it separates thousands, else ${withPoint}`;
  if (DECIMAL_COMMA.test(written)) return `${shown} has a decimal comma; write ${withPoint}`;
  if (COMMAS_BETWEEN_THOUSANDS.test(written))
    return `${shown} has separators between thousands; write ${written.replaceAll(',', '')}`;
  if (POINTS_BETWEEN_THOUSANDS.test(written))
    return `${shown} has separators between thousands; write ${written.replaceAll('.', '').replace(',', '.')}`;
  if (OTHERS_BETWEEN_THOUSANDS.test(written))
    return `${shown} has separators between thousands; write ${withPoint.replaceAll(/['’\s]/g, '')}`;
  return undefined;
}

/** @returns the fault of a number such as `1.440` in a file with decimal commas: its point may separate thousands. */
export function unclearPoint(text: string): string | undefined {
  const written = text.trim();
  if (!ONE_POINT_OF_TWO_MEANINGS.test(written)) return undefined;
  return `${JSON.stringify(text)} has a point, and other numbers of the file have a decimal comma; write ${written.replace('.', '')} if it separates thousands, else ${Number(written)}`;
}

export function wholeNumber(value: bigint): number | string {
  const number = Number(value);
  return Number.isFinite(number) && BigInt(number) === value ? number : String(value);
}

/** Reads the text of a DECIMAL. @returns the text as it is, if a 64-bit float does not have all its digits. */
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

/** The significant digits of a number, without zeros at either end. */
function digitsOf(text: string): string {
  const [digits = ''] = text.split('e');
  return digits.replaceAll(/[-.]/g, '').replace(/^0+/, '').replace(/0+$/, '');
}

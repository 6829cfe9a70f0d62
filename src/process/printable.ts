/**
 * Text that came from a file, such as the name of a tensor, on its way to a terminal. What a terminal would obey instead
 * of showing is shown as an escape: control characters, those that turn the direction of what follows, and those that
 * nobody sees.
 */

/** Control and format characters, halves of a character, line ends of Unicode, and what no font shows. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

const ESCAPE = '\\u';

/** In one line: of a line end, an escape too. */
export function printable(text: string): string {
  return text.replaceAll(UNPRINTABLE, (character) => escaped(character, ESCAPE));
}

/**
 * Text of several lines, which stay lines.
 *
 * @param prefix what stands before the digits. By default as in JSON: a text that is JSON means the same as before.
 */
export function printableLines(text: string, prefix = ESCAPE): string {
  return text.replaceAll(UNPRINTABLE, (character) =>
    character === '\n' ? character : escaped(character, prefix),
  );
}

function escaped(character: string, prefix: string): string {
  return character
    .split('')
    .map((unit) => `${prefix}${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
}

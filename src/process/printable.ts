/**
 * Makes text from a file, such as the name of a tensor, safe to print on a terminal. Characters that a terminal obeys
 * instead of showing become escapes: control characters, changes of the writing direction, and invisible characters.
 */

/** Control and format characters, lone surrogates, Unicode's line ends, and characters that no font shows. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

const ESCAPE = '\\u';

/** Text in one line: a line end becomes an escape, too. */
export function printable(text: string): string {
  return text.replaceAll(UNPRINTABLE, (character) => escaped(character, ESCAPE));
}

/**
 * Text of several lines. They stay lines.
 *
 * @param prefix stands before the digits. The default is JSON's, so that JSON text keeps its meaning.
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

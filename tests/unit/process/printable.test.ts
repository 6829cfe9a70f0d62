/** Text from files on its way to a terminal. */
import { expect, test } from 'vitest';
import { printable, printableLines } from '../../../src/process/printable.ts';

const HOSTILE = 'a\u001b[31mred\u009b2J\u202edrawkcab\u200b\ufeff\u2028\u007f\r\u{e0041}\ud800z';
const SHOWN =
  'a\\u001b[31mred\\u009b2J\\u202edrawkcab\\u200b\\ufeff\\u2028\\u007f\\u000d\\udb40\\udc41\\ud800z';

test('control characters and invisible characters are shown as escapes', () => {
  expect(printable(`${HOSTILE}\n`)).toBe(`${SHOWN}\\u000a`);
  expect(printableLines(`${HOSTILE}\n`)).toBe(`${SHOWN}\n`);
});

test('letters of all scripts stay as they are', () => {
  const text = 'Größe, 長さ, длина, طول, 🚕';
  expect(printable(text)).toBe(text);
});

test('a JSON text stays the same text', () => {
  expect(JSON.parse(printableLines(JSON.stringify({ name: HOSTILE })))).toEqual({ name: HOSTILE });
});

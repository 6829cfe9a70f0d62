/** Text from files on its way to a terminal. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { printable, printableLines } from '../../../src/process/printable.ts';

const HOSTILE = 'a\u001b[31mred\u009b2J\u202edrawkcab\u200b\ufeff\u2028\u007f\r\u{e0041}\ud800z';
const SHOWN =
  'a\\u001b[31mred\\u009b2J\\u202edrawkcab\\u200b\\ufeff\\u2028\\u007f\\u000d\\udb40\\udc41\\ud800z';

test('what a terminal would obey, and what nobody sees, is shown as an escape', () => {
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

test.each(['json', 'pretty'])('a log that is %s has no character that a terminal obeys', (logFormat) => {
  const script = `
    import { createLog } from ${JSON.stringify(join(import.meta.dirname, '../../../src/process/log.ts'))};
    const name = JSON.parse(process.argv[1]);
    const log = createLog({ logLevel: 'info', logFormat: '${logFormat}' }, 'test');
    log.info({ name, err: new Error(name) }, 'a name');`;
  const args = ['--input-type=module', '--eval', script, JSON.stringify(HOSTILE)];
  const { stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  expect(stdout).toContain('a name');
  expect(stdout).toContain('u009b2J');
  expect(printableLines(stdout)).toBe(stdout);
  if (logFormat === 'json') expect(JSON.parse(stdout)).toMatchObject({ name: HOSTILE });
});

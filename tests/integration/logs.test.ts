/** How a process logs texts from clients, and logins. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { printableLines } from '../../src/process/printable.ts';

const HOSTILE = 'a\u001b[31mred\u009b2J\u202edrawkcab\u200b\ufeff\u2028\u007f\r\u{e0041}\ud800z';

test.each(['json', 'pretty'])(
  'a log in the format %s has no control characters for a terminal',
  (logFormat) => {
    const script = `
    import { createLog } from ${JSON.stringify(join(import.meta.dirname, '../../src/process/log.ts'))};
    const name = JSON.parse(process.argv[1]);
    const log = createLog({ logLevel: 'info', logFormat: '${logFormat}' }, 'test');
    log.info({ name, err: new Error(name) }, 'a name');`;
    const args = ['--input-type=module', '--eval', script, JSON.stringify(HOSTILE)];
    const { stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    expect(stdout).toContain('a name');
    expect(stdout).toContain('u009b2J');
    expect(printableLines(stdout)).toBe(stdout);
    if (logFormat === 'json') expect(JSON.parse(stdout)).toMatchObject({ name: HOSTILE });
  },
);

test('a login is not written, in a line or in the request of an error', () => {
  const script = `
  import { createLog } from ${JSON.stringify(join(import.meta.dirname, '../../src/process/log.ts'))};
  const log = createLog({ logLevel: 'info', logFormat: 'json' }, 'test');
  const request = { url: '/graphql', headers: { authorization: 'Bearer hidden' } };
  log.info({ request, token: 'hidden', err: Object.assign(new Error('refused'), { request, password: 'hidden' }) }, 'a line');`;
  const args = ['--input-type=module', '--eval', script];
  const { stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  expect(stdout).not.toContain('hidden');
  expect(JSON.parse(stdout)).toMatchObject({
    ...{ msg: 'a line', token: '[redacted]' },
    request: { url: '/graphql', headers: { authorization: '[redacted]' } },
    err: { message: 'refused', password: '[redacted]' },
  });
});

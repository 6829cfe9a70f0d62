/** `npm start` that cannot start ends with exit code 78 and the reason. */
import { once } from 'node:events';
import { chown, mkdir, mkdtempDisposable, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { modeOf } from '../support/files.ts';
import { startSystem } from '../support/npmStart.ts';

test('a wrong configuration is named and nothing is started', async () => {
  await using system = await startSystem({ PORT: 'four thousand' });
  expect(await system.exitCode()).toBe(78);
  expect(JSON.parse(system.errors())).toMatchObject({
    level: 60,
    name: 'start',
    msg: 'PORT must be a whole number from 0 to 65535, got "four thousand"',
  });
});

test('all problems are reported at once, one per line, also if LOG_FORMAT itself is wrong', async () => {
  await using system = await startSystem({ PORT: 'http', LOG_FORMAT: 'xml', LOG_LEVEL: 'silent' });
  expect(await system.exitCode()).toBe(78);
  const lines = system.errors().trim().split('\n');
  expect(lines.map((line) => JSON.parse(line).msg)).toEqual([
    expect.stringMatching(/^LOG_FORMAT must be/),
    expect.stringMatching(/^PORT must be/),
  ]);
  await using readable = await startSystem({ PORT: 'http', WORKERS: '0', LOG_FORMAT: '' });
  expect(await readable.exitCode()).toBe(78);
  expect(readable.errors()).toMatch(/FATAL: start: PORT must be[^\n]*\n[^\n]*FATAL: start: WORKERS must be/);
});

test('several gateways need a port to share', async () => {
  await using system = await startSystem({ GATEWAYS: '2' });
  expect(await system.exitCode()).toBe(78);
  expect(system.errors()).toContain('PORT must name the port that 2 gateways share');
});

test('a taken port stops everything and is named', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const address = taken.address();
  const port = typeof address === 'object' ? String(address?.port) : '';
  await using system = await startSystem({ PORT: port });
  expect(await system.exitCode()).toBe(78);
  expect(system.errors()).toContain(`PORT must be free, got ${port}, which another program has taken`);
  taken.close();
});

test('a data folder with other files that other users can read is refused', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'tidings-start-'));
  const home = join(folder.path, 'home');
  await mkdir(home);
  await writeFile(join(home, 'letters.txt'), '');
  await using refused = await startSystem({ DATA_DIR: home });
  expect(await refused.exitCode()).toBe(78);
  expect(refused.errors()).toContain('which holds other files and has mode 0755');
  expect(await modeOf(home)).toBe('755');
});

test.runIf(process.getuid?.() === 0)('a data folder of another user is refused', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'tidings-start-'));
  const dataDir = join(folder.path, 'data');
  await mkdir(dataDir, { mode: 0o700 });
  await chown(dataDir, 65_534, 65_534);
  await using system = await startSystem({ DATA_DIR: dataDir });
  expect(await system.exitCode()).toBe(78);
  expect(system.errors()).toContain('DATA_DIR must belong to the user who runs Tidings (0)');
});

test('streams that do not fit on the disk stop the start, with the sum and the size of the disk', async () => {
  await using system = await startSystem({ RESULT_MAX_BYTES: String(10 ** 15) });
  expect(await system.exitCode()).toBe(78);
  // The results, the results of row batches (half of that), request records (a quarter), and small streams.
  expect(system.errors()).toMatch(
    /room for 16298\d\d GiB, which the streams reserve, got [\d.]+ GiB: lower RESULT_MAX_BYTES, /,
  );
});

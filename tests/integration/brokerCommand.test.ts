/** `npm run broker -- keys`: the files that it makes. What `provision` does is in roleSystem.test.ts. */
import { execFile } from 'node:child_process';
import { mkdtempDisposable, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { BROKER_ROLES } from '../../src/broker/roles.ts';
import { modeOf } from '../support/files.ts';
import { ROOT } from '../support/processes.ts';

const run = promisify(execFile);

async function broker(...args: readonly string[]) {
  return run(process.execPath, ['src/cli/broker.ts', ...args], { cwd: ROOT }).then(
    ({ stdout }) => ({ code: 0, stdout, stderr: '' }),
    ({ code, stdout, stderr }) => ({ code, stdout, stderr: String(stderr) }),
  );
}

test('keys makes one private file for each role, keeps it the next time, and puts no seed into roles.conf', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'tidings-keys-'));
  const keys = join(folder.path, 'keys');
  const seeds = () => Promise.all(BROKER_ROLES.map((role) => readFile(join(keys, `${role}.nk`), 'utf8')));
  expect((await broker('keys', keys)).code).toBe(0);
  expect(await readdir(keys)).toEqual([...BROKER_ROLES.map((role) => `${role}.nk`), 'roles.conf'].toSorted());
  for (const role of BROKER_ROLES) expect(await modeOf(join(keys, `${role}.nk`))).toBe('600');
  const [before, roles] = [await seeds(), await readFile(join(keys, 'roles.conf'), 'utf8')];
  expect(new Set(before).size).toBe(BROKER_ROLES.length);
  for (const seed of before) expect(roles).not.toContain(seed.trim());

  expect((await broker('keys', keys)).stdout).not.toContain('made');
  expect(await seeds()).toEqual(before);
  expect(await readFile(join(keys, 'roles.conf'), 'utf8')).toBe(roles);
});

test('keys ends with 78 if a key that is there is damaged, and leaves it as it is', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'tidings-keys-'));
  const file = join(folder.path, 'worker.nk');
  await writeFile(file, 'SUDAMAGED\n');
  expect(await broker('keys', folder.path)).toMatchObject({
    code: 78,
    stderr: expect.stringContaining('worker.nk must hold the seed of an nkey'),
  });
  expect(await readFile(file, 'utf8')).toBe('SUDAMAGED\n');
});

test.each([
  [['keys'], 'expected provision, or keys and a folder, got keys'],
  [['keys', 'a', 'b'], 'got keys a b'],
  [['provision', 'now'], 'got provision now'],
  [[], 'got nothing'],
])('the command line %j is refused with 2', async (args, problem) => {
  expect(await broker(...args)).toMatchObject({ code: 2, stderr: expect.stringContaining(problem) });
});

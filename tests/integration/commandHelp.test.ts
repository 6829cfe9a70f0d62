/** The help of each command, and its answer to a wrong command line. */
import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const COMMANDS = {
  key: 'src/cli/key.ts',
  model: 'src/cli/model.ts',
  data: 'src/cli/data.ts',
  score: 'src/cli/score.ts',
  train: 'src/cli/train.ts',
  schema: 'src/cli/schema.ts',
  broker: 'src/cli/broker.ts',
  chaos: 'tests/chaos/main.ts',
  bench: 'tests/bench/main.ts',
};
const run = promisify(execFile);

test.concurrent.each(Object.entries(COMMANDS))(
  'npm run %s -- -h prints its usage and ends with 0',
  async (name, file) => {
    for (const args of name === 'model' ? [['--help'], ['add', '-h']] : [['-h']]) {
      const { stdout, stderr } = await run(process.execPath, [file, ...args], { cwd: ROOT });
      expect(stdout).toMatch(new RegExp(`^usage: npm run ${name}`));
      expect(stderr).toBe('');
    }
  },
);

test.concurrent.each(['schema', 'broker', 'chaos', 'bench'] as const)(
  'npm run %s refuses an unknown option, prints the known ones and ends with 2',
  async (name) => {
    const { code, stderr } = await refused(COMMANDS[name], ['--nope']);
    expect(code).toBe(2);
    expect(stderr).toMatch(new RegExp(`^${name}: Unknown option '--nope'\nusage: npm run ${name}`));
    expect(stderr).toContain('-h, --help');
    expect(stderr).not.toContain('    at ');
  },
);

test('npm run schema writes nothing if it prints its usage or refuses an argument', async () => {
  const file = join(ROOT, 'schema/schema.graphql');
  const before = await stat(file);
  await run(process.execPath, [COMMANDS.schema, '-h'], { cwd: ROOT });
  expect(await refused(COMMANDS.schema, ['x'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('schema: expected no argument, got x\nusage: npm run schema'),
  });
  expect((await stat(file)).mtimeMs).toBe(before.mtimeMs);
});

test('npm run train without -- before its options says that npm has taken them', async () => {
  const env = { ...process.env, npm_lifecycle_event: 'train', npm_config_train: 'true' };
  const { code, stderr } = await refused(COMMANDS.train, ['trip-duration', 'trips.parquet'], env);
  expect(code).toBe(2);
  expect(stderr).toContain(
    'train: npm needs -- before the options, otherwise it takes them as its own, here --train: npm run train -- <model>',
  );
});

async function refused(file: string, args: readonly string[], env = process.env) {
  const error = await run(process.execPath, [file, ...args], { cwd: ROOT, env }).catch((error) => error);
  return { code: error.code, stderr: String(error.stderr) };
}

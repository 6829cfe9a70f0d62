/** The help of each command. */
import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const COMMANDS = {
  model: 'src/cli/model.ts',
  score: 'src/cli/score.ts',
  train: 'src/cli/train.ts',
  schema: 'src/cli/schema.ts',
  chaos: 'tests/chaos/main.ts',
  bench: 'tests/bench/main.ts',
};
const run = promisify(execFile);

test.concurrent.each(Object.entries(COMMANDS))(
  'npm run %s -- -h prints its usage and ends with 0',
  async (name, file) => {
    for (const option of name === 'model' ? ['-h', '--help'] : ['-h']) {
      const { stdout, stderr } = await run(process.execPath, [file, option], { cwd: ROOT });
      expect(stdout).toMatch(new RegExp(`^usage: npm run ${name}`));
      expect(stderr).toBe('');
    }
  },
);

test('npm run schema refuses an argument, and writes nothing', async () => {
  const file = join(ROOT, 'schema/schema.graphql');
  const before = await stat(file);
  const refused = await run(process.execPath, [COMMANDS.schema, 'x'], { cwd: ROOT }).catch((error) => error);
  expect(refused).toMatchObject({ code: 2, stderr: 'schema: expected no argument, got x\n' });
  expect((await stat(file)).mtimeMs).toBe(before.mtimeMs);
});

/** Checkouts: the one this program stands in, and any other one, made for the time of a comparison. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtempDisposable, readFile, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Revision } from './benchmark.ts';

const ROOT = join(import.meta.dirname, '../..');
const run = promisify(execFile);

/** Named by its commit; one with changes that are not committed says so. */
export async function thisRevision(): Promise<Revision> {
  // Somebody may have the sources without their history.
  const name = await git('describe', '--always', '--dirty').catch(() => 'no git');
  return { name, root: ROOT };
}

/**
 * Checks a revision out into a temporary git worktree. It shares our dependencies if its lock file is ours; otherwise
 * it installs its own.
 *
 * @param name anything that names a commit to git.
 */
export async function checkOut(name: string): Promise<Revision & AsyncDisposable> {
  await using made = new AsyncDisposableStack();
  const folder = made.use(await mkdtempDisposable(join(tmpdir(), 'tidings-revision-')));
  const root = join(folder.path, 'tidings');
  await git('worktree', 'add', '--detach', root, name);
  made.defer(async () => void (await git('worktree', 'remove', '--force', root)));
  await symlink(join(ROOT, '.cache'), join(root, '.cache'));
  if ((await lockFile(root)) === (await lockFile(ROOT))) {
    await symlink(join(ROOT, 'node_modules'), join(root, 'node_modules'));
  } else {
    const { stderr } = await run(process.execPath, ['setup.js', 'test'], { cwd: root });
    if (!existsSync(join(root, 'node_modules'))) throw new Error(`${name} could not be set up: ${stderr}`);
  }
  const removing = made.move();
  return { name, root, [Symbol.asyncDispose]: () => removing.disposeAsync() };
}

async function git(...args: readonly string[]): Promise<string> {
  return (await run('git', args, { cwd: ROOT })).stdout.trim();
}

function lockFile(root: string): Promise<string> {
  return readFile(join(root, 'package-lock.json'), 'utf8');
}

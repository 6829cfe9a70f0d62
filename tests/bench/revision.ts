/** Checkouts: the one that this program belongs to, and a temporary one of another revision for a comparison. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtempDisposable, readFile, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Revision } from './benchmark.ts';

const ROOT = join(import.meta.dirname, '../..');
const SERVERS = join(ROOT, '.cache/nats-server');
const run = promisify(execFile);

/** This checkout, named by its commit. The name also says if there are uncommitted changes. */
export async function thisRevision(): Promise<Revision> {
  // The sources may be there without their git history.
  const name = await git('describe', '--always', '--dirty').catch(() => 'no git');
  return { name, root: ROOT };
}

/**
 * Checks a revision out into a temporary git worktree. It shares our dependencies if its lock file is the same.
 * Otherwise it installs its own.
 *
 * @param name any name of a commit that git knows.
 * @throws the error of git or of the set-up, if there is no such commit or its set-up fails.
 */
export async function checkOut(name: string): Promise<Revision & AsyncDisposable> {
  await using made = new AsyncDisposableStack();
  const folder = made.use(await mkdtempDisposable(join(tmpdir(), 'tidings-revision-')));
  const root = join(folder.path, 'tidings');
  await git('worktree', 'add', '--detach', root, name);
  made.defer(async () => void (await git('worktree', 'remove', '--force', root)));
  // Not the whole cache: set-up stores in it the path of the checkout's nats-server.
  await mkdir(join(root, '.cache'));
  if (existsSync(SERVERS)) await symlink(SERVERS, join(root, '.cache/nats-server'));
  if ((await lockFile(root)) === (await lockFile(ROOT))) {
    await symlink(join(ROOT, 'node_modules'), join(root, 'node_modules'));
  } else {
    await run(process.execPath, ['setup.js', 'test'], { cwd: root });
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

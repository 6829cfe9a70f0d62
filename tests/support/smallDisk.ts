/** A disk that can really be full: a small tmpfs, which only root can mount. */
import { execFile, spawnSync } from 'node:child_process';
import { appendFileSync, rmSync, statfsSync } from 'node:fs';
import { mkdtemp, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

export interface SmallDisk extends AsyncDisposable {
  readonly path: string;
  /** Leaves no byte free, also of space that others free meanwhile, until `makeRoom`. */
  fill(): void;
  makeRoom(): void;
}

const run = promisify(execFile);
const FILL_EVERY_MS = 10;

/** If it is false, tests of a full disk are skipped. */
export const canMountDisks =
  process.platform === 'linux' &&
  spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0;

export async function mountSmallDisk(sizeMib: number): Promise<SmallDisk> {
  const path = await mkdtemp(join(tmpdir(), 'tidings-disk-'));
  await run('mount', ['-t', 'tmpfs', '-o', `size=${sizeMib}m`, 'tmpfs', path]);
  const ballast = join(path, 'ballast');
  let filling: NodeJS.Timeout | undefined;
  const takeFree = () => {
    const { bavail, bsize } = statfsSync(path);
    try {
      if (bavail > 0) appendFileSync(ballast, Buffer.alloc(bavail * bsize));
    } catch (error) {
      // Another process has just used a part of the space. The next call fills the rest.
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
    }
  };
  return {
    path,
    fill() {
      takeFree();
      filling = setInterval(takeFree, FILL_EVERY_MS);
    },
    makeRoom() {
      clearInterval(filling);
      rmSync(ballast);
    },
    async [Symbol.asyncDispose]() {
      clearInterval(filling);
      // Processes that still write there are ending. The mount is removed when the last file is closed.
      await run('umount', ['--lazy', path]);
      await rmdir(path);
    },
  };
}

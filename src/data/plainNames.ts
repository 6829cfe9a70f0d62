/**
 * Gives files names that DuckDB takes literally. In a path, `*`, `?` and `[` are patterns to DuckDB, a backslash is a
 * separator, and no way to escape them is documented. So each file gets a link in a folder of our own, and the link's
 * name has none of these characters.
 */
import { rmSync } from 'node:fs';
import { mkdtemp, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { messageOf } from '../contract/errors.ts';
import { PlaceFault } from './dataFault.ts';

const SPECIAL = /[*?[\]\\]/;

export class PlainNames implements AsyncDisposable {
  readonly #folder: string;
  readonly #remove = () => rmSync(this.#folder, { recursive: true, force: true });
  #count = 0;

  private constructor(folder: string) {
    this.#folder = folder;
    // A second Ctrl-C ends the process without disposing of anything.
    process.once('exit', this.#remove);
  }

  /** @param base the folder in which ours is made; one that outlives a crash is swept by its owner. */
  static async open(base = tmpdir()): Promise<PlainNames> {
    if (SPECIAL.test(base))
      throw new PlaceFault(
        `the folder for temporary files must have no * ? [ ] \\ in its name, got ${base}: name another one by TMPDIR`,
      );
    const folder = await mkdtemp(join(base, 'tidings-data-')).catch((cause) => {
      throw new PlaceFault(`no temporary folder can be made in ${base}: ${messageOf(cause)}`, { cause });
    });
    return new PlainNames(folder);
  }

  /** Makes a plain name. @param path of a file or folder, absolute or from the working directory. */
  async of(path: string): Promise<string> {
    const name = join(this.#folder, String(this.#count++));
    // The path is not resolved: `link/..` must stay the parent of the link's target.
    await symlink(isAbsolute(path) ? path : `${process.cwd()}/${path}`, name);
    return name;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    process.off('exit', this.#remove);
    this.#remove();
  }
}

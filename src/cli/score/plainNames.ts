/**
 * Names for files that mean these files and nothing else. To DuckDB a `*`, `?` or `[` in a path is a pattern, and a
 * backslash a separator, and what it escapes it does not tell. Links in a folder of our own have none of them.
 */
import { rmSync } from 'node:fs';
import { mkdtemp, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { messageOf } from '../../contract/errors.ts';
import { ScoreError } from './tidings.ts';

const SPECIAL = /[*?[\]\\]/;

export class PlainNames implements AsyncDisposable {
  readonly #folder: string;
  readonly #remove = () => rmSync(this.#folder, { recursive: true, force: true });
  #count = 0;

  private constructor(folder: string) {
    this.#folder = folder;
    // A second Ctrl-C ends the process with nothing disposed of.
    process.once('exit', this.#remove);
  }

  static async open(): Promise<PlainNames> {
    const base = tmpdir();
    if (SPECIAL.test(base))
      throw new ScoreError(
        `the folder for temporary files must have no * ? [ ] \\ in its name, got ${base}: set TMPDIR`,
      );
    const folder = await mkdtemp(join(base, 'tidings-score-')).catch((cause) => {
      throw new ScoreError(`no temporary folder can be made in ${base}: ${messageOf(cause)}`, { cause });
    });
    return new PlainNames(folder);
  }

  /** @param path of a file or folder, absolute or from the working directory. */
  async of(path: string): Promise<string> {
    const name = join(this.#folder, String(this.#count++));
    // Not resolved: `link/..` is the parent of where the link leads.
    await symlink(isAbsolute(path) ? path : `${process.cwd()}/${path}`, name);
    return name;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    process.off('exit', this.#remove);
    this.#remove();
  }
}

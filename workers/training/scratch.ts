/**
 * The folder in which a trainer has the files of the steps that it works on: `scratch` in DATA_DIR, with a folder for each
 * trainer. What a trainer that was killed has left there is removed by the next one of this machine.
 */
import { mkdir, readdir, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { processIsAlive } from '../../src/process/processIsAlive.ts';

export class Scratch implements AsyncDisposable {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async open(dataDir: string): Promise<Scratch> {
    const all = join(resolve(dataDir), 'scratch');
    await mkdir(all, { recursive: true, mode: 0o700 });
    const prefix = `${hostname()}-`;
    for (const name of await readdir(all)) {
      const pid = name.startsWith(prefix) ? Number(name.slice(prefix.length)) : Number.NaN;
      // Folders of other machines may be of trainers that run.
      if (Number.isSafeInteger(pid) && (pid === process.pid || !processIsAlive(pid)))
        await rm(join(all, name), { recursive: true, force: true });
    }
    const own = join(all, `${prefix}${process.pid}`);
    await mkdir(own, { mode: 0o700 });
    return new Scratch(own);
  }

  /** Makes an empty folder. It is removed when it is disposed. */
  async folderFor(name: string): Promise<{ readonly path: string } & AsyncDisposable> {
    const path = join(this.#folder, name);
    const remove = () => rm(path, { recursive: true, force: true, maxRetries: 3 });
    await remove();
    await mkdir(path);
    return { path, [Symbol.asyncDispose]: remove };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/**
 * Tells of changes in folders as far as the operating system does. Its notices are only a hint: there are none of writes
 * that another machine makes to a shared volume, and none behind a link that leads elsewhere. A system may also refuse to
 * watch, when too many folders are watched already. So the caller looks at the folders now and then all the same.
 */
import { type FSWatcher, watch } from 'node:fs';

export class FolderWatch implements Disposable {
  readonly #onChange: () => void;
  #watchers: readonly FSWatcher[] = [];
  /** Whether the operating system watches each of the folders. */
  #isComplete = false;

  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  get isComplete(): boolean {
    return this.#isComplete;
  }

  /**
   * Watches these folders, and no others any more. A folder that was replaced by another one of the same name is watched
   * only after this was called again.
   */
  follow(folders: readonly string[]): void {
    const former = this.#watchers;
    this.#isComplete = true;
    this.#watchers = folders.flatMap((folder) => this.#watch(folder) ?? []);
    // Afterwards, so that no change falls in between.
    for (const watcher of former) watcher.close();
  }

  [Symbol.dispose](): void {
    for (const watcher of this.#watchers) watcher.close();
    this.#watchers = [];
  }

  #watch(folder: string): FSWatcher | undefined {
    try {
      const watcher = watch(folder, { persistent: false }, this.#onChange);
      watcher.on('error', () => {
        this.#isComplete = false;
        watcher.close();
      });
      return watcher;
    } catch {
      this.#isComplete = false;
      return undefined;
    }
  }
}

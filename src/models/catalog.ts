/**
 * The models of MODELS_DIR and the versions they have now: their folders, and what the registry adds.
 *
 * While there is a listener, the folders are read whenever the operating system tells of a change in them, and every
 * 10 s, because it does not tell of all changes. A change counts once two looks, a second apart, have seen the same
 * files, sizes and times, so a folder that is still being copied is left alone. A version goes only when its folder
 * goes. If a record or a whole volume cannot be read for a moment, its last readable content stays in force.
 */
import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { ConfigurationError, messageOf } from '../contract/errors.ts';
import { readJson } from '../process/jsonFile.ts';
import type { Logger } from '../process/log.ts';
import { filesOfVersion, foldersIn, isVersionName, versionsIn } from './folders.ts';
import { FolderWatch } from './folderWatch.ts';
import type { Manifest } from './manifest.ts';
import { manifestCheck, takenNameProblem } from './manifestCheck.ts';
import type { Model, ModelVersion, UnreadableVersion } from './models.ts';
import { publicReason } from './publicReason.ts';
import { missingRecipe } from './trainingProblem.ts';
import { isMissing, readVersion } from './versionRecord.ts';

/** Between two looks while a change is seen. */
const CHANGE_INTERVAL_MS = 1_000;
const LOOK_INTERVAL_MS = 10_000;

/** Versions of one model that came or went, oldest first. A version whose content changed is in both lists. */
export interface CatalogChange {
  readonly model: Model;
  readonly added: readonly ModelVersion[];
  readonly removed: readonly ModelVersion[];
}

/** Stops watching when disposed. */
type Watching = Disposable;

export class Catalog implements Disposable {
  /** By name; fixed for the process's life. `versions` of each is the present list, as of the last look. */
  readonly models: readonly Model[];
  readonly #modelsDir: string;
  readonly #folders: readonly ModelFolder[];
  readonly #log: Logger;
  readonly #listeners = new Set<(change: CatalogChange) => void>();
  /** Problems that were logged already, so that each is logged once. */
  readonly #told = new Set<string>();
  readonly #watch = new FolderWatch(() => this.#changeTold());
  #timer: NodeJS.Timeout | undefined;
  /** On the clock of `performance.now()`. */
  #lookedAt = performance.now();
  #isLooking = false;
  /** Whether a change was told that no look has followed yet. */
  #isChangeTold = false;

  private constructor(modelsDir: string, folders: readonly ModelFolder[], log: Logger) {
    this.#modelsDir = modelsDir;
    this.#folders = folders;
    this.#log = log;
    this.models = folders.map(({ model }) => model);
  }

  /**
   * Reads every model of a folder. A version that cannot be read is logged by name and left out.
   *
   * @throws {ConfigurationError} naming the file and what is wrong with it; also when there is no model at all, or one
   *   without a version that cannot be trained.
   */
  static async open(modelsDir: string, log: Logger): Promise<Catalog> {
    const names = await foldersIn(modelsDir);
    const checkManifest = await manifestCheck();
    const folders: ModelFolder[] = [];
    for (const name of names.toSorted()) {
      const file = join(modelsDir, name, 'model.json');
      const manifest = checkManifest(await readManifest(file), name, file);
      const problem = missingRecipe(manifest, join(modelsDir, name));
      if (problem !== undefined) log.warn({ model: name, reason: problem }, 'trainings of a model will fail');
      folders.push(await ModelFolder.open(join(modelsDir, name), manifest, log));
    }
    if (folders.length === 0)
      throw new ConfigurationError(`${modelsDir} must hold a folder per model, found none`);
    refuseSharedNames(
      modelsDir,
      folders.map(({ model }) => model.manifest),
    );
    return new Catalog(modelsDir, folders, log);
  }

  /** @param listener is called with each change, once `models` shows it. */
  watch(listener: (change: CatalogChange) => void): Watching {
    this.#listeners.add(listener);
    if (this.#timer === undefined) {
      this.#followFolders();
      // No notice has come of changes since the catalog was opened.
      this.#lookIn(CHANGE_INTERVAL_MS);
    }
    return {
      [Symbol.dispose]: () => {
        this.#listeners.delete(listener);
        if (this.#listeners.size === 0) this[Symbol.dispose]();
      },
    };
  }

  /** The version folder of a model in MODELS_DIR, if it has been read. */
  folderOf(model: string, version: string): ModelVersion | undefined {
    return this.#folderNamed(model)?.known(version);
  }

  /**
   * Sets the versions that the registry adds to a model. Where MODELS_DIR has a folder of the same number, the folder
   * counts.
   */
  setRegistered(model: string, versions: readonly ModelVersion[]): void {
    this.#tell(this.#folderNamed(model)?.setRegistered(versions));
  }

  /** Stops looking, for all listeners. */
  [Symbol.dispose](): void {
    this.#listeners.clear();
    this.#watch[Symbol.dispose]();
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** A copy brings many notices. They lead to one look, and none sooner than a second after the last one. */
  #changeTold(): void {
    if (this.#isChangeTold) return;
    this.#isChangeTold = true;
    if (!this.#isLooking) this.#lookIn(Math.max(0, this.#lookedAt + CHANGE_INTERVAL_MS - performance.now()));
  }

  #lookIn(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#look(), ms).unref();
  }

  async #look(): Promise<void> {
    this.#isLooking = true;
    const isChangeTold = this.#isChangeTold;
    this.#isChangeTold = false;
    // Before the look, so that what changes after it is told.
    if (isChangeTold || !this.#watch.isComplete) this.#followFolders();
    await this.#lookForModels();
    let isSettled = true;
    for (const folder of this.#folders) {
      await this.#lookInto(folder);
      isSettled &&= folder.isSettled;
    }
    this.#lookedAt = performance.now();
    this.#isLooking = false;
    if (this.#listeners.size === 0) return;
    if (!isSettled) this.#followFolders();
    this.#lookIn(isSettled && !this.#isChangeTold ? LOOK_INTERVAL_MS : CHANGE_INTERVAL_MS);
  }

  #followFolders(): void {
    this.#watch.follow([this.#modelsDir, ...this.#folders.flatMap(({ folders }) => folders)]);
  }

  async #lookForModels(): Promise<void> {
    try {
      const served = new Set(this.models.map(({ manifest }) => manifest.name));
      for (const model of await foldersIn(this.#modelsDir)) {
        if (!served.has(model)) this.#warnOnce({ model }, 'a new model: it is served after a restart');
      }
    } catch (error) {
      this.#warnOnce({ reason: messageOf(error) }, 'the models cannot be looked at');
    }
  }

  async #lookInto(folder: ModelFolder): Promise<void> {
    const { model } = folder;
    try {
      this.#tell(await folder.look());
    } catch (error) {
      this.#warnOnce(
        { model: model.manifest.name, reason: messageOf(error) },
        'the versions of a model cannot be looked at: those known are kept',
      );
    }
  }

  #folderNamed(name: string): ModelFolder | undefined {
    return this.#folders.find(({ model }) => model.manifest.name === name);
  }

  #tell(change: CatalogChange | undefined): void {
    if (change !== undefined) for (const listener of [...this.#listeners]) listener(change);
  }

  #warnOnce(fields: object, message: string): void {
    const line = JSON.stringify([fields, message]);
    if (this.#told.has(line)) return;
    this.#told.add(line);
    this.#log.warn(fields, message);
  }
}

/** The files of a version folder with their sizes and times, as text; or why they cannot be read. */
type Stamp = string;

/** The folder of one model, and its content as of the last looks. */
class ModelFolder {
  readonly model: Model & { versions: readonly ModelVersion[]; unreadable: readonly UnreadableVersion[] };
  readonly #path: string;
  readonly #log: Logger;
  /** As of the last look. */
  #seen: ReadonlyMap<string, Stamp> = new Map();
  /** Whether the last two looks have seen the same, or the last one could not see anything. */
  #isSettled = true;
  /** The stamp of each version's files when it was last read. */
  readonly #settled = new Map<string, Stamp>();
  /** Each version as it was last read. */
  readonly #known = new Map<string, ModelVersion>();
  /**
   * Why a version cannot be read now. Each look tries again: a volume may fail for a moment without any change of a
   * file.
   */
  readonly #unreadable = new Map<string, string>();
  /** Versions that are in no folder of MODELS_DIR. */
  #registered: readonly ModelVersion[] = [];
  /** Folders with other names than those of versions, as logged. */
  readonly #misnamed = new Set<string>();

  private constructor(path: string, manifest: Manifest, log: Logger) {
    this.#path = path;
    this.#log = log.child({ model: manifest.name });
    this.model = { manifest, versions: [], unreadable: [] };
  }

  /**
   * @throws {ConfigurationError} if there is no version to serve, or if the manifest names a version that is not there.
   */
  static async open(path: string, manifest: Manifest, log: Logger): Promise<ModelFolder> {
    const folder = new ModelFolder(path, manifest, log);
    folder.#seen = await stampsIn(path);
    await folder.#tellMisnamed();
    const present = [...folder.#seen.keys()];
    if (present.length === 0) return folder.#withoutVersion();
    const problem = missingVersionProblem(manifest, present);
    if (problem !== undefined) throw new ConfigurationError(`${join(path, 'model.json')}: ${problem}`);
    for (const version of present) await folder.#settle(version);
    folder.#show();
    if (folder.model.versions.length === 0)
      throw new ConfigurationError([...folder.#unreadable.values()].join('; '));
    return folder;
  }

  /** Its first version may be one that is trained. @throws {ConfigurationError} if it cannot be. */
  #withoutVersion(): this {
    if (this.model.manifest.training === undefined)
      throw new ConfigurationError(
        `${this.#path} must hold a version folder such as 1/, found none. Only a model with "training" in its model.json may begin without one`,
      );
    this.#log.info('a model has no version yet: trainModel makes its first one');
    return this;
  }

  /** The folders whose content counts: its own, and those of its versions as of the last look. */
  get folders(): readonly string[] {
    return [this.#path, ...[...this.#seen.keys()].map((version) => join(this.#path, version))];
  }

  get isSettled(): boolean {
    return this.#isSettled;
  }

  known(version: string): ModelVersion | undefined {
    return this.#known.get(version);
  }

  setRegistered(versions: readonly ModelVersion[]): CatalogChange | undefined {
    this.#registered = versions;
    return this.#showChange();
  }

  /** @returns the changes that this look and the one before have both seen. @throws if the folder cannot be read. */
  async look(): Promise<CatalogChange | undefined> {
    // What cannot be read now is looked at as seldom as what does not change.
    this.#isSettled = true;
    // A folder without its manifest means that its volume is away, not that its versions are gone.
    await stat(join(this.#path, 'model.json'));
    const before = this.#seen;
    this.#seen = await stampsIn(this.#path);
    await this.#tellMisnamed();
    this.#isSettled = isDeepStrictEqual(this.#seen, before);
    const versions = new Set([...this.#settled.keys(), ...this.#unreadable.keys(), ...this.#seen.keys()]);
    const changed = [...versions].filter((version) => {
      const stamp = this.#seen.get(version);
      const isNews = stamp !== this.#settled.get(version) || this.#unreadable.has(version);
      return isNews && stamp === before.get(version);
    });
    if (changed.length === 0) return undefined;
    for (const version of changed) await this.#settle(version);
    return this.#showChange();
  }

  #showChange(): CatalogChange | undefined {
    const former = this.model.versions;
    this.#show();
    const added = this.model.versions.filter((version) => !former.includes(version));
    const removed = former.filter((version) => !this.model.versions.includes(version));
    return added.length + removed.length > 0 ? { model: this.model, added, removed } : undefined;
  }

  /** Takes a version as it was seen last. If it cannot be read, the log says so, once for each reason. */
  async #settle(version: string): Promise<void> {
    const stamp = this.#seen.get(version);
    if (stamp === undefined) {
      for (const known of [this.#known, this.#unreadable, this.#settled]) known.delete(version);
      return;
    }
    const folder = join(this.#path, version);
    try {
      this.#known.set(version, await readVersion(folder));
      this.#settled.set(version, stamp);
      this.#unreadable.delete(version);
    } catch (error) {
      const reason = messageOf(error);
      if (reason === this.#unreadable.get(version)) return;
      this.#unreadable.set(version, reason);
      if (this.#known.has(version))
        this.#log.error({ version, reason }, 'a version cannot be read any more: what was known of it holds');
      // Not an error: a slow copy may still be under way, and should write it last.
      else if (await isMissing(join(folder, 'version.json')))
        this.#log.info({ version }, 'a version folder without version.json is waited for');
      else this.#log.error({ version, reason }, 'a version that cannot be read is left out');
    }
  }

  /** Updates the model: its versions, and those that cannot be read. */
  #show(): void {
    this.model.versions = this.#chosen();
    this.model.unreadable = [...this.#unreadable]
      .map(([version, reason]) => ({ version, reason: publicReason(reason, dirname(this.#path)) }))
      .toSorted((a, b) => Number(a.version) - Number(b.version));
  }

  /** Folders such as `v8` or `08` are ignored, with a warning. */
  async #tellMisnamed(): Promise<void> {
    for (const name of await foldersIn(this.#path)) {
      if (isVersionName(name) || this.#misnamed.has(name)) continue;
      if (!existsSync(join(this.#path, name, 'version.json'))) continue;
      this.#misnamed.add(name);
      this.#log.warn(
        { folder: name },
        'a folder with a version.json is no version: its name must be a whole number from 1 on, such as 8',
      );
    }
  }

  /** The folders that the manifest chooses, and all versions of the registry whose number no folder has. */
  #chosen(): readonly ModelVersion[] {
    const { versions } = this.model.manifest;
    const known = [...this.#known.values()].toSorted(byNumber);
    const others = this.#registered.filter(({ version }) => !this.#known.has(version));
    const chosen =
      versions === 'all'
        ? known
        : versions === 'latest'
          ? known.slice(-1)
          : known.filter(({ version }) => versions.includes(Number(version)));
    return [...chosen, ...others].toSorted(byNumber);
  }
}

function byNumber(a: ModelVersion, b: ModelVersion): number {
  return Number(a.version) - Number(b.version);
}

/** The version folders of a model, by number. */
async function stampsIn(path: string): Promise<ReadonlyMap<string, Stamp>> {
  const versions = await versionsIn(path);
  return new Map(
    await Promise.all(
      versions.map(async (version) => [version, await stampOf(join(path, version))] as const),
    ),
  );
}

async function stampOf(folder: string): Promise<Stamp> {
  try {
    const names = await filesOfVersion(folder);
    return JSON.stringify(await Promise.all(names.map((name) => stampOfFile(folder, name))));
  } catch (error) {
    return messageOf(error);
  }
}

/**
 * A file whose state cannot be read is part of a stamp, too: an editor's lock file is a link to nowhere. The stamp has
 * the change time because `rsync -t` replaces a file by one of the same size and modification time, and the file's number
 * because a link may lead to a file that was written at the same instant.
 */
async function stampOfFile(folder: string, name: string): Promise<readonly unknown[]> {
  try {
    const { dev, ino, size, mtimeMs, ctimeMs } = await stat(join(folder, name));
    return [name, dev, ino, size, mtimeMs, ctimeMs];
  } catch (error) {
    return [name, messageOf(error)];
  }
}

async function readManifest(file: string): Promise<unknown> {
  if (existsSync(file)) return readJson(file);
  throw new ConfigurationError(
    `${file} must be there: each folder of MODELS_DIR is a model; move away what is none`,
  );
}

/** @returns a version that the manifest names and that is not there; undefined if all are there. */
export function missingVersionProblem(
  { versions }: Manifest,
  present: readonly string[],
): string | undefined {
  if (typeof versions === 'string') return undefined;
  const missing = versions.find((version) => !present.includes(String(version)));
  return missing === undefined
    ? undefined
    : `versions: version ${missing} is to be served, but there is ${present.join(', ')}`;
}

function refuseSharedNames(modelsDir: string, manifests: readonly Manifest[]): void {
  for (const [i, manifest] of manifests.entries()) {
    const problem = takenNameProblem(manifest, manifests.slice(0, i));
    if (problem !== undefined)
      throw new ConfigurationError(`${join(modelsDir, manifest.name, 'model.json')}: ${problem}`);
  }
}

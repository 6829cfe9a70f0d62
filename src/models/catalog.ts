/**
 * The models of MODELS_DIR and the version folders they have now.
 *
 * The folders are looked at every second while somebody watches, instead of being watched by the system: a volume that
 * several machines share tells nobody of what another one wrote. A change counts once two looks in a row have seen the
 * same files, sizes and times, so a folder that is still being copied is left alone. Nothing that cannot be read takes
 * away what is served: of a version whose record was spoilt, and of a volume that is gone for a moment, the last that
 * could be read holds. A version goes with its folder, and with nothing else.
 */
import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ConfigurationError, messageOf } from '../contract/errors.ts';
import { readJson } from '../process/jsonFile.ts';
import type { Logger } from '../process/log.ts';
import { filesOfVersion, foldersIn, isVersionName, versionsIn } from './folders.ts';
import type { Manifest } from './manifest.ts';
import { manifestCheck, takenNameProblem } from './manifestCheck.ts';
import type { Model, ModelVersion, UnreadableVersion } from './models.ts';
import { publicReason } from './publicReason.ts';
import { isMissing, readVersion } from './versionRecord.ts';

const LOOK_INTERVAL_MS = 1_000;

/** Versions of one model that came or went, each oldest first. One whose folder's content changed is in both lists. */
export interface CatalogChange {
  readonly model: Model;
  readonly added: readonly ModelVersion[];
  readonly removed: readonly ModelVersion[];
}

/** What stops watching when disposed. */
type Watching = Disposable;

export class Catalog implements Disposable {
  /** By name; fixed for the process's life. `versions` of each is the present list, as of the last look. */
  readonly models: readonly Model[];
  readonly #modelsDir: string;
  readonly #folders: readonly ModelFolder[];
  readonly #log: Logger;
  readonly #listeners = new Set<(change: CatalogChange) => void>();
  /** What the log was told of, so that it is told once. */
  readonly #told = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #looking = false;

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
   *   without a version.
   */
  static async open(modelsDir: string, log: Logger): Promise<Catalog> {
    const names = await foldersIn(modelsDir);
    const checkManifest = await manifestCheck();
    const folders: ModelFolder[] = [];
    for (const name of names.toSorted()) {
      const file = join(modelsDir, name, 'model.json');
      const manifest = checkManifest(await readManifest(file), name, file);
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
    this.#timer ??= setInterval(() => void this.#look(), LOOK_INTERVAL_MS).unref();
    return {
      [Symbol.dispose]: () => {
        this.#listeners.delete(listener);
        if (this.#listeners.size === 0) this[Symbol.dispose]();
      },
    };
  }

  /** Stops looking, for all who watch. */
  [Symbol.dispose](): void {
    this.#listeners.clear();
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** A look that takes longer than the time to the next one is not overtaken by it. */
  async #look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    try {
      await this.#lookForModels();
      for (const folder of this.#folders) await this.#lookInto(folder);
    } finally {
      this.#looking = false;
    }
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
      const change = await folder.look();
      if (change !== undefined) for (const listener of [...this.#listeners]) listener(change);
    } catch (error) {
      this.#warnOnce(
        { model: model.manifest.name, reason: messageOf(error) },
        'the versions of a model cannot be looked at: those known are kept',
      );
    }
  }

  #warnOnce(fields: object, message: string): void {
    const line = JSON.stringify([fields, message]);
    if (this.#told.has(line)) return;
    this.#told.add(line);
    this.#log.warn(fields, message);
  }
}

/** A version folder's files with their sizes and times, as text, or why it cannot be looked at. */
type Stamp = string;

/** The folder of one model, and what was seen in it. */
class ModelFolder {
  readonly model: Model & { versions: readonly ModelVersion[]; unreadable: readonly UnreadableVersion[] };
  readonly #path: string;
  readonly #log: Logger;
  /** As of the last look. */
  #seen: ReadonlyMap<string, Stamp> = new Map();
  /** What each version was last read from. */
  readonly #settled = new Map<string, Stamp>();
  /** What was last read of each. */
  readonly #known = new Map<string, ModelVersion>();
  /** Why some cannot be read now. Each look tries again: a volume may fail for a moment without any file changing. */
  readonly #unreadable = new Map<string, string>();
  /** Folders whose names are no version's, as the log was told. */
  readonly #misnamed = new Set<string>();

  private constructor(path: string, manifest: Manifest, log: Logger) {
    this.#path = path;
    this.#log = log.child({ model: manifest.name });
    this.model = { manifest, versions: [], unreadable: [] };
  }

  /** @throws {ConfigurationError} if there is no version to serve, or one is missing that the manifest names. */
  static async open(path: string, manifest: Manifest, log: Logger): Promise<ModelFolder> {
    const folder = new ModelFolder(path, manifest, log);
    folder.#seen = await stampsIn(path);
    await folder.#tellMisnamed();
    const present = [...folder.#seen.keys()];
    if (present.length === 0)
      throw new ConfigurationError(`${path} must hold a version folder such as 1/, found none`);
    const problem = missingVersionProblem(manifest, present);
    if (problem !== undefined) throw new ConfigurationError(`${join(path, 'model.json')}: ${problem}`);
    for (const version of present) await folder.#settle(version);
    folder.#show();
    if (folder.model.versions.length === 0)
      throw new ConfigurationError([...folder.#unreadable.values()].join('; '));
    return folder;
  }

  /** @returns what has changed since the look before, if it was the same in both. @throws if it cannot be read. */
  async look(): Promise<CatalogChange | undefined> {
    // A folder without its manifest is one whose volume is away: it says nothing of its versions.
    await stat(join(this.#path, 'model.json'));
    const before = this.#seen;
    this.#seen = await stampsIn(this.#path);
    await this.#tellMisnamed();
    const versions = new Set([...this.#settled.keys(), ...this.#unreadable.keys(), ...this.#seen.keys()]);
    const changed = [...versions].filter((version) => {
      const stamp = this.#seen.get(version);
      const isNews = stamp !== this.#settled.get(version) || this.#unreadable.has(version);
      return isNews && stamp === before.get(version);
    });
    if (changed.length === 0) return undefined;
    for (const version of changed) await this.#settle(version);
    const former = this.model.versions;
    this.#show();
    const added = this.model.versions.filter((version) => !former.includes(version));
    const removed = former.filter((version) => !this.model.versions.includes(version));
    return added.length + removed.length > 0 ? { model: this.model, added, removed } : undefined;
  }

  /** Takes a version as it was seen last. Of one that cannot be read the log is told, once for each reason. */
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
      // A slow copy brings it last, as it should.
      else if (await isMissing(join(folder, 'version.json')))
        this.#log.info({ version }, 'a version folder without version.json is waited for');
      else this.#log.error({ version, reason }, 'a version that cannot be read is left out');
    }
  }

  /** Has the model show what is known, and what cannot be read. */
  #show(): void {
    this.model.versions = this.#chosen();
    this.model.unreadable = [...this.#unreadable]
      .map(([version, reason]) => ({ version, reason: publicReason(reason, dirname(this.#path)) }))
      .toSorted((a, b) => Number(a.version) - Number(b.version));
  }

  /** Folders such as `v8` or `08` are ignored: a user who expects them to be served shall know. */
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

  #chosen(): readonly ModelVersion[] {
    const { versions } = this.model.manifest;
    const known = [...this.#known.values()].toSorted((a, b) => Number(a.version) - Number(b.version));
    if (versions === 'all') return known;
    return versions === 'latest'
      ? known.slice(-1)
      : known.filter(({ version }) => versions.includes(Number(version)));
  }
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
 * A file that cannot be looked at is part of a stamp like any other: an editor's lock file is a link to nowhere.
 * The time of change tells of a file that was replaced by one of the same size and time of writing, as `rsync -t` does.
 */
async function stampOfFile(folder: string, name: string): Promise<readonly unknown[]> {
  try {
    const { size, mtimeMs, ctimeMs } = await stat(join(folder, name));
    return [name, size, mtimeMs, ctimeMs];
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

/** @returns which version is not there that the manifest names; undefined if all are. */
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

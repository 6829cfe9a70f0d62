/**
 * A model version and the host process that has it loaded, on the parent's side.
 *
 *  loaded    the host answers. If it dies in a run of this version, the run fails with `SessionCrashed`, and the caller
 *            decides what that means. If it dies in other work, runs of this version are repeated, and the caller does
 *            not hear of it. In both cases the version is loaded again at once, in another host.
 *  unloaded  no host has it. The next `hold` loads the version again. Only with `SESSION_LOADING=lazy`.
 *  lost      the version could not be loaded again. This is final.
 *
 * A version is in a shared host, or apart, in one of its own:
 *
 *  apart for good   its file is large or its manifest wants it; it has killed its host twice; or it could not be loaded
 *                   in a shared host.
 *  apart for a time it has killed its host once, or a suspect row runs.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigurationError, messageOf } from '../src/contract/errors.ts';
import type { Manifest } from '../src/models/manifest.ts';
import type { ModelVersion } from '../src/models/models.ts';
import type { Config } from '../src/process/config.ts';
import type { Logger } from '../src/process/log.ts';
import { compareWithGolden, goldenBatches, readGoldenRows } from './golden.ts';
import { type Guest, type Host, HostGone } from './host.ts';
import type { Hosts } from './hosts.ts';
import { type Columns, decodeBatch, encodeBatch } from './runtimes/onnx/encoder.ts';
import { perhapsOfLimit } from './runtimes/onnx/memoryLimit.ts';
import { type Run, SessionCrashed, type SessionProcess } from './runtimes/onnx/sessionProcess.ts';
import type { SessionMemory, Tenant } from './sessionMemory.ts';

export interface SessionOptions {
  readonly manifest: Manifest;
  readonly version: ModelVersion;
  readonly executionProviders: Config['executionProviders'];
  readonly threads: number;
  readonly memory: SessionMemory;
  readonly hosts: Hosts;
  readonly log: Logger;
  /** Aborted when a session that is being opened is not needed any more. A process of its own is ended at once. */
  readonly signal: AbortSignal;
}

/** The session is not loaded any more, and could not be loaded again. */
export class SessionLost extends Error {}

/** The time limit of the first runs is longer, because they are slower than later ones. */
const GOLDEN_RUN_LEAST_MS = 10_000;
/** A larger file is not loaded into a shared host: the other versions would wait long for it. */
const SHARED_MAX_BYTES = 64 * 1024 * 1024;
/** A version that has killed this many hosts never shares one again. */
const KILLS_MAX = 2;
/** How long a version is apart for a time. Suspects of its run come in this time. */
const APART_MS = 60_000;

export interface HoldOptions {
  /** Whether a suspect row runs: in a host of its own, so that no other version has to be loaded again. @default false */
  readonly alone?: boolean;
}

/** A session that stays loaded until this is disposed. */
export interface HeldSession extends Disposable {
  /**
   * Runs one batch. One run at a time.
   *
   * @throws {SessionCrashed} if the process died in this run. The session can be used again.
   * @throws {RunTimedOut} if it took longer than the manifest's `runTimeoutMs`. Nothing else can interrupt a run.
   * @throws {RunFailed} if ONNX Runtime refused the batch.
   * @throws {SessionLost} if the session could not be loaded again after a crash, now or for an earlier run.
   */
  run(columns: Columns): Promise<Run>;
}

/** Where a version is loaded. */
interface Place {
  readonly host: Host;
  /** Its number in the host's process. */
  readonly model: number;
}

export class Session implements AsyncDisposable, Tenant, Guest {
  readonly #options: SessionOptions;
  /** Undefined before it is loaded, after it is unloaded, and while it is loaded again after its host died. */
  #place: Place | undefined;
  /** The host in which it is being loaded, for `signal`. */
  #loadingIn: Host | undefined;
  /** Undefined while unloaded. Rejects if the version cannot be loaded (again). */
  #loaded: Promise<void> | undefined;
  #isClosed = false;
  #executionProvider = '';
  #takesBytes = 0;
  /** The hosts that died in its runs. */
  #kills = 0;
  #isApart: boolean;
  /** Ends being apart for a time. */
  #rejoining: NodeJS.Timeout | undefined;
  #holders = 0;
  #heldUntil = performance.now();
  #released = Promise.withResolvers<void>();
  readonly #lost = Promise.withResolvers<SessionLost>();

  private constructor(options: SessionOptions, isApart: boolean) {
    this.#options = options;
    this.#isApart = isApart;
  }

  /**
   * Checks a version on its golden rows, and loads it.
   *
   * @throws {ConfigurationError} naming the version, if its file is corrupt or has another digest, if its graph
   *   disagrees with the manifest, if it gives other answers than its golden rows, or if it exceeds the memory budget.
   *   The cause is an error without the name.
   */
  static async open(options: SessionOptions): Promise<Session> {
    const { manifest, version, memory, signal } = options;
    const session = new Session(options, manifest.isolation === 'own' || (await isLarge(fileOf(version))));
    const giveUp = () => session.#giveUpLoading();
    signal.addEventListener('abort', giveUp);
    try {
      await memory.admit(session, {
        check: async () => {
          signal.throwIfAborted();
          await session.#checkFirst();
          signal.throwIfAborted();
          return session.#takesBytes;
        },
        load: async () => {
          session.#loaded ??= session.#place === undefined ? session.#load() : Promise.resolve();
          await session.#loaded;
          signal.throwIfAborted();
        },
      });
      return session;
    } catch (cause) {
      const error = session.#explained(cause);
      await session[Symbol.asyncDispose]();
      throw new ConfigurationError(
        `${manifest.name} version ${version.version} is refused: ${messageOf(error)}`,
        { cause: error },
      );
    } finally {
      signal.removeEventListener('abort', giveUp);
    }
  }

  /** The execution provider in use, or the last one if it is not loaded. */
  get executionProvider(): string {
    return this.#executionProvider;
  }

  /** Resolves with the reason once the session is lost. */
  get lost(): Promise<SessionLost> {
    return this.#lost.promise;
  }

  get isLoaded(): boolean {
    return this.#loaded !== undefined;
  }

  get idleSince(): number | undefined {
    return this.#place !== undefined && this.#holders === 0 ? this.#heldUntil : undefined;
  }

  /** The host that its runs share with those of other versions at the moment; undefined if there is none. */
  get sharedHost(): Host | undefined {
    const host = this.#place?.host;
    return host?.kind === 'shared' ? host : undefined;
  }

  get name() {
    const { manifest, version } = this.#options;
    return { model: manifest.name, version: version.version };
  }

  get isNeeded(): boolean {
    return this.#holders > 0;
  }

  /**
   * Resolves once a session that is being loaded is ready; at once if it is not being loaded.
   *
   * @throws {SessionLost} if it could not be loaded again after a crash.
   */
  async started(): Promise<void> {
    await this.#loaded;
  }

  /**
   * Loads the session if it is not loaded, and keeps it loaded until the answer is disposed.
   *
   * @throws {SessionLost} if it cannot be loaded again.
   */
  async hold({ alone = false }: HoldOptions = {}): Promise<HeldSession> {
    this.#holders++;
    let isHeld = true;
    const release = () => {
      if (isHeld) this.#release();
      isHeld = false;
    };
    try {
      if (alone) this.#keepApart();
      this.#loaded ??= this.#loadAgain(() =>
        this.#options.memory.reload(this.#takesBytes, () => this.#load()),
      );
      await this.#loaded;
      if (alone && this.sharedHost !== undefined) await this.#move();
    } catch (error) {
      release();
      throw error;
    }
    return { run: (columns) => this.#run(columns), [Symbol.dispose]: release };
  }

  async unload(): Promise<void> {
    if (this.#place === undefined) return;
    this.#options.log.info(this.name, 'session unloaded');
    this.#loaded = undefined;
    await this.#leave();
  }

  /** Resolves once no caller holds it any more, and a process of its own has ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#holders > 0) await this.#released.promise;
    this.#isClosed = true;
    clearTimeout(this.#rejoining);
    this.#options.memory.forget(this);
    const host = this.#place?.host;
    const left = this.#leave();
    // A host that goes on may be at work for long before it closes the session.
    if (host?.isGone) await left;
  }

  hostDied(host: Host, isCulprit: boolean): void {
    if (isCulprit) {
      this.#kills++;
      this.#keepApart();
    }
    // A version that is being loaded hears of it by the error of that.
    if (this.#place?.host !== host) return;
    this.#place = undefined;
    if (this.#options.memory.lazy && this.#holders === 0) {
      this.#loaded = undefined;
      return;
    }
    this.#loaded = this.#loadAgain(() => this.#load());
    // The next run gets the error.
    this.#loaded.catch(() => {});
  }

  #release(): void {
    this.#heldUntil = performance.now();
    if (--this.#holders > 0) return;
    this.#released.resolve();
    this.#released = Promise.withResolvers();
    this.#options.memory.released();
  }

  async #run(columns: Columns): Promise<Run> {
    const { runTimeoutMs } = this.#options.manifest.limits;
    for (;;) {
      await this.#loaded;
      if (this.#place === undefined) throw new Error('a session that is held is loaded');
      const { host, model } = this.#place;
      try {
        return await host.turn(this, (process) => process.run(model, columns, runTimeoutMs));
      } catch (error) {
        if (!(error instanceof HostGone)) throw error;
      }
    }
  }

  /**
   * Loads it in its own host, where it stays, or only tries it in a trial host.
   *
   * @throws what is wrong with the version.
   */
  async #checkFirst(): Promise<void> {
    if (this.#isApart) return this.#load();
    await this.#options.hosts.trial((host) =>
      this.#loadIn(host, async (process, model) => {
        await process.unload(model);
        this.#options.log.info({ ...this.name, bytes: this.#takesBytes }, 'version checked');
      }),
    );
  }

  /** Loads and checks it in a host that serves, and again in another one if that dies meanwhile. */
  async #load(): Promise<void> {
    for (;;) {
      const host = this.#options.hosts.place(this, this.#isApart ? 'own' : 'shared');
      try {
        await this.#loadIn(host, async ({ pid }, model) => {
          // In the host's turn: from here on its death concerns this version.
          this.#place = { host, model };
          const fields = { executionProvider: this.#executionProvider, bytes: this.#takesBytes, pid };
          this.#options.log.info({ ...this.name, ...fields }, 'session ready');
        });
        return;
      } catch (error) {
        await host.remove(this, undefined);
        if (this.#isClosed) throw error;
        if (error instanceof HostGone) continue;
        if (host.kind === 'own') throw error;
        // It was right in a trial host. Perhaps the shared one has no memory left.
        this.#options.log.warn({ ...this.name, reason: messageOf(error) }, 'a shared host cannot load it');
        this.#keepApart({ forGood: true });
      }
    }
  }

  /** @param then is called in the turn in which it was loaded and predicts right. */
  async #loadIn(host: Host, then: (process: SessionProcess, model: number) => Promise<void>): Promise<void> {
    const { manifest, version, executionProviders, threads, log } = this.#options;
    const load = async (process: SessionProcess) => {
      const { model, bytesBefore, ...loaded } = await process.load({
        file: fileOf(version),
        sha256: version.sha256,
        manifest,
        executionProviders,
        threads,
      });
      this.#executionProvider = loaded.executionProvider;
      for (const reason of loaded.passedOver) log.warn({ reason }, 'execution provider passed over');
      try {
        await this.#check(process, model);
      } catch (error) {
        // A dead process has no session to close.
        await process.unload(model).catch(() => {});
        throw error;
      }
      this.#takesBytes = process.peakBytes - (host.kind === 'own' ? 0 : bytesBefore);
      await then(process, model);
    };
    this.#loadingIn = host;
    try {
      await host.turn(this, load, { inBackground: !this.isNeeded });
    } finally {
      this.#loadingIn = undefined;
    }
  }

  /** Runs the golden rows, alone and as full batches. So each served session predicts right and is warm. */
  async #check(process: SessionProcess, model: number): Promise<void> {
    const { manifest, version } = this.#options;
    const timeoutMs = Math.max(manifest.limits.runTimeoutMs, GOLDEN_RUN_LEAST_MS);
    const golden = await readGoldenRows(manifest, version);
    for (const batch of goldenBatches(manifest, golden)) {
      const rows = batch.map(({ input }) => input);
      const columns = encodeBatch(manifest, rows);
      const { outputs } = await process.run(model, columns, timeoutMs, { measure: true });
      compareWithGolden(batch, decodeBatch(manifest, outputs, rows.length), golden.tolerance);
    }
  }

  async #loadAgain(load: () => Promise<void>): Promise<void> {
    try {
      await load();
    } catch (error) {
      const cause = this.#explained(error);
      const lost = new SessionLost(`the session could not be started again: ${messageOf(cause)}`, { cause });
      // A session that is closed while it is loaded again is not lost.
      if (!this.#isClosed) this.#lost.resolve(lost);
      throw lost;
    }
  }

  /** Lets it be loaded in a host of its own from now on: for a time, or for good. */
  #keepApart({ forGood = this.#kills >= KILLS_MAX } = {}): void {
    const isSoForGood = this.#isApart && this.#rejoining === undefined;
    if (isSoForGood) return;
    this.#isApart = true;
    clearTimeout(this.#rejoining);
    this.#rejoining = forGood ? undefined : setTimeout(() => void this.#rejoin(), APART_MS).unref();
  }

  async #rejoin(): Promise<void> {
    this.#rejoining = undefined;
    this.#isApart = false;
    try {
      await this.#loaded;
      if (this.#place?.host.kind === 'own' && !this.#isApart && !this.#isClosed) await this.#move();
    } catch {
      // The session is lost, and told so.
    }
  }

  /** Loads it in another host, of the kind that it should have now. A run that goes on ends in the former host. */
  #move(): Promise<void> {
    const former = this.#place;
    this.#place = undefined;
    this.#loaded = this.#loadAgain(() => this.#load());
    const leave = () => former?.host.remove(this, former.model);
    void former?.host.turn(this, async () => {}).then(leave, leave);
    return this.#loaded;
  }

  async #leave(): Promise<void> {
    const place = this.#place;
    this.#place = undefined;
    await place?.host.remove(this, place.model);
  }

  #giveUpLoading(): void {
    this.#isClosed = true;
    const host = this.#loadingIn;
    if (host !== undefined && host.kind !== 'shared') void host[Symbol.asyncDispose]();
  }

  /** The explanation for a person when a process dies before the session is ready. */
  #explained(error: unknown): unknown {
    if (!(error instanceof SessionCrashed)) return error;
    return new Error(`${error.message}${perhapsOfLimit(this.#options.hosts.maxMib)}`, { cause: error });
  }
}

function fileOf({ folder }: ModelVersion): string {
  return join(folder, 'model.onnx');
}

/** A file that is missing is refused when it is loaded. */
async function isLarge(file: string): Promise<boolean> {
  const found = await stat(file).catch(() => undefined);
  return found !== undefined && found.size > SHARED_MAX_BYTES;
}

/**
 * A model version and the host process that has it loaded, on the parent's side.
 *
 *  loaded    the host answers. If it dies in a run of this version, the run fails with `SessionCrashed`, and the caller
 *            decides what that means. If it dies in other work, runs of this version are repeated, and the caller does
 *            not hear of it. In both cases the version is loaded again at once, in another host.
 *  unloaded  no host has it. The next `hold` loads the version again. Only with `SESSION_LOADING=lazy`.
 *  lost      the version could not be loaded again. This is final.
 */
import { ConfigurationError, messageOf } from '../src/contract/errors.ts';
import type { ModelVersion } from '../src/models/models.ts';
import type { Config } from '../src/process/config.ts';
import type { Guest, Host } from './host.ts';
import type { Hosts } from './hosts.ts';
import { Isolation } from './isolation.ts';
import { bytesOf, type LoadOptions, loadVersion } from './loadVersion.ts';
import { afterDeath } from './runtimes/memoryLimit.ts';
import type { ReadOutputs, StartChild } from './runtimes/modelChild.ts';
import type { GivenColumns } from './runtimes/onnx/encoder.ts';
import { prepare } from './runtimes/prepare.ts';
import { NotBegun, type Run, SessionCrashed, type SessionProcess } from './runtimes/sessionProcess.ts';
import type { SessionMemory, Tenant } from './sessionMemory.ts';
import type { WorkerEvents } from './workerEvents.ts';

export interface SessionOptions extends LoadOptions, Pick<Config, 'cudaVisibleDevices'> {
  readonly memory: SessionMemory;
  readonly hosts: Hosts;
  readonly events: Pick<WorkerEvents, 'emit'>;
  /** Aborted when a session that is being opened is not needed any more. A process of its own is ended at once. */
  readonly signal: AbortSignal;
}

/** The session is not loaded any more, and could not be loaded again. */
export class SessionLost extends Error {}

/** A version of larger files is not loaded into a shared host: the other versions would wait long for it. */
const SHARED_MAX_BYTES = 64 * 1024 * 1024;
/** How often a version that has served before is loaded again, if processes die meanwhile. */
const LOAD_TRIES = 3;

export interface HoldOptions {
  /** Whether the run may hang or kill its host: then it has one of its own, and harms no other version. @default false */
  readonly alone?: boolean;
}

/** A session that stays loaded until this is disposed. */
export interface HeldSession extends Disposable {
  /**
   * Runs one batch.
   *
   * @param how.ahead whether it is handed over before the present run of this session is over, and begins after it.
   *   Otherwise one run at a time.
   * @throws {SessionCrashed} if the process died in this run. The session can be used again.
   * @throws {RunTimedOut} if it took longer than the manifest's `runTimeoutMs`. Nothing else can interrupt a run.
   * @throws {RunFailed} if the model refused the batch. @throws {RangeError} if its answer cannot be taken.
   * @throws {SessionLost} if the session could not be loaded again after a crash, now or for an earlier run.
   */
  run(columns: GivenColumns, how?: RunOptions): Promise<Run>;
}

export interface RunOptions {
  readonly ahead: boolean;
  /** Called with outputs that a version gives before its run is over. */
  readonly onPartial?: ((read: ReadOutputs) => void) | undefined;
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
  /** How its process is started for the first time, if it is code. */
  #prepared: StartChild | undefined;
  /** The host in which it is being loaded, for `signal`. */
  #loadingIn: Host | undefined;
  /** Undefined while unloaded. Rejects if the version cannot be loaded (again). */
  #loaded: Promise<void> | undefined;
  #isClosed = false;
  #executionProvider = '';
  #environment: string | undefined;
  #deviceMib: number | undefined;
  /** What its host grew by when it was loaded and checked last; of a host of its own, everything. */
  #takesBytes = 0;
  readonly #isolation: Isolation;
  #holders = 0;
  #heldUntil = performance.now();
  #released = Promise.withResolvers<void>();
  readonly #lost = Promise.withResolvers<SessionLost>();

  private constructor(options: SessionOptions, forGood: boolean) {
    this.#options = options;
    this.#isolation = new Isolation({ forGood, onEnd: () => void this.#rejoin() });
  }

  /**
   * Checks a version on its golden rows, and loads it.
   *
   * @throws {ConfigurationError} naming the version, if its file is corrupt or has another digest, if its graph
   *   disagrees with the manifest, if it gives other answers than its golden rows, or if it exceeds the memory budget.
   *   The cause is an error without the name.
   */
  static async open(options: SessionOptions): Promise<Session> {
    const { manifest, version, memory, hosts, signal } = options;
    const wantsOwn = hosts.isolates || manifest.isolation === 'own' || version.code !== undefined;
    const session = new Session(options, wantsOwn || (await isLarge(version)));
    const openedAt = performance.now();
    const giveUp = () => session.#giveUpLoading();
    signal.addEventListener('abort', giveUp);
    try {
      // Before its turn: packages may take minutes to install, and other versions shall not wait for that.
      session.#prepared = await session.#prepare(signal);
      await memory.admit(session, {
        check: async () => {
          signal.throwIfAborted();
          await session.#checkFirst();
          signal.throwIfAborted();
          return session.#takesBytes;
        },
        load: async () => {
          // With a budget, the peak of all golden rows counts in the host that serves, too.
          session.#loaded ??=
            session.#place === undefined ? session.#load({ isProven: !memory.isLimited }) : Promise.resolve();
          await session.#loaded;
          signal.throwIfAborted();
        },
      });
      session.#tellLoaded(openedAt);
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

  /** What a version that is code runs in, in words. */
  get environment(): string | undefined {
    return this.#environment;
  }

  /** The memory of the GPU that it took when it was loaded last, about; undefined without a GPU. */
  get deviceMib(): number | undefined {
    return this.#deviceMib;
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
      if (alone) this.#isolation.keepForATime();
      this.#loaded ??= this.#loadAgain(() =>
        this.#options.memory.reload(this.#takesBytes, () => this.#load()),
      );
      await this.#loaded;
      if (alone && this.sharedHost !== undefined) await this.#move();
    } catch (error) {
      release();
      throw error;
    }
    return {
      run: (columns, how = { ahead: false }) => this.#run(columns, how),
      [Symbol.dispose]: release,
    };
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
    this.#isolation[Symbol.dispose]();
    this.#options.memory.forget(this);
    const host = this.#place?.host;
    const left = this.#leave();
    // A host that goes on may be at work for long before it closes the session.
    if (host?.isGone) await left;
  }

  hostDied(host: Host, isCulprit: boolean): void {
    if (isCulprit) this.#isolation.addKill();
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
    this.#options.memory.review();
  }

  async #run(columns: GivenColumns, { ahead, onPartial }: RunOptions): Promise<Run> {
    const { runTimeoutMs } = this.#options.manifest.limits;
    for (;;) {
      const { host, model } = await this.#present();
      try {
        const run = (process: SessionProcess) => process.run(model, columns, runTimeoutMs, { onPartial });
        return await host.turn(this, run, { ahead });
      } catch (error) {
        if (!(error instanceof NotBegun)) throw error;
      }
    }
  }

  /** Where it is loaded, once it is. Its host may die in the very step in which it was loaded there. */
  async #present(): Promise<Place> {
    for (let awaited: Promise<void> | undefined; awaited !== this.#loaded; ) {
      awaited = this.#loaded;
      await awaited;
    }
    if (this.#place === undefined) throw new Error('a session that is held is loaded');
    return this.#place;
  }

  /**
   * Loads it in its own host, where it stays, or tries it in a trial host. There it stays if the host can become a shared
   * one.
   *
   * @throws what is wrong with the version.
   */
  async #checkFirst(): Promise<void> {
    if (this.#isolation.isOn) return this.#load();
    const { hosts, memory } = this.#options;
    await hosts.trial(async (host, isNew) => {
      const model = await this.#loadIn(host);
      // With lazy loading it would leave at once, and end the process that can try the next version.
      if (isNew && !memory.lazy && hosts.keepTried(host, this)) this.#stay({ host, model });
      else await host.remove(this, model);
    });
  }

  /**
   * Loads and checks it in a host that serves, and again in another one if that dies meanwhile.
   *
   * @param options.isProven whether a trial host has just proven that it predicts right. Then one run warms it up.
   */
  async #load({ isProven = false } = {}): Promise<void> {
    for (;;) {
      const start = this.#prepared ?? (await this.#prepare());
      this.#prepared = undefined;
      const host = this.#options.hosts.place(this, this.#isolation.isOn ? 'own' : 'shared', start);
      try {
        await this.#loadIn(host, isProven);
        break;
      } catch (error) {
        await host.remove(this, undefined);
        if (this.#isClosed) throw error;
        if (error instanceof NotBegun) continue;
        if (host.kind === 'own') throw error;
        // It was right in a trial host. Perhaps the shared one has no memory left.
        this.#options.log.warn({ ...this.name, reason: messageOf(error) }, 'a shared host cannot load it');
        this.#isolation.keepForGood();
      }
    }
    if (this.#isClosed) await this.#leave();
  }

  /** @param signal gives up the installation of packages. */
  #prepare(signal?: AbortSignal): Promise<StartChild | undefined> {
    const { version, hosts, ...options } = this.#options;
    return prepare(version, { ...options, maxMib: hosts.maxMib, signal });
  }

  /** @returns its number in the host. */
  async #loadIn(host: Host, onlyFullBatches = false): Promise<number> {
    this.#loadingIn = host;
    const load = async (process: SessionProcess) => {
      const loaded = await loadVersion(process, this.#options, { onlyFullBatches });
      const { model, executionProvider, environment, bytesBefore, deviceMib } = loaded;
      this.#executionProvider = executionProvider;
      this.#environment = environment;
      this.#deviceMib = deviceMib;
      this.#takesBytes = process.peakBytes - (host.kind === 'own' ? 0 : bytesBefore);
      // In the host's turn: from here on its death concerns this version.
      if (host.kind !== 'trial') this.#stay({ host, model });
      return model;
    };
    try {
      return await host.turn(this, load, { inBackground: !this.isNeeded });
    } finally {
      this.#loadingIn = undefined;
    }
  }

  #stay(place: Place): void {
    this.#place = place;
    const { name, executionProvider, environment } = this;
    const [bytes, deviceMib] = [this.#takesBytes, this.#deviceMib];
    const fields = { executionProvider, environment, bytes, deviceMib, pid: place.host.pid };
    this.#options.log.info({ ...name, ...fields }, 'session ready');
  }

  /** It has served before, so a process that dies while it loads need not have died of it. */
  async #tryToLoad(load: () => Promise<void>): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        return await load();
      } catch (error) {
        if (!(error instanceof SessionCrashed) || this.#isClosed || tries === LOAD_TRIES) throw error;
      }
    }
  }

  async #loadAgain(load: () => Promise<void>): Promise<void> {
    const beganAt = performance.now();
    try {
      await this.#tryToLoad(load);
      this.#tellLoaded(beganAt);
    } catch (error) {
      const cause = this.#explained(error);
      const lost = new SessionLost(`the session could not be started again: ${messageOf(cause)}`, { cause });
      // A session that is closed while it is loaded again is not lost.
      if (!this.#isClosed) this.#lost.resolve(lost);
      throw lost;
    }
  }

  async #rejoin(): Promise<void> {
    try {
      await this.#loaded;
      if (this.#place?.host.kind === 'own' && !this.#isolation.isOn && !this.#isClosed) await this.#move();
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

  #tellLoaded(beganAt: number): void {
    this.#options.events.emit('loaded', { ...this.name, tookMs: performance.now() - beganAt });
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
    const more = afterDeath(error.said, this.#options.hosts.maxMib);
    return new Error(`${error.message}${more}`, { cause: error });
  }
}

/** A file that is missing is refused when it is loaded. */
async function isLarge(version: ModelVersion): Promise<boolean> {
  const bytes = await bytesOf(version).catch(() => 0);
  return bytes > SHARED_MAX_BYTES;
}

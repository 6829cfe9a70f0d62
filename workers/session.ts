/**
 * A model version and the process that has it loaded, on the parent's side.
 *
 *  loaded    the process answers. If it crashes, its present run fails with `SessionCrashed`, and the caller decides
 *            what that means. The process is started again at once.
 *  unloaded  there is no process. The next `hold` loads the version again. Only with `SESSION_LOADING=lazy`.
 *  lost      the version could not be loaded again. This is final.
 */
import { join } from 'node:path';
import { ConfigurationError, messageOf } from '../src/contract/errors.ts';
import type { Manifest } from '../src/models/manifest.ts';
import type { ModelVersion } from '../src/models/models.ts';
import type { Config } from '../src/process/config.ts';
import type { Logger } from '../src/process/log.ts';
import { compareWithGolden, goldenBatches, readGoldenRows } from './golden.ts';
import { type Columns, decodeBatch, encodeBatch } from './runtimes/onnx/encoder.ts';
import { perhapsOfLimit } from './runtimes/onnx/memoryLimit.ts';
import { type Run, SessionCrashed, SessionProcess } from './runtimes/onnx/sessionProcess.ts';
import type { SessionMemory, Tenant } from './sessionMemory.ts';

export interface SessionOptions {
  readonly manifest: Manifest;
  readonly version: ModelVersion;
  readonly executionProviders: Config['executionProviders'];
  readonly threads: number;
  readonly memory: SessionMemory;
  /** The memory limit of its process in MiB, see `memoryLimit.ts`; 0: no limit. */
  readonly maxMib: number;
  readonly log: Logger;
  /** Aborted when a session that is being opened is not needed any more. Then its process is ended at once. */
  readonly signal: AbortSignal;
}

/** The session's process is gone, and no new one could be started. */
export class SessionLost extends Error {}

/** The time limit of the first runs is longer, because they are slower than later ones. */
const GOLDEN_RUN_LEAST_MS = 10_000;

/** A session that stays loaded until this is disposed. */
export interface HeldSession extends Disposable {
  /**
   * Runs one batch. One run at a time.
   *
   * @throws {SessionCrashed} if the process died during the run. The session can be used again.
   * @throws {RunTimedOut} if it took longer than the manifest's `runTimeoutMs`. Nothing else can interrupt a run.
   * @throws {RunFailed} if ONNX Runtime refused the batch.
   * @throws {SessionLost} if the session could not be started again after a crash, now or for an earlier run.
   */
  run(columns: Columns): Promise<Run>;
}

export class Session implements AsyncDisposable, Tenant {
  readonly #options: SessionOptions;
  #process: SessionProcess | undefined;
  /** Undefined while unloaded. Rejects if the version cannot be loaded (again). */
  #loaded: Promise<void> | undefined;
  /** Whether the present process is loaded and warm; false while another one starts. */
  #serves = false;
  #isClosed = false;
  #executionProvider = '';
  #peakBytes = 0;
  #bytesWhenLoaded = 0;
  #holders = 0;
  #heldUntil = performance.now();
  #released = Promise.withResolvers<void>();
  readonly #lost = Promise.withResolvers<SessionLost>();

  private constructor(options: SessionOptions) {
    this.#options = options;
  }

  /**
   * Loads a version in a process of its own and warms it up on its golden rows.
   *
   * @throws {ConfigurationError} naming the version, if its file is corrupt or has another digest, if its graph
   *   disagrees with the manifest, if it gives other answers than its golden rows, or if it exceeds the memory budget.
   *   The cause is an error without the name.
   */
  static async open(options: SessionOptions): Promise<Session> {
    const session = new Session(options);
    const { manifest, version, memory, signal } = options;
    const giveUp = () => void session.#endProcess();
    signal.addEventListener('abort', giveUp);
    try {
      await memory.admit(session, {
        load: async () => {
          signal.throwIfAborted();
          await session.#load();
        },
        check: () => {
          session.#loaded = session.#check();
          return session.#loaded;
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

  get peakBytes(): number {
    return this.#peakBytes;
  }

  get idleSince(): number | undefined {
    return this.isLoaded && this.#serves && this.#holders === 0 ? this.#heldUntil : undefined;
  }

  /**
   * Resolves once a process that is starting is ready; at once if none is starting.
   *
   * @throws {SessionLost} if it could not be started again after a crash.
   */
  async started(): Promise<void> {
    await this.#loaded;
  }

  /**
   * Loads the session if it is not loaded, and keeps it loaded until the answer is disposed.
   *
   * @throws {SessionLost} if it cannot be loaded again.
   */
  async hold(): Promise<HeldSession> {
    this.#holders++;
    let isHeld = true;
    const release = () => {
      if (isHeld) this.#release();
      isHeld = false;
    };
    try {
      this.#loaded ??= this.#startAgain(() =>
        this.#options.memory.reload(this.#bytesWhenLoaded, () => this.#start()),
      );
      await this.#loaded;
    } catch (error) {
      release();
      throw error;
    }
    return { run: (columns) => this.#run(columns), [Symbol.dispose]: release };
  }

  async unload(): Promise<void> {
    this.#options.log.info({ ...this.#name, residentBytes: this.#peakBytes }, 'session unloaded');
    this.#loaded = undefined;
    await this.#endProcess();
  }

  /** Ends the process once no caller holds it any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#holders > 0) await this.#released.promise;
    this.#isClosed = true;
    this.#options.memory.forget(this);
    await this.#endProcess();
  }

  /** The fields that identify it in log lines. */
  get #name() {
    const { manifest, version } = this.#options;
    return { model: manifest.name, version: version.version };
  }

  #release(): void {
    this.#heldUntil = performance.now();
    if (--this.#holders > 0) return;
    this.#released.resolve();
    this.#released = Promise.withResolvers();
    this.#options.memory.released();
  }

  async #run(columns: Columns): Promise<Run> {
    await this.#loaded;
    const { manifest } = this.#options;
    if (this.#process === undefined) throw new Error('a session that is held has a process');
    const run = await this.#process.run(columns, manifest.limits.runTimeoutMs);
    this.#peakBytes = run.peakBytes;
    return run;
  }

  async #start(): Promise<void> {
    await this.#load();
    await this.#check();
  }

  /** The explanation for a person when a process dies before it is ready. */
  #explained(error: unknown): unknown {
    if (!(error instanceof SessionCrashed)) return error;
    return new Error(`${error.message}${perhapsOfLimit(this.#options.maxMib)}`, { cause: error });
  }

  /** Loads the version in a new process. */
  async #load(): Promise<void> {
    const { manifest, version, executionProviders, threads, maxMib, log } = this.#options;
    this.#serves = false;
    const child: SessionProcess = new SessionProcess({ maxMib, onDeath: () => this.#died(child) });
    this.#process = child;
    const loaded = await child.load({
      file: join(version.folder, 'model.onnx'),
      sha256: version.sha256,
      manifest,
      executionProviders,
      threads,
    });
    this.#executionProvider = loaded.executionProvider;
    this.#peakBytes = loaded.peakBytes;
    for (const reason of loaded.passedOver) log.warn({ reason }, 'execution provider passed over');
  }

  /** Runs the golden rows, alone and as full batches. So each served session predicts right and is warm. */
  async #check(): Promise<void> {
    const { manifest, version, log } = this.#options;
    const child = this.#process;
    if (child === undefined) throw new Error('the session was closed before it was checked');
    const timeoutMs = Math.max(manifest.limits.runTimeoutMs, GOLDEN_RUN_LEAST_MS);
    const golden = await readGoldenRows(manifest, version);
    for (const batch of goldenBatches(manifest, golden)) {
      const rows = batch.map(({ input }) => input);
      const { outputs, peakBytes } = await child.run(encodeBatch(manifest, rows), timeoutMs, {
        measure: true,
      });
      this.#peakBytes = peakBytes;
      compareWithGolden(batch, decodeBatch(manifest, outputs, rows.length), golden.tolerance);
    }
    this.#bytesWhenLoaded = this.#peakBytes;
    const { pid } = child;
    log.info({ ...this.#name, executionProvider: this.#executionProvider, pid }, 'session ready');
    this.#serves = true;
  }

  /**
   * Called in the same step in which the process is known to be dead, so that the next run waits for the next process.
   */
  #died(child: SessionProcess): void {
    void child.exited.then(({ code, signal }) =>
      this.#options.log.error({ ...this.#name, pid: child.pid, code, signal }, 'session process died'),
    );
    this.#peakBytes = 0;
    // A process that dies before it was ready would die again.
    if (!this.#serves) return;
    if (this.#options.memory.lazy && this.#holders === 0) {
      this.#loaded = undefined;
      return;
    }
    this.#loaded = this.#startAgain(() => this.#start());
    // The next run gets the error.
    this.#loaded.catch(() => {});
  }

  async #startAgain(start: () => Promise<void>): Promise<void> {
    try {
      await start();
    } catch (error) {
      const cause = this.#explained(error);
      const lost = new SessionLost(`the session could not be started again: ${messageOf(cause)}`, { cause });
      // A session that is closed while it starts again is not lost.
      if (!this.#isClosed) this.#lost.resolve(lost);
      throw lost;
    }
  }

  async #endProcess(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    this.#peakBytes = 0;
    await child?.[Symbol.asyncDispose]();
  }
}

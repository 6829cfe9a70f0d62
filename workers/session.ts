/**
 * A loaded model version: the parent's side of its process. It outlives crashes of that process, which is started
 * again at once; the run that was in it fails with `SessionCrashed`, and who ran it decides what that means.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Config } from '../src/config.ts';
import { ConfigurationError, messageOf } from '../src/errors.ts';
import type { Logger } from '../src/log.ts';
import type { Manifest } from '../src/manifest.ts';
import type { ModelVersion } from '../src/models.ts';
import { type Columns, decodeBatch, encodeBatch, type OutputColumns } from './encoder.ts';
import { compareWithGolden, goldenBatches, readGoldenRows } from './golden.ts';
import type { SessionAnswer, SessionRequest } from './sessionMessages.ts';

export interface SessionOptions {
  readonly manifest: Manifest;
  readonly version: ModelVersion;
  readonly executionProviders: Config['executionProviders'];
  readonly threads: number;
  readonly log: Logger;
}

export interface Run {
  readonly outputs: OutputColumns;
  /** Of the run alone, without the way to the process and back. */
  readonly computeMs: number;
}

/** The session's process died during the run. */
export class SessionCrashed extends Error {}
/** The run took too long, and its process was ended for it; the session is usable again. */
export class RunTimedOut extends Error {}
/** The session's process died, and none can be started in its place: the worker has to leave. */
export class SessionLost extends Error {}
/** ONNX Runtime refused the run; the process lives on. */
export class RunFailed extends Error {}

export class Session implements AsyncDisposable {
  readonly #options: SessionOptions;
  #process: ChildProcess | undefined;
  /** Rejects if the version cannot be loaded (again). */
  #loaded: Promise<string>;
  #answer: PromiseWithResolvers<SessionAnswer> | undefined;
  #serves = false;
  #closed = false;

  private constructor(options: SessionOptions) {
    this.#options = options;
    this.#loaded = this.#start();
  }

  /**
   * Loads a version in a process of its own and warms it up on its golden rows.
   *
   * @throws {ConfigurationError} naming the version, if its file is corrupt or not the one its digest names, its graph
   *   disagrees with the manifest, or it misses its golden rows.
   */
  static async open(options: SessionOptions): Promise<Session> {
    const session = new Session(options);
    try {
      await session.#loaded;
      return session;
    } catch (error) {
      await session[Symbol.asyncDispose]();
      const { manifest, version } = options;
      throw new ConfigurationError(
        `${manifest.name} version ${version.version} is refused: ${messageOf(error)}`,
        { cause: error },
      );
    }
  }

  /** The execution provider in use. */
  get executionProvider(): Promise<string> {
    return this.#loaded;
  }

  /**
   * Runs one batch. One run at a time.
   *
   * @throws {SessionCrashed} if the process died with it; the session is usable again.
   * @throws {RunTimedOut} if it took longer than the manifest's `runTimeoutMs`; nothing else can interrupt a run.
   * @throws {RunFailed} if ONNX Runtime refused the batch.
   * @throws {SessionLost} if the session could not be started again after a crash, now or for an earlier run.
   */
  async run(columns: Columns): Promise<Run> {
    await this.#loaded;
    const { runTimeoutMs } = this.#options.manifest.limits;
    const timer = setTimeout(() => {
      this.#answer?.reject(new RunTimedOut(`the run took longer than ${runTimeoutMs} ms`));
      this.#process?.kill('SIGKILL');
    }, runTimeoutMs);
    try {
      return await this.#run(columns);
    } finally {
      clearTimeout(timer);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await endProcess(this.#process);
  }

  /** For log lines. */
  get #name() {
    const { manifest, version } = this.#options;
    return { model: manifest.name, version: version.version };
  }

  async #run(columns: Columns): Promise<Run> {
    const answer = await this.#ask({ type: 'run', columns });
    if (answer.type === 'ran') return answer;
    throw new RunFailed(answer.type === 'failed' ? answer.reason : `unexpected answer ${answer.type}`);
  }

  /** @returns the execution provider, once the version is loaded and warm. */
  async #start(): Promise<string> {
    const { manifest, version, executionProviders, threads, log } = this.#options;
    this.#serves = false;
    const child = fork(join(import.meta.dirname, 'sessionChild.ts'), { serialization: 'advanced' });
    this.#process = child;
    child.on('message', (answer: SessionAnswer) => this.#answer?.resolve(answer));
    child.once('disconnect', () => this.#died(child));
    child.once('exit', (code, signal) => {
      if (!this.#closed) log.error({ ...this.#name, pid: child.pid, code, signal }, 'session process died');
    });
    const answer = await this.#ask({
      type: 'load',
      file: join(version.folder, 'model.onnx'),
      sha256: version.sha256,
      manifest,
      executionProviders,
      threads,
    });
    if (answer.type !== 'loaded') {
      throw new Error('reason' in answer ? answer.reason : `unexpected answer ${answer.type}`);
    }
    const { executionProvider, passedOver } = answer;
    for (const reason of passedOver) log.warn({ reason }, 'execution provider passed over');
    await this.#warmUp();
    log.info({ ...this.#name, executionProvider, pid: child.pid }, 'session ready');
    this.#serves = true;
    return executionProvider;
  }

  /** Runs the golden rows, alone and as full batches: what is served has shown that it predicts right. */
  async #warmUp(): Promise<void> {
    const { manifest, version } = this.#options;
    const golden = await readGoldenRows(manifest, version);
    for (const batch of goldenBatches(manifest, golden)) {
      const rows = batch.map(({ input }) => input);
      const { outputs } = await this.#run(encodeBatch(manifest, rows));
      compareWithGolden(batch, decodeBatch(manifest, outputs, rows.length), golden.tolerance);
    }
  }

  /** Rejected only by the death of the process, which is heard of even if it came before the request. */
  #ask(request: SessionRequest): Promise<SessionAnswer> {
    this.#answer = Promise.withResolvers();
    this.#process?.send(request, () => {});
    return this.#answer.promise;
  }

  /** The channel closes before the exit is reported: to wait for the exit would let runs fail in between. */
  #died(child: ChildProcess): void {
    if (this.#closed) return;
    child.kill('SIGKILL');
    this.#answer?.reject(new SessionCrashed('the session process died'));
    // One that dies before it ever served would die again.
    if (!this.#serves) return;
    this.#loaded = this.#start().catch((cause) => {
      throw new SessionLost(`the session could not be started again: ${messageOf(cause)}`, { cause });
    });
    // Whoever runs next hears of it.
    this.#loaded.catch(() => {});
  }
}

async function endProcess(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

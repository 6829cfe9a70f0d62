/**
 * A process that has models loaded, on the parent's side. It works on its requests one after another, in order: if it
 * dies, only the oldest open one can be the cause.
 *
 *  alive  each request is answered, or fails.
 *  dead   it died, or was ended (also for being too slow). All open requests have failed, new ones fail at once, and
 *         late answers are ignored: they must not be taken for those of another run.
 */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { join } from 'node:path';
import { withoutSecrets } from '../../../src/process/config.ts';
import type { OutputTensors } from './decoder.ts';
import type { Columns } from './encoder.ts';
import { withLimit } from './memoryLimit.ts';
import type {
  Answered,
  Asked,
  LoadRequest,
  Measured,
  SessionAnswer,
  SessionRequest,
  TryRequest,
} from './sessionMessages.ts';
import type { GraphSignature } from './signature.ts';

export interface Run {
  readonly outputs: OutputTensors;
  /** The time of the run itself, without the way to the process and back. */
  readonly computeMs: number;
}

export interface Loaded extends Extract<SessionAnswer, { type: 'loaded' }> {
  /** The number by which this process knows the model. */
  readonly model: number;
}

/** How a process ended; both null if it could not be started. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The file cannot be loaded (the message is ONNX Runtime's), or disagrees with the manifest (it names both sides). */
export class LoadRefused extends Error {}
/** The session's process died during the run. */
export class SessionCrashed extends Error {}
/** The process was dead before the work began. Another process can do it. */
export class NotBegun extends Error {}
/** The run took too long, so its process was ended. */
export class RunTimedOut extends Error {}
/** ONNX Runtime refused the run. The process lives on. */
export class RunFailed extends Error {}

/** A file of a gigabyte from a slow disk takes a minute. A load that takes longer counts as hanging. */
const LOAD_TIMEOUT_MS = 120_000;
/** Keeps glibc at its first threshold. By default it raises it with each large block, and gives back nothing more. */
const FIXED_TRIM = { MALLOC_TRIM_THRESHOLD_: String(128 * 1024) };

export interface SessionProcessOptions {
  /** The memory limit beyond its start in MiB, see `memoryLimit.ts`; 0: no limit. @default 0 */
  readonly maxMib?: number;
  /** Whether memory that a closed session leaves is given back, where the C library can. @default false */
  readonly givesBack?: boolean;
  /** Called once when it is dead, before its open requests fail. Not called if it was disposed. */
  readonly onDeath?: () => void;
  /** Called when it has been measured after runs, see `Measured`. The measurement that comes with an answer is not told. */
  readonly onMeasured?: () => void;
}

interface OpenRequest {
  readonly id: number;
  readonly timeoutMs: number;
  readonly tooLong: () => Error;
  readonly answer: PromiseWithResolvers<SessionAnswer>;
}

export class SessionProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #onDeath: () => void;
  readonly #onMeasured: () => void;
  readonly #maxMib: number;
  readonly #exit = Promise.withResolvers<Exit>();
  /** In order: the process works on the first. */
  readonly #open: OpenRequest[] = [];
  /** The time limit of the first open request. */
  #timer: NodeJS.Timeout | undefined;
  #requests = 0;
  #models = 0;
  #peakBytes = 0;
  #isDead = false;

  constructor({
    maxMib = 0,
    givesBack = false,
    onDeath = () => {},
    onMeasured = () => {},
  }: SessionProcessOptions = {}) {
    this.#onDeath = onDeath;
    this.#onMeasured = onMeasured;
    this.#maxMib = maxMib;
    const script = join(import.meta.dirname, 'sessionChild.ts');
    this.#child = fork(script, [String(maxMib)], {
      serialization: 'advanced',
      // The process that runs a model file gets no login: neither to the broker nor for operators' fields.
      env: { ...withoutSecrets(process.env), ...(givesBack && FIXED_TRIM) },
    });
    this.#child.on('message', (message: Answered | Measured) => this.#hear(message));
    this.#child.once('disconnect', () => this.#die());
    const guard = endWithUs(this.#child);
    // The exit alone may be reported before the last answers are read.
    this.#child.once('close', (code, signal) => {
      guard?.kill('SIGKILL');
      this.#exit.resolve({ code, signal });
    });
    this.#child.on('error', () => {
      this.#die();
      if (this.#child.pid === undefined) this.#exit.resolve({ code: null, signal: null });
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get exited(): Promise<Exit> {
    return this.#exit.promise;
  }

  /** Its memory as measured last, see `sessionMessages.ts`; 0 before the first measurement, and once it is dead. */
  get peakBytes(): number {
    return this.#isDead ? 0 : this.#peakBytes;
  }

  /**
   * Describes the inputs and outputs of a file.
   *
   * @throws {LoadRefused} if ONNX Runtime cannot load it, or not in time.
   * @throws {SessionCrashed} if the process dies meanwhile.
   */
  async describe(file: string): Promise<GraphSignature> {
    const answer = await this.#askToLoad({ type: 'describe', file });
    if (answer.type === 'described') return answer;
    throw new LoadRefused(this.#reasonIn(answer));
  }

  /**
   * Loads a version for runs.
   *
   * @returns the process's description of the version, and the number for its runs.
   * @throws {LoadRefused} if the file cannot be loaded in time, has another digest, or disagrees with the manifest.
   * @throws {SessionCrashed} if the process dies meanwhile.
   */
  async load(request: Omit<LoadRequest, 'type' | 'model'>): Promise<Loaded> {
    const model = ++this.#models;
    const answer = await this.#askToLoad({ type: 'load', model, ...request });
    if (answer.type === 'loaded') return { ...answer, model };
    throw new LoadRefused(this.#reasonIn(answer));
  }

  /** Closes the session of a model. @throws {SessionCrashed} if the process dies meanwhile. */
  async unload(model: number): Promise<void> {
    await this.#askToLoad({ type: 'unload', model });
  }

  /**
   * Runs one batch, after `load`.
   *
   * @param model the number of the loaded model.
   * @param timeoutMs the longest run. Beyond it the process is ended, because nothing else can interrupt a run.
   * @param options.measure whether `peakBytes` must include this run. @default false
   * @throws {RunFailed} if ONNX Runtime refused the batch.
   * @throws {RunTimedOut} if it took too long.
   * @throws {SessionCrashed} if the process died in this run.
   * @throws {NotBegun} if it died in an earlier request.
   */
  async run(model: number, columns: Columns, timeoutMs: number, { measure = false } = {}): Promise<Run> {
    const tooLong = () => new RunTimedOut(`the run took longer than ${timeoutMs} ms`);
    const answer = await this.#ask({ type: 'run', model, columns, measure }, timeoutMs, tooLong);
    if (answer.type === 'ran') return answer;
    throw new RunFailed(this.#reasonIn(answer));
  }

  /** Runs the file that was described last. The errors are those of `run`. */
  async try(request: Omit<TryRequest, 'type'>, timeoutMs: number): Promise<Run> {
    const tooLong = () => new RunTimedOut(`the run took longer than ${timeoutMs} ms`);
    const answer = await this.#ask({ type: 'try', ...request }, timeoutMs, tooLong);
    if (answer.type === 'ran') return answer;
    throw new RunFailed(this.#reasonIn(answer));
  }

  /** Ends the process, even in the middle of a run. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#end();
    await this.exited;
  }

  #reasonIn(answer: SessionAnswer): string {
    return 'reason' in answer ? withLimit(answer.reason, this.#maxMib) : `unexpected answer ${answer.type}`;
  }

  #askToLoad(request: SessionRequest): Promise<SessionAnswer> {
    const tooLong = () => new LoadRefused(`to load it took longer than ${LOAD_TIMEOUT_MS} ms`);
    return this.#ask(request, LOAD_TIMEOUT_MS, tooLong);
  }

  async #ask(request: SessionRequest, timeoutMs: number, tooLong: () => Error): Promise<SessionAnswer> {
    if (this.#isDead) throw new SessionCrashed('the session process died');
    const asked = {
      id: ++this.#requests,
      timeoutMs,
      tooLong,
      answer: Promise.withResolvers<SessionAnswer>(),
    };
    this.#open.push(asked);
    if (this.#open.length === 1) this.#limitTime(asked);
    this.#child.send({ id: asked.id, request } satisfies Asked, () => {});
    return asked.answer.promise;
  }

  #limitTime(first: OpenRequest): void {
    // A worker that was suspended or starved runs its timers before it reads its sockets. An answer that has arrived by
    // then was in time. It is read before the immediate runs.
    this.#timer = setTimeout(() => setImmediate(() => this.#endOverdue(first)), first.timeoutMs);
  }

  #hear(message: Answered | Measured): void {
    this.#peakBytes = message.peakBytes ?? this.#peakBytes;
    if ('id' in message) this.#answerFirst(message);
    else this.#onMeasured();
  }

  #answerFirst({ id, answer }: Answered): void {
    if (this.#open[0]?.id !== id) return;
    clearTimeout(this.#timer);
    this.#open.shift()?.answer.resolve(answer);
    const [next] = this.#open;
    if (next !== undefined) this.#limitTime(next);
  }

  #endOverdue(request: OpenRequest): void {
    if (this.#open[0] !== request) return;
    request.answer.reject(request.tooLong());
    this.#die();
  }

  #die(): void {
    if (this.#isDead) return;
    this.#end();
    this.#onDeath();
  }

  #end(): void {
    this.#isDead = true;
    this.#child.kill('SIGKILL');
    clearTimeout(this.#timer);
    const [first, ...others] = this.#open.splice(0);
    first?.answer.reject(new SessionCrashed('the session process died'));
    for (const { answer } of others) answer.reject(new NotBegun('the session process died before'));
  }
}

/**
 * Ends a process once this one is gone, for whatever reason. A process in a hanging run never notices that its channel
 * is closed. A shell does: its standard input ends with us. It takes 1 MB; a thread in the process would take 10.
 * Without `/bin/sh`, a hanging run goes on after its worker was killed.
 */
function endWithUs({ pid }: ChildProcess): ChildProcess | undefined {
  if (pid === undefined) return undefined;
  // Signals from a terminal reach the shell, too. It ignores them.
  const script = 'trap "" HUP INT TERM; read -r _; kill -9 "$0"';
  const guard = spawn('/bin/sh', ['-c', script, String(pid)], {
    env: {},
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  guard.on('error', () => {});
  guard.stdin.on('error', () => {});
  return guard;
}

/**
 * The process that has a model loaded, as its parent sees it.
 *
 *  alive  each request is answered, or fails.
 *  dead   it died, was ended, or was too slow and ended for it. What was asked has failed, what is asked fails at once,
 *         and nothing that it still says is heard: its late answer must not be taken for another run's.
 */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Columns, OutputTensors } from './encoder.ts';
import { withLimit } from './memoryLimit.ts';
import type { Answered, Asked, LoadRequest, SessionAnswer, SessionRequest } from './sessionMessages.ts';
import type { GraphSignature } from './signature.ts';

export interface Run {
  readonly outputs: OutputTensors;
  /** Of the run alone, without the way to the process and back. */
  readonly computeMs: number;
  /** The most that the process has taken up since it was loaded, as measured last. */
  readonly peakBytes: number;
}

/** How a process ended; both null if it could not be started. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The file cannot be loaded, or disagrees with the manifest; the message is ONNX Runtime's or names both sides. */
export class LoadRefused extends Error {}
/** The session's process died during the run. */
export class SessionCrashed extends Error {}
/** The run took too long, and its process was ended for it. */
export class RunTimedOut extends Error {}
/** ONNX Runtime refused the run; the process lives on. */
export class RunFailed extends Error {}

/** A file of a gigabyte from a slow disk takes a minute; what takes longer hangs. */
const LOAD_TIMEOUT_MS = 120_000;

export interface SessionProcessOptions {
  /** What the process may take beyond its start, see `memoryLimit.ts`; 0: no limit. @default 0 */
  readonly maxMib?: number;
  /** Is called once it is dead, unless it was disposed of, and before any who asked hears of it. */
  readonly onDeath?: () => void;
}

export class SessionProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #onDeath: () => void;
  readonly #maxMib: number;
  readonly #exit = Promise.withResolvers<Exit>();
  /** By the id of the request. */
  readonly #asked = new Map<number, PromiseWithResolvers<SessionAnswer>>();
  #requests = 0;
  #isDead = false;

  constructor({ maxMib = 0, onDeath = () => {} }: SessionProcessOptions = {}) {
    this.#onDeath = onDeath;
    this.#maxMib = maxMib;
    const script = join(import.meta.dirname, 'sessionChild.ts');
    this.#child = fork(script, [String(maxMib)], {
      serialization: 'advanced',
      env: withoutSecrets(process.env),
    });
    this.#child.on('message', (answered: Answered) => this.#hear(answered));
    // The channel closes before the exit is reported: to wait for the exit would let requests fail in between.
    this.#child.once('disconnect', () => this.#die());
    const guard = endWithUs(this.#child);
    this.#child.once('exit', (code, signal) => {
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

  /**
   * What a file says of its inputs and outputs.
   *
   * @throws {LoadRefused} if ONNX Runtime cannot load it, or not in time. @throws {SessionCrashed} if it dies of it.
   */
  async describe(file: string): Promise<GraphSignature> {
    const answer = await this.#askToLoad({ type: 'describe', file });
    if (answer.type === 'described') return answer;
    throw new LoadRefused(this.#reasonIn(answer));
  }

  /**
   * Loads a version for runs.
   *
   * @returns what the process says of the version.
   * @throws {LoadRefused} if the file cannot be loaded in time, is not the one its digest names, or disagrees with the
   *   manifest. @throws {SessionCrashed} if the process dies of it.
   */
  async load(request: Omit<LoadRequest, 'type'>): Promise<Extract<SessionAnswer, { type: 'loaded' }>> {
    const answer = await this.#askToLoad({ type: 'load', ...request });
    if (answer.type === 'loaded') return answer;
    throw new LoadRefused(this.#reasonIn(answer));
  }

  /**
   * Runs one batch, after `load`.
   *
   * @param timeoutMs longest run. Beyond it the process is ended: nothing else can interrupt a run.
   * @param options.measure whether `peakBytes` has to count this run already. @default false
   * @throws {RunFailed} if ONNX Runtime refused the batch. @throws {RunTimedOut} @throws {SessionCrashed}
   */
  async run(columns: Columns, timeoutMs: number, { measure = false } = {}): Promise<Run> {
    const tooLong = () => new RunTimedOut(`the run took longer than ${timeoutMs} ms`);
    const answer = await this.#ask({ type: 'run', columns, measure }, timeoutMs, tooLong);
    if (answer.type === 'ran') return answer;
    throw new RunFailed(this.#reasonIn(answer));
  }

  /** Ends the process, and whatever it does. */
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
    const id = ++this.#requests;
    const asked = Promise.withResolvers<SessionAnswer>();
    this.#asked.set(id, asked);
    this.#child.send({ id, request } satisfies Asked, () => {});
    // A worker that was stopped or starved runs its timers before it reads its sockets: what has been answered by then
    // was in time, and is heard before the immediate.
    const timer = setTimeout(() => setImmediate(() => this.#endOverdue(id, tooLong)), timeoutMs);
    try {
      return await asked.promise;
    } finally {
      clearTimeout(timer);
    }
  }

  #hear({ id, answer }: Answered): void {
    this.#asked.get(id)?.resolve(answer);
    this.#asked.delete(id);
  }

  #endOverdue(id: number, tooLong: () => Error): void {
    const overdue = this.#asked.get(id);
    if (overdue === undefined) return;
    overdue.reject(tooLong());
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
    for (const asked of this.#asked.values()) asked.reject(new SessionCrashed('the session process died'));
    this.#asked.clear();
  }
}

/** What runs a model file reaches neither the broker nor the operators' fields. */
function withoutSecrets({ NATS_URL: _, OPERATOR_TOKEN: __, ...env }: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return env;
}

/**
 * Ends a process once this one is gone, however it went: a run that hangs never sees its channel close. The standard
 * input of a shell does with us; it takes 1 MB, where a thread in the process itself takes 10. Without `/bin/sh`
 * a run that hangs when its worker is killed goes on.
 */
function endWithUs({ pid }: ChildProcess): ChildProcess | undefined {
  if (pid === undefined) return undefined;
  // Signals from a terminal reach the shell, too, and are no reason for it to leave.
  const script = 'trap "" HUP INT TERM; read -r _; kill -9 "$0"';
  const guard = spawn('/bin/sh', ['-c', script, String(pid)], { stdio: ['pipe', 'ignore', 'ignore'] });
  guard.on('error', () => {});
  guard.stdin.on('error', () => {});
  return guard;
}

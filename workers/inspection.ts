/**
 * One process of a session for somebody who wants to know a model before it is served: what a file says of its inputs
 * and outputs, and what it answers. Unlike a `Session` it is not kept alive, and a wrong answer is the asker's to judge.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Columns } from './encoder.ts';
import { type Run, RunFailed, RunTimedOut, SessionCrashed } from './session.ts';
import type { LoadRequest, SessionAnswer, SessionRequest } from './sessionMessages.ts';
import type { GraphSignature } from './signature.ts';

/** The file cannot be loaded, or disagrees with the manifest; the message is ONNX Runtime's or names both sides. */
export class LoadRefused extends Error {}

export class Inspection implements AsyncDisposable {
  readonly #process: ChildProcess;
  /** Rejects when the process dies. */
  readonly #death: Promise<never>;
  #timedOut = false;

  constructor() {
    this.#process = fork(join(import.meta.dirname, 'sessionChild.ts'), { serialization: 'advanced' });
    this.#death = once(this.#process, 'exit').then(([code, signal]) => {
      throw new SessionCrashed(`the process of the model died with ${signal ?? `exit code ${code}`}`);
    });
    this.#death.catch(() => {});
  }

  /**
   * What a file says of its inputs and outputs.
   *
   * @throws {LoadRefused} if ONNX Runtime cannot load it. @throws {SessionCrashed} if it dies of it.
   */
  async describe(file: string): Promise<GraphSignature> {
    const answer = await this.#ask({ type: 'describe', file });
    if (answer.type === 'described') return answer;
    throw new LoadRefused(reasonIn(answer));
  }

  /**
   * Loads a version for runs.
   *
   * @returns what the process says of the version.
   * @throws {LoadRefused} if the file cannot be loaded, is not the one its digest names, or disagrees with the manifest.
   * @throws {SessionCrashed} if the process dies of it.
   */
  async load(request: Omit<LoadRequest, 'type'>): Promise<Extract<SessionAnswer, { type: 'loaded' }>> {
    const answer = await this.#ask({ type: 'load', ...request });
    if (answer.type === 'loaded') return answer;
    throw new LoadRefused(reasonIn(answer));
  }

  /**
   * Runs one batch. One run at a time, after `load`.
   *
   * @param timeoutMs longest run; beyond it the process is ended, and the inspection of no more use.
   * @throws {RunFailed} if ONNX Runtime refused the batch. @throws {RunTimedOut} @throws {SessionCrashed}
   */
  async run(columns: Columns, timeoutMs: number): Promise<Run> {
    const timer = setTimeout(() => {
      this.#timedOut = true;
      this.#process.kill('SIGKILL');
    }, timeoutMs);
    try {
      const answer = await this.#ask({ type: 'run', columns });
      if (answer.type === 'ran') return answer;
      throw new RunFailed(reasonIn(answer));
    } catch (error) {
      throw this.#timedOut ? new RunTimedOut(`the run took longer than ${timeoutMs} ms`) : error;
    } finally {
      clearTimeout(timer);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#death.catch(() => {});
  }

  #ask(request: SessionRequest): Promise<SessionAnswer> {
    const answered = new Promise<SessionAnswer>((resolve) => this.#process.once('message', resolve));
    this.#process.send(request, () => {});
    return Promise.race([answered, this.#death]);
  }
}

function reasonIn(answer: SessionAnswer): string {
  return 'reason' in answer ? answer.reason : `unexpected answer ${answer.type}`;
}

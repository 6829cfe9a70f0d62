/**
 * One process of a session for somebody who wants to know a model before it is served: what a file says of its inputs
 * and outputs, and what it answers. Unlike a `Session` it is not kept alive, and a wrong answer is the asker's to judge.
 */
import type { Columns } from './encoder.ts';
import { perhapsOfLimit } from './memoryLimit.ts';
import type { LoadRequest, SessionAnswer } from './sessionMessages.ts';
import { type Run, SessionCrashed, SessionProcess } from './sessionProcess.ts';
import type { GraphSignature } from './signature.ts';

export class Inspection implements AsyncDisposable {
  readonly #process: SessionProcess;
  readonly #maxMib: number;

  /** @param options.maxMib as of `SessionProcess`. @default 0 */
  constructor({ maxMib = 0 } = {}) {
    this.#maxMib = maxMib;
    this.#process = new SessionProcess({ maxMib });
  }

  /** As `SessionProcess.describe`. */
  describe(file: string): Promise<GraphSignature> {
    return this.#tellingDeath(this.#process.describe(file));
  }

  /** As `SessionProcess.load`. */
  load(request: Omit<LoadRequest, 'type'>): Promise<Extract<SessionAnswer, { type: 'loaded' }>> {
    return this.#tellingDeath(this.#process.load(request));
  }

  /** As `SessionProcess.run`; after a run that took too long, or killed the process, the inspection is of no more use. */
  run(columns: Columns, timeoutMs: number): Promise<Run> {
    return this.#tellingDeath(this.#process.run(columns, timeoutMs, { measure: true }));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#process[Symbol.asyncDispose]();
  }

  /** A person wants to know how the process died. */
  async #tellingDeath<T>(answered: Promise<T>): Promise<T> {
    try {
      return await answered;
    } catch (error) {
      if (!(error instanceof SessionCrashed)) throw error;
      const { code, signal } = await this.#process.exited;
      throw new SessionCrashed(
        `the process of the model died with ${signal ?? `exit code ${code}`}${perhapsOfLimit(this.#maxMib)}`,
      );
    }
  }
}

/**
 * Runs a file that is not served yet, on tensors as its graph takes them. A run may kill its process, or take too long:
 * then it has failed, and the next one has another process.
 */

import { Inspection } from '../../../../workers/runtimes/inspection.ts';
import type { Columns } from '../../../../workers/runtimes/onnx/encoder.ts';
import type { GraphSignature } from '../../../../workers/runtimes/onnx/signature.ts';
import { RunFailed, RunTimedOut, SessionCrashed } from '../../../../workers/runtimes/sessionProcess.ts';
import type { Answer } from './tensors.ts';

export type Answers = Readonly<Record<string, Answer>>;

export interface TrialRun {
  readonly answers: Answers;
  readonly computeMs: number;
}

interface TrialOptions {
  readonly file: string;
  /** As in `LoadRequest`. */
  readonly beside: readonly string[];
  /** The most memory of the process, see `workers/runtimes/memoryLimit.ts`; 0 means no limit. */
  readonly maxMib: number;
  /** The longest run. */
  readonly runTimeoutMs: number;
}

export class TrialRuns implements AsyncDisposable {
  readonly #options: TrialOptions;
  #inspection: Inspection;
  /** Whether the process has the file. */
  #isOpen = false;
  /** Why the last failed run failed. */
  reason = '';

  constructor(options: TrialOptions) {
    this.#options = options;
    this.#inspection = new Inspection(options);
  }

  /** @throws {LoadRefused} if the file cannot be loaded. @throws {SessionCrashed} if that kills the process. */
  async open(): Promise<GraphSignature> {
    const { file, beside } = this.#options;
    const signature = await this.#inspection.describe(file, beside);
    this.#isOpen = true;
    return signature;
  }

  /** @returns undefined if the run failed; then `reason` says why. */
  async run(columns: Columns, fetches: readonly string[]): Promise<TrialRun | undefined> {
    if (!this.#isOpen) await this.open();
    try {
      const { outputs, computeMs } = await this.#inspection.try(
        { columns, fetches },
        this.#options.runTimeoutMs,
      );
      return { answers: outputs, computeMs };
    } catch (error) {
      if (error instanceof RunTimedOut || error instanceof SessionCrashed) await this.#startAnew();
      else if (!(error instanceof RunFailed)) throw error;
      this.reason = error.message.trim();
      return undefined;
    }
  }

  async #startAnew(): Promise<void> {
    await this.#inspection[Symbol.asyncDispose]();
    this.#inspection = new Inspection(this.#options);
    this.#isOpen = false;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#inspection[Symbol.asyncDispose]();
  }
}

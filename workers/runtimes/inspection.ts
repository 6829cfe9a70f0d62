/**
 * Inspects a model file before it is served: its inputs and outputs, and its answers to given rows. It uses one process
 * of a session. Unlike a `Session` it does not restart it, and it leaves the judgement of answers to the caller.
 */

import { afterDeath } from './memoryLimit.ts';
import type { GivenColumns } from './onnx/encoder.ts';
import { onnxChild } from './onnx/onnxChild.ts';
import type { GraphSignature } from './onnx/signature.ts';
import type { LoadRequest, TryRequest } from './sessionMessages.ts';
import {
  type Loaded,
  type Run,
  SessionCrashed,
  SessionProcess,
  type SessionProcessOptions,
} from './sessionProcess.ts';

export class Inspection implements AsyncDisposable {
  readonly #process: SessionProcess;
  readonly #maxMib: number;
  #model = 0;
  #warningCount = 0;

  /** @param options as for `SessionProcess`. */
  constructor({ maxMib = 0, start }: Pick<SessionProcessOptions, 'maxMib' | 'start'> = {}) {
    this.#maxMib = maxMib;
    const onWarning = () => this.#warningCount++;
    this.#process = new SessionProcess({ maxMib, start: start ?? onnxChild({ maxMib, onWarning }) });
  }

  /** As `SessionProcess.describe`. */
  describe(file: string, beside: readonly string[] = []): Promise<GraphSignature> {
    return this.#tellingDeath(this.#process.describe(file, beside));
  }

  /** How often ONNX Runtime has warned. All warnings are counted once the inspection is disposed. */
  get warningCount(): number {
    return this.#warningCount;
  }

  /** As `SessionProcess.load`. */
  async load(request: Omit<LoadRequest, 'type' | 'model'>): Promise<Loaded> {
    const loaded = await this.#tellingDeath(this.#process.load(request));
    this.#model = loaded.model;
    return loaded;
  }

  /** The memory of the process after its last request. */
  get peakBytes(): number {
    return this.#process.peakBytes;
  }

  /**
   * As `SessionProcess.run`, on the model that was loaded last. After a run that took too long, or killed the process, the inspection cannot be used
   * again.
   */
  run(columns: GivenColumns, timeoutMs: number): Promise<Run> {
    return this.#tellingDeath(this.#process.run(this.#model, columns, timeoutMs, { measure: true }));
  }

  /** Runs the file that was described last, on tensors as its graph takes them. The errors are those of `run`. */
  try(request: Omit<TryRequest, 'type'>, timeoutMs: number): Promise<Run> {
    return this.#tellingDeath(this.#process.try(request, timeoutMs));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#process[Symbol.asyncDispose]();
  }

  /** Adds how the process died, for a person. */
  async #tellingDeath<T>(answered: Promise<T>): Promise<T> {
    try {
      return await answered;
    } catch (error) {
      if (!(error instanceof SessionCrashed)) throw error;
      const { code, signal } = await this.#process.exited;
      throw new SessionCrashed(
        `the process of the model died with ${signal ?? `exit code ${code}`}${afterDeath(error.said, this.#maxMib)}`,
      );
    }
  }
}

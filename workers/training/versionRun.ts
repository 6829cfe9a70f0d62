/** Runs a version over many rows in a process of its own, as a worker would, to judge it. */
import { TaskErrorCode } from '../../src/contract/task.ts';
import type { Values } from '../../src/contract/values.ts';
import type { Manifest } from '../../src/models/manifest.ts';
import type { ModelVersion } from '../../src/models/models.ts';
import type { Config } from '../../src/process/config.ts';
import type { Logger } from '../../src/process/log.ts';
import type { Answers } from '../answer.ts';
import { compareWithGolden, goldenBatches, readGoldenRows } from '../golden.ts';
import { filesToLoad } from '../loadVersion.ts';
import { Inspection } from '../runtimes/inspection.ts';
import { decodeBatch } from '../runtimes/onnx/decoder.ts';
import { encodeBatch } from '../runtimes/onnx/encoder.ts';
import { prepare } from '../runtimes/prepare.ts';
import { RunFailed } from '../runtimes/sessionProcess.ts';
import { StepFailed } from './step.ts';

export interface VersionRunOptions extends Pick<Config, 'executionProviders' | 'cudaVisibleDevices'> {
  readonly manifest: Manifest;
  readonly version: ModelVersion;
  readonly threads: number;
  readonly maxMib: number;
  readonly log: Logger;
}

/** Runs that are timed; of so few the 95th percentile is the third largest. */
const TIMED_RUNS = 40;

export class VersionRun implements AsyncDisposable {
  readonly #options: VersionRunOptions;
  readonly #inspection: Inspection;

  private constructor(options: VersionRunOptions, inspection: Inspection) {
    this.#options = options;
    this.#inspection = inspection;
  }

  /**
   * Loads a version, and checks its golden rows.
   *
   * @throws what is wrong with the version, as `loadVersion` does.
   */
  static async open(options: VersionRunOptions): Promise<VersionRun> {
    const { manifest, version, executionProviders, threads } = options;
    const start = await prepare(version, options);
    const inspection = new Inspection({ maxMib: options.maxMib, ...(start && { start }) });
    const run = new VersionRun(options, inspection);
    try {
      await inspection.load({ ...filesToLoad(version), manifest, executionProviders, threads });
      await run.#checkGoldenRows();
      return run;
    } catch (error) {
      await run[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The most memory that the process took, in bytes. */
  get peakBytes(): number {
    return this.#inspection.peakBytes;
  }

  /**
   * Runs rows in full batches.
   *
   * @param rows checked inputs.
   * @param take gets the answers to a row, or undefined if the version fails it.
   * @throws {StepFailed} if the process dies or a run takes too long.
   */
  async predict(
    rows: readonly Values[],
    take: (row: number, answers: Answers | undefined) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const size = this.#options.manifest.batching.maxBulkBatchSize;
    for (let from = 0; from < rows.length; from += size) {
      signal.throwIfAborted();
      const batch = rows.slice(from, from + size);
      const answers = await this.#answersTo(batch);
      for (const [i, answer] of answers.entries()) take(from + i, answer);
    }
  }

  /** The 95th percentile of the time of runs, in milliseconds. @param rows of one batch. */
  async p95Of(rows: readonly Values[], signal: AbortSignal): Promise<number> {
    const times: number[] = [];
    for (let run = 0; run < TIMED_RUNS; run++) {
      signal.throwIfAborted();
      times.push((await this.#run(rows)).computeMs);
    }
    return times.toSorted((a, b) => a - b)[Math.ceil(0.95 * TIMED_RUNS) - 1] ?? 0;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#inspection[Symbol.asyncDispose]();
  }

  async #checkGoldenRows(): Promise<void> {
    const { manifest, version } = this.#options;
    const golden = await readGoldenRows(manifest, version);
    const { alone, full } = goldenBatches(manifest, golden);
    for (const batch of [...alone, ...full]) {
      const { predictions } = await this.#run(batch.map(({ input }) => input));
      compareWithGolden(batch, predictions, golden.tolerance);
    }
  }

  /** If a run fails, each of its rows runs alone, so that only those without an answer lack one. */
  async #answersTo(rows: readonly Values[]): Promise<readonly (Answers | undefined)[]> {
    try {
      const { predictions } = await this.#run(rows);
      return predictions.map((answer) => (typeof answer === 'string' ? undefined : answer));
    } catch (error) {
      if (!(error instanceof RunFailed)) throw this.#death(error);
      if (rows.length === 1) return [undefined];
      const answers: (Answers | undefined)[] = [];
      for (const row of rows) answers.push(...(await this.#answersTo([row])));
      return answers;
    }
  }

  async #run(rows: readonly Values[]) {
    const { manifest } = this.#options;
    const run = encodeBatch(manifest, rows);
    const answered = await this.#inspection.run(run.columns, manifest.limits.runTimeoutMs);
    return { predictions: decodeBatch(manifest, answered, run), computeMs: answered.computeMs };
  }

  #death(error: unknown): StepFailed {
    const { version } = this.#options.version;
    const reason = error instanceof Error ? error.message : String(error);
    return new StepFailed(
      TaskErrorCode.TrainingFailed,
      `the process of the version (${version}) ended at the hold-out rows: ${reason}`,
    );
  }
}

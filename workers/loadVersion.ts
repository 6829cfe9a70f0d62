/** Loads a version into a process and proves that it predicts right there. */
import { join } from 'node:path';
import type { Manifest } from '../src/models/manifest.ts';
import type { ModelVersion } from '../src/models/models.ts';
import { modelDigestOf } from '../src/models/versionFiles.ts';
import type { Config } from '../src/process/config.ts';
import type { Logger } from '../src/process/log.ts';
import { compareWithGolden, goldenBatches, readGoldenRows } from './golden.ts';
import { decodeBatch } from './runtimes/onnx/decoder.ts';
import { encodeBatch } from './runtimes/onnx/encoder.ts';
import type { SessionProcess } from './runtimes/sessionProcess.ts';

export interface LoadOptions {
  readonly manifest: Manifest;
  readonly version: ModelVersion;
  readonly executionProviders: Config['executionProviders'];
  readonly threads: number;
  readonly log: Logger;
}

export interface LoadedVersion {
  /** The number of the model in the process. */
  readonly model: number;
  readonly executionProvider: string;
  /** What a version that is code runs in, in words. */
  readonly environment: string | undefined;
  /** The memory of the process before. */
  readonly bytesBefore: number;
}

/** The time limit of the first runs is longer, because they are slower than later ones. */
const GOLDEN_RUN_LEAST_MS = 10_000;

/**
 * Loads a version and runs its golden rows, alone and in full batches, one of each shape that they have. So it predicts
 * right and is warm.
 *
 * @param how.onlyFullBatches whether the runs of single rows are left out. @default false
 * @throws what is wrong with the version. Then it is not loaded.
 */
export async function loadVersion(
  process: SessionProcess,
  options: LoadOptions,
  how: { readonly onlyFullBatches?: boolean } = {},
): Promise<LoadedVersion> {
  const { manifest, version, executionProviders, threads, log } = options;
  const { model, executionProvider, environment, bytesBefore, passedOver } = await process.load({
    file: modelFileOf(version),
    sha256: modelDigestOf(version),
    manifest,
    executionProviders,
    threads,
  });
  for (const reason of passedOver) log.warn({ reason }, 'execution provider passed over');
  try {
    await check(process, model, options, how);
  } catch (error) {
    // A dead process has no session to close.
    await process.unload(model).catch(() => {});
    throw error;
  }
  return { model, executionProvider, environment, bytesBefore };
}

export function modelFileOf({ folder }: ModelVersion): string {
  return join(folder, 'model.onnx');
}

async function check(
  process: SessionProcess,
  model: number,
  { manifest, version }: LoadOptions,
  { onlyFullBatches = false },
): Promise<void> {
  const timeoutMs = Math.max(manifest.limits.runTimeoutMs, GOLDEN_RUN_LEAST_MS);
  const golden = await readGoldenRows(manifest, version);
  const { alone, full } = goldenBatches(manifest, golden);
  for (const batch of onlyFullBatches ? full : [...alone, ...full]) {
    // The last measurement has the peak of all runs.
    const measure = batch === full.at(-1);
    const rows = batch.map(({ input }) => input);
    const run = encodeBatch(manifest, rows);
    const answered = await process.run(model, run.columns, timeoutMs, { measure });
    compareWithGolden(batch, decodeBatch(manifest, answered, run), golden.tolerance);
  }
}

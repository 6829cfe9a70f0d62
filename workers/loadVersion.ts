/** Loads a version into a process and proves that it predicts right there. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Manifest } from '../src/models/manifest.ts';
import type { ModelVersion } from '../src/models/models.ts';
import { MODEL_FILE, modelDigestOf } from '../src/models/versionFiles.ts';
import type { Config } from '../src/process/config.ts';
import type { Logger } from '../src/process/log.ts';
import type { DeviceMemory } from './deviceMemory.ts';
import { compareWithGolden, goldenBatches, readGoldenRows } from './golden.ts';
import { decodeBatch } from './runtimes/onnx/decoder.ts';
import { encodeBatch } from './runtimes/onnx/encoder.ts';
import type { LoadRequest } from './runtimes/sessionMessages.ts';
import type { SessionProcess } from './runtimes/sessionProcess.ts';

export interface LoadOptions {
  readonly manifest: Manifest;
  readonly version: ModelVersion;
  readonly executionProviders: Config['executionProviders'];
  readonly threads: number;
  /** Measures the GPU; undefined without one. */
  readonly device?: DeviceMemory | undefined;
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
  /** The memory of the GPU that is in use more than before, about; undefined without a GPU. */
  readonly deviceMib: number | undefined;
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
  const { manifest, version, executionProviders, threads, device, log } = options;
  const usedBefore = await device?.usedMib();
  const { model, executionProvider, environment, bytesBefore, passedOver } = await process.load({
    ...filesToLoad(version),
    manifest,
    executionProviders,
    threads,
  });
  for (const reason of passedOver) log.warn({ reason }, 'execution provider passed over');
  let deviceMib: number | undefined;
  try {
    await check(process, model, options, how);
    deviceMib = await device?.takenSince(usedBefore, executionProvider);
  } catch (error) {
    // A dead process has no session to close.
    await process.unload(model).catch(() => {});
    throw error;
  }
  return { model, executionProvider, environment, bytesBefore, deviceMib };
}

/** What a process has to know of the files of a version. */
export function filesToLoad(version: ModelVersion): Pick<LoadRequest, 'file' | 'sha256' | 'beside'> {
  const { folder, files = [] } = version;
  return {
    file: join(folder, MODEL_FILE),
    sha256: modelDigestOf(version),
    beside: files.map(({ path }) => path).filter((path) => path !== MODEL_FILE),
  };
}

/** The size of all files that are loaded. Errors of the file system pass through. */
export async function bytesOf({ folder, files }: ModelVersion): Promise<number> {
  if (files === undefined) return (await stat(join(folder, MODEL_FILE))).size;
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
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

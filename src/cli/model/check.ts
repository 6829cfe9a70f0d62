/**
 * Checks a version as a worker does before it serves it, and reports the figures. The file must be the one that
 * version.json names, manifest and graph must agree, and the answers to the golden rows must be right, alone and in
 * full batches.
 */
import { compareWithGolden, type GoldenRows, goldenBatches, toleranceOf } from '../../../workers/golden.ts';
import { bytesOf, filesToLoad } from '../../../workers/loadVersion.ts';
import type { Inspection } from '../../../workers/runtimes/inspection.ts';
import type { Loaded } from '../../../workers/runtimes/sessionProcess.ts';
import { messageOf } from '../../contract/errors.ts';
import type { Manifest } from '../../models/manifest.ts';
import { readVersion } from '../../models/versionRecord.ts';
import type { Config } from '../../process/config.ts';
import { goldenRowsOf } from './goldenFile.ts';
import { inspectVersion } from './inspectVersion.ts';
import { largestDeviation, runRows } from './trial.ts';

export interface VersionReport {
  readonly version: string;
  /** Hex, of the version. */
  readonly sha256?: string;
  readonly sizeBytes?: number;
  readonly loaded?: Loaded;
  /** The most memory of the process that loaded and ran it. */
  readonly peakBytes?: number;
  readonly golden?: GoldenReport;
  /** The warnings of ONNX Runtime while the version was loaded and run. */
  readonly warningCount?: number;
  /** Why a worker would refuse the version; undefined if it would not. */
  readonly problem?: string | undefined;
}

interface GoldenReport {
  readonly rows: number;
  /** The deviation that comes nearest to its tolerance, over all runs; undefined if no output has numbers. */
  readonly worst: Deviation | undefined;
  /** Medians of the runs, in milliseconds. */
  readonly oneRowMs: number;
  readonly fullBatchMs: number;
  /** The first wrong answer; undefined if all are right. */
  readonly problem: string | undefined;
}

export interface Deviation {
  readonly output: string;
  /** The largest absolute error. */
  readonly deviation: number;
  readonly tolerance: number;
}

export interface CheckOptions extends Pick<Config, 'executionProviders'> {
  readonly manifest: Manifest;
  readonly version: string;
  /** The folder of the version. */
  readonly folder: string;
  /** The threads of ONNX Runtime in one run. */
  readonly threads: number;
  /** The most memory of the model's process, see `workers/runtimes/memoryLimit.ts`; 0 means no limit. */
  readonly maxMib: number;
}

const FULL_BATCH_RUNS = 5;

/** Checks a version. A fault of the version is not thrown, but stands in the report. */
export async function checkVersion(options: CheckOptions): Promise<VersionReport> {
  const { version, manifest, folder, executionProviders, threads, maxMib } = options;
  let report: VersionReport = { version };
  try {
    const record = await readVersion(folder);
    const { sha256 } = record;
    report = { ...report, sha256, sizeBytes: await bytesOf(record) };
    const goldenRows = await goldenRowsOf(manifest, record);
    const inspection = await inspectVersion(record, { manifest, executionProviders, threads, maxMib });
    try {
      const files = filesToLoad(record);
      const loaded = await inspection.load({ ...files, manifest, executionProviders, threads });
      report = { ...report, loaded, peakBytes: inspection.peakBytes };
      const golden = await runGoldenRows(inspection, manifest, goldenRows);
      report = { ...report, golden, peakBytes: inspection.peakBytes, problem: golden.problem };
    } finally {
      await inspection[Symbol.asyncDispose]();
      report = { ...report, warningCount: inspection.warningCount };
    }
    return report;
  } catch (error) {
    return { ...report, problem: messageOf(error) };
  }
}

async function runGoldenRows(
  inspection: Inspection,
  manifest: Manifest,
  golden: GoldenRows,
): Promise<GoldenReport> {
  const { alone, full } = goldenBatches(manifest, golden);
  const runs = [...alone, ...Array.from({ length: FULL_BATCH_RUNS }, () => full).flat()];
  const oneRowMs: number[] = [];
  const fullBatchMs: number[] = [];
  const deviations = numberOutputs(manifest).map((output) => ({
    output,
    deviation: 0,
    tolerance: toleranceOf(golden.tolerance, output),
  }));
  let problem: string | undefined;
  for (const batch of runs) {
    const inputs = batch.map(({ input }) => input);
    const { predictions, computeMs } = await runRows(inspection, manifest, inputs);
    (full.includes(batch) ? fullBatchMs : oneRowMs).push(computeMs);
    const wanted = batch.map(({ output }) => output);
    for (const entry of deviations)
      entry.deviation = Math.max(entry.deviation, largestDeviation(entry.output, wanted, predictions));
    problem ??= goldenProblem(() => compareWithGolden(batch, predictions, golden.tolerance));
  }
  const [worst] = deviations.toSorted((a, b) => usedTolerance(b) - usedTolerance(a));
  return {
    rows: golden.rows.length,
    worst,
    oneRowMs: median(oneRowMs),
    fullBatchMs: median(fullBatchMs),
    problem,
  };
}

function numberOutputs({ outputs }: Manifest): readonly string[] {
  return outputs.filter(({ type }) => type !== 'string' && type !== 'boolean').map(({ name }) => name);
}

/** The deviation as a fraction of its tolerance. */
function usedTolerance({ deviation, tolerance }: Deviation): number {
  return deviation === 0 ? 0 : deviation / tolerance;
}

function goldenProblem(compare: () => void): string | undefined {
  try {
    compare();
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

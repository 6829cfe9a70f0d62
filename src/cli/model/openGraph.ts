/** Brings an ONNX file into the folder of a version, and opens it for trial runs. */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { GraphSignature } from '../../../workers/runtimes/onnx/signature.ts';
import { LoadRefused } from '../../../workers/runtimes/sessionProcess.ts';
import { messageOf } from '../../contract/errors.ts';
import { MODEL_FILE } from '../../models/versionFiles.ts';
import { printable } from '../../process/printable.ts';
import { MODEL_MAX_BYTES, readRegularFile } from '../../process/regularFile.ts';
import { TrialRuns } from './discovery/trialRuns.ts';
import { RUN_TIMEOUT_MS } from './draft.ts';
import { loadAdvice } from './loadAdvice.ts';
import { isNotThere, ModelFileError } from './modelFileError.ts';
import { replaceLocale } from './onnx/mend.ts';
import { encodeModel } from './onnx/onnxFile.ts';
import { type Prepared, prepareModel } from './onnx/prepare.ts';

export interface OpenGraph extends Pick<Prepared, 'model' | 'exporter' | 'labels' | 'changes'> {
  readonly signature: GraphSignature;
  /** Hex SHA-256 of the file in the folder. */
  readonly sha256: string;
  /** The names of the files in the folder in which it keeps weights. */
  readonly beside: readonly string[];
  readonly runs: TrialRuns;
}

interface OpenOptions {
  /** Path of the ONNX file. */
  readonly file: string;
  /** The folder of the version. */
  readonly folder: string;
  /** Outputs that are not served. */
  readonly leaveOut: readonly string[];
  readonly maxMib: number;
}

/**
 * @returns the opened graph. The caller ends its `runs`.
 * @throws {ModelFileError} naming everything that stands in the way, with advice.
 */
export async function openGraph({ file, folder, leaveOut, maxMib }: OpenOptions): Promise<OpenGraph> {
  const source = basename(file);
  const prepared = await prepareModel({
    bytes: await readModel(file),
    source,
    folder: dirname(file),
    leaveOut,
  });
  if (typeof prepared === 'string') throw new ModelFileError(prepared);
  if (prepared.problems.length > 0)
    throw new ModelFileError(
      `${source}, made by ${printable(prepared.exporter.name)}, cannot be served as it is:\n${prepared.problems.map((text) => `- ${text}`).join('\n')}`,
    );
  const target = join(folder, MODEL_FILE);
  const beside = prepared.beside.map(({ name }) => name);
  const runs = new TrialRuns({ file: target, beside, maxMib, runTimeoutMs: RUN_TIMEOUT_MS });
  try {
    await writeFile(target, prepared.bytes);
    for (const { path, name } of prepared.beside)
      await copyFile(path, join(folder, name), constants.COPYFILE_FICLONE);
    const opened = await openMending(runs, prepared, target, source);
    return { ...prepared, ...opened, beside, runs };
  } catch (error) {
    await runs[Symbol.asyncDispose]();
    throw error;
  }
}

/** Opens the file. If this machine lacks the locale that it wants, changes it to one that every machine has. */
async function openMending(runs: TrialRuns, prepared: Prepared, target: string, source: string) {
  const { model, exporter, changes } = prepared;
  try {
    return { signature: await runs.open(), sha256: digestOf(prepared.bytes), changes };
  } catch (error) {
    if (!(error instanceof LoadRefused)) throw error;
    const change = /locale/.test(error.message) ? replaceLocale(model) : undefined;
    if (change === undefined) throw new ModelFileError(loadAdvice(source, error.message, exporter));
    const bytes = encodeModel(model);
    await writeFile(target, bytes);
    try {
      return { signature: await runs.open(), sha256: digestOf(bytes), changes: [...changes, change] };
    } catch {
      throw new ModelFileError(loadAdvice(source, error.message, exporter));
    }
  }
}

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function readModel(file: string): Promise<Buffer> {
  try {
    return await readRegularFile(file, MODEL_MAX_BYTES);
  } catch (error) {
    if (isNotThere(error)) throw new ModelFileError(`${file} is not there`);
    if (error instanceof Error && 'syscall' in error) throw error;
    throw new ModelFileError(`${file} must be an ONNX file: ${messageOf(error)}`);
  }
}

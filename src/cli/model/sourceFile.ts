/** Finds the ONNX file in what other tools keep models in: folders of Triton, MLflow and Hugging Face, or a web address. */
import { createWriteStream, existsSync } from 'node:fs';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { messageOf } from '../../contract/errors.ts';
import { MAX_RUN_ROWS } from '../../models/manifest.ts';
import { MODEL_MAX_BYTES, RECORD_MAX_BYTES, readRegularFile } from '../../process/regularFile.ts';
import { ModelFileError } from './modelFileError.ts';

export interface SourceFile extends AsyncDisposable {
  /** Path of the ONNX file. */
  readonly file: string;
  /** The most rows of a run, where the folder says it. */
  readonly maxBatchSize?: number | undefined;
  /** What the folder has beside it: a sentence each. */
  readonly notes: readonly string[];
}

/** The longest time without a byte, before an answer and within it. A server across the world needs seconds. */
const SILENCE_MS = 30_000;

/**
 * @param from a path, or an address of HTTP.
 * @param silenceMs the longest time in which a server sends nothing.
 * @throws {ModelFileError} if there is no ONNX file.
 */
export async function findSource(from: string, silenceMs = SILENCE_MS): Promise<SourceFile> {
  if (/^https?:\/\//i.test(from)) return await download(from, silenceMs);
  const found = await stat(from).catch(() => undefined);
  if (!found?.isDirectory()) return local(from);
  if (existsSync(join(from, 'config.pbtxt'))) return await fromTriton(from);
  if (existsSync(join(from, 'MLmodel'))) return await fromMlflow(from);
  for (const file of ['onnx/model.onnx', 'model.onnx'])
    if (existsSync(join(from, file))) return local(join(from, file), tokenizerNote(from));
  const files = (await readdir(from)).filter((name) => name.endsWith('.onnx'));
  const [file] = files;
  if (file !== undefined && files.length === 1) return local(join(from, file));
  throw new ModelFileError(
    `${from} must have one ONNX file, or be a model folder of Triton (config.pbtxt), MLflow (MLmodel) or Hugging Face (model.onnx), got ${files.join(', ') || 'none'}`,
  );
}

const CODE = ['predictor.py', 'predictor.js', 'predictor.ts', 'serve'];

/** Whether a folder has a model in ONNX, and no code that runs it. */
export async function holdsOnnx(folder: string): Promise<boolean> {
  const names = await readdir(folder);
  if (CODE.some((name) => names.includes(name))) return false;
  return names.some((name) => /^(config\.pbtxt|MLmodel|onnx)$|\.onnx$/.test(name));
}

function local(
  file: string,
  notes: readonly string[] = [],
  more: Pick<SourceFile, 'maxBatchSize'> = {},
): SourceFile {
  return { file, notes, ...more, [Symbol.asyncDispose]: async () => {} };
}

/** The newest version of a model in a repository of Triton. */
async function fromTriton(folder: string): Promise<SourceFile> {
  const config = await textOf(join(folder, 'config.pbtxt'));
  const [, name = 'model.onnx'] = /default_model_filename\s*:\s*"([^"/\\]+)"/.exec(config) ?? [];
  const rows = Number(/max_batch_size\s*:\s*(\d+)/.exec(config)?.[1] ?? 0);
  const versions = (await readdir(folder)).filter((entry) => /^[1-9]\d*$/.test(entry));
  const newest = versions.toSorted((a, b) => Number(b) - Number(a))[0] ?? '1';
  const file = join(folder, newest, name);
  if (!existsSync(file))
    throw new ModelFileError(`${folder} is a model of Triton without an ONNX file: ${file} is not there`);
  return local(file, [], { maxBatchSize: rows > 0 ? Math.min(rows, MAX_RUN_ROWS) : undefined });
}

async function fromMlflow(folder: string): Promise<SourceFile> {
  const text = await textOf(join(folder, 'MLmodel'));
  const [, name] = /^ {2}onnx:\n(?: {4}.*\n)*? {4}data:\s*([\w.-]+)/m.exec(text) ?? [];
  if (name === undefined)
    throw new ModelFileError(
      `${folder} is a model of MLflow without the flavour onnx: log it with mlflow.onnx.log_model`,
    );
  return local(join(folder, name));
}

function tokenizerNote(folder: string): readonly string[] {
  return existsSync(join(folder, 'tokenizer.json'))
    ? ['tokenizer.json lies beside the model: clients give its numbers, unless the manifest takes texts']
    : [];
}

async function textOf(file: string): Promise<string> {
  return (await readRegularFile(file, RECORD_MAX_BYTES)).toString();
}

/** Downloads one file. Weights beside it are not fetched. */
async function download(address: string, silenceMs: number): Promise<SourceFile> {
  const name = basename(new URL(address).pathname) || 'model.onnx';
  const folder = await mkdtemp(join(tmpdir(), 'tidings-download-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  let bytes = 0;
  const silence = new AbortController();
  const giveUp = () =>
    silence.abort(new Error(`the server has sent nothing for ${silenceMs} ms, after ${bytes} bytes`));
  const timer = setTimeout(giveUp, silenceMs);
  try {
    const answer = await fetch(address, { signal: silence.signal });
    if (!answer.ok || answer.body === null) throw new Error(`it answers with ${answer.status}`);
    const limited = async function* (chunks: AsyncIterable<Uint8Array>) {
      for await (const chunk of chunks) {
        timer.refresh();
        bytes += chunk.length;
        if (bytes > MODEL_MAX_BYTES) throw new Error(`it is larger than ${MODEL_MAX_BYTES} bytes`);
        yield chunk;
      }
    };
    const file = join(folder, name);
    await pipeline(Readable.from(limited(answer.body)), createWriteStream(file));
    return { file, notes: [], [Symbol.asyncDispose]: remove };
  } catch (error) {
    await remove();
    // Of `fetch`, the cause says what has failed.
    const cause = error instanceof Error ? (error.cause ?? error) : error;
    throw new ModelFileError(`${address} cannot be fetched: ${messageOf(cause)}`);
  } finally {
    clearTimeout(timer);
  }
}

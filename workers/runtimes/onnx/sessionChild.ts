/**
 * A process with sessions, and the only code that uses ONNX Runtime. A run blocks this process from start to end and
 * may kill it. The parent, which speaks to the broker, neither blocks nor dies with it. Requests are answered one after
 * another: so the parent knows which session was at work if this process dies.
 */
import { createHash } from 'node:crypto';
import { setPriority } from 'node:os';
import { dirname } from 'node:path';
import { env, InferenceSession, Tensor } from 'onnxruntime-node';
import { messageOf } from '../../../src/contract/errors.ts';
import {
  graphOutputsOf,
  isMediaOutput,
  isPlainInput,
  type Manifest,
  rowShapeOf,
} from '../../../src/models/manifest.ts';
import { keepCompiled } from '../../../src/process/compileCache.ts';
import { MODEL_MAX_BYTES, readRegularFile } from '../../../src/process/regularFile.ts';
import { Media } from '../../media/media.ts';
import type { TensorData } from '../../tensorLayout.ts';
import { limitMemory } from '../memoryLimit.ts';
import { peakBytesOf, resetPeak } from '../processMemory.ts';
import type {
  Answered,
  Asked,
  DescribeRequest,
  LoadRequest,
  Measured,
  RunRequest,
  SessionAnswer,
  SessionRequest,
  TryRequest,
} from '../sessionMessages.ts';
import type { OutputTensors } from './decoder.ts';
import type { Column, Columns, GivenColumns } from './encoder.ts';
import { findExternalData } from './externalData.ts';
import { signatureProblems } from './signature.ts';

/** The time between measurements. One takes 0.5 ms, too long for every run. */
const MEASURE_INTERVAL_MS = 1_000;
/** The argument that turns the log on, and the level of the log. */
const WARNING = 'warning';
/** Before the processes that speak to clients and to the broker: they would otherwise take the core from a run. */
const PRIORITY = -5;
/** Resolves once the memory limit of this process is set. The argument is the limit in MiB; 0: no limit. */
const limited = limit(Number(process.argv[2] ?? 0));

/** The loaded models, by the parent's numbers. */
const models = new Map<number, LoadedModel>();
/** The file that was described last, for trials. */
let described: InferenceSession | undefined;
let willMeasure = false;
/** Resolves once all requests so far are answered. */
let answered = Promise.resolve();

interface LoadedModel {
  readonly session: InferenceSession;
  readonly feeds: readonly Feed[];
  readonly fetches: readonly string[];
  /** The outputs that the parent decodes. */
  readonly answers: ReadonlySet<string>;
  /** Undefined if the model has no pictures, sounds or texts. */
  readonly media: Media | undefined;
}

/** An input of the graph. */
interface Feed {
  readonly tensor: string;
  /** The least dimensions of its tensor. A column of single values gets more of them: [N, 1] from [N]. */
  readonly rank: number;
}

// The errors of ONNX Runtime say enough. Its own log would print names from model files to a terminal, unescaped. It is
// on only where the parent reads it.
env.logLevel = process.argv[3] === WARNING ? WARNING : 'fatal';

preferThisThread();

// Without its parent this process has no purpose. The parent handles signals.
process.on('disconnect', () => process.exit(0));
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});

keepCompiled();

process.on('message', (asked: Asked) => {
  answered = answered.then(() => answer(asked));
});

async function answer({ id, request }: Asked): Promise<void> {
  const answer = await answerTo(request);
  const measures = request.type !== 'run' || request.measure;
  tell({ id, answer, ...(measures && { peakBytes: await peakBytesOf(process.pid) }) });
  if (!measures) measureSoon();
}

/** If the parent is gone, it needs no answer. */
function tell(message: Answered | Measured): void {
  process.send?.(message, () => {});
}

/** Runs are in this thread, and threads that it starts inherit its priority. */
function preferThisThread(): void {
  try {
    setPriority(PRIORITY);
  } catch {
    // The system does not allow it to this user.
  }
}

function measureSoon(): void {
  if (willMeasure) return;
  willMeasure = true;
  setTimeout(async () => {
    willMeasure = false;
    tell({ peakBytes: await peakBytesOf(process.pid) });
  }, MEASURE_INTERVAL_MS);
}

async function limit(mib: number): Promise<string | undefined> {
  if (mib === 0) return undefined;
  return await limitMemory(process.pid, mib).then(
    () => undefined,
    (error: unknown) => `the process could not be held to SESSION_MAX_MIB: ${messageOf(error)}`,
  );
}

async function answerTo(request: SessionRequest): Promise<SessionAnswer> {
  const reason = await limited;
  if (reason !== undefined) return { type: 'refused', reason };
  switch (request.type) {
    case 'load':
      return load(request);
    case 'run':
      return run(request);
    case 'unload':
      return unload(request.model);
    case 'describe':
      return describe(request);
    case 'try':
      return tryRun(request);
  }
}

async function load(request: LoadRequest): Promise<SessionAnswer> {
  const { model, file, manifest, executionProviders, threads } = request;
  const bytesBefore = await peakBytesOf(process.pid);
  const read = await readModel(request);
  if (typeof read === 'string') return { type: 'refused', reason: `${file}: ${read}` };
  const passedOver: string[] = [];
  for (const executionProvider of executionProviders) {
    let session: InferenceSession;
    try {
      session = await createSession(read, {
        executionProviders: [executionProvider],
        intraOpNumThreads: threads,
        interOpNumThreads: 1,
      });
    } catch (error) {
      passedOver.push(`${executionProvider}: ${messageOf(error)}`);
      continue;
    }
    const problems = signatureProblems(manifest, session);
    if (problems.length > 0) {
      await session.release();
      return { type: 'refused', reason: `${file} and the manifest disagree: ${problems.join('; ')}` };
    }
    let media: Media | undefined;
    try {
      media = await Media.open(manifest, dirname(file));
    } catch (error) {
      await session.release();
      return { type: 'refused', reason: messageOf(error) };
    }
    const fetches = [...new Set(manifest.outputs.flatMap(graphOutputsOf))];
    const decoded = manifest.outputs.filter((output) => !isMediaOutput(output));
    const answers = new Set(decoded.map(({ tensor }) => tensor));
    models.set(model, { session, feeds: feedsOf(manifest, session), fetches, answers, media });
    const inputs = [...session.inputNames];
    await forget(read);
    return { type: 'loaded', executionProvider, inputs, passedOver, bytesBefore };
  }
  return { type: 'refused', reason: `${file} could not be loaded by ${passedOver.join('; ')}` };
}

async function run({ model, columns }: RunRequest): Promise<SessionAnswer> {
  const loaded = models.get(model);
  if (loaded === undefined) return { type: 'failed', reason: 'the model is not loaded' };
  return runIn(loaded, columns);
}

async function tryRun({ columns, fetches }: TryRequest): Promise<SessionAnswer> {
  if (described === undefined) return { type: 'failed', reason: 'no file was described' };
  const feeds = Object.keys(columns).map((tensor) => ({ tensor, rank: 0 }));
  const answers = new Set(fetches);
  return runIn({ session: described, feeds, fetches, answers, media: undefined }, columns);
}

async function runIn(loaded: LoadedModel, columns: GivenColumns): Promise<SessionAnswer> {
  const startedAt = performance.now();
  try {
    const made = await loaded.media?.decode(columns);
    const outputs = await runSession(made?.columns ?? (columns as Columns), loaded);
    const media = made && (await loaded.media?.answer(outputs, made));
    const computeMs = performance.now() - startedAt;
    return { type: 'ran', outputs: answersIn(outputs, loaded), computeMs, ...(media && { media }) };
  } catch (error) {
    return { type: error instanceof RangeError ? 'invalid' : 'failed', reason: messageOf(error) };
  }
}

/** @returns no outputs if there are no columns: then all rows are at fault. */
async function runSession(columns: Columns, loaded: LoadedModel): Promise<OutputTensors> {
  if (loaded.feeds.length > 0 && Object.keys(columns).length === 0) return {};
  const results = await loaded.session.run(tensorsOf(columns, loaded), [...loaded.fetches]);
  return Object.fromEntries(
    Object.entries(results).map(([name, { data, dims }]) => [name, { data: data as TensorData, dims }]),
  );
}

/** The tensors of media outputs stay here: their answers are made of them. */
function answersIn(outputs: OutputTensors, { answers, media }: LoadedModel): OutputTensors {
  if (media === undefined) return outputs;
  return Object.fromEntries(Object.entries(outputs).filter(([name]) => answers.has(name)));
}

async function unload(model: number): Promise<SessionAnswer> {
  await models.get(model)?.session.release();
  models.delete(model);
  return { type: 'unloaded' };
}

function feedsOf({ inputs }: Pick<Manifest, 'inputs'>, { inputMetadata }: InferenceSession): readonly Feed[] {
  const singles = new Set(
    inputs
      .filter((input) => isPlainInput(input) && rowShapeOf(input).length === 0)
      .map(({ tensor }) => tensor),
  );
  return inputMetadata.map((value) => ({
    tensor: value.name,
    rank: value.isTensor && singles.has(value.name) ? value.shape.length : 0,
  }));
}

function tensorsOf(columns: Columns, { feeds }: LoadedModel): Record<string, Tensor> {
  return Object.fromEntries(
    feeds.map(({ tensor, rank }) => {
      const column = columns[tensor];
      if (column === undefined)
        throw new Error(`a batch has a column for each input, got none for ${tensor}`);
      return [tensor, toTensor(column, rank)];
    }),
  );
}

function toTensor({ type, data, dims: given }: Column, rank: number): Tensor {
  const dims = [...given, ...new Array<number>(Math.max(0, rank - given.length)).fill(1)];
  if (type === 'string') return new Tensor('string', data as string[], dims);
  const tensor = new Tensor(type, data as Exclude<typeof data, Float16Array>, dims);
  // `Tensor` takes the elements of float16 as Float16Array only, and the binding as Uint16Array only.
  return data instanceof Float16Array
    ? Object.defineProperty(tensor, 'data', {
        value: new Uint16Array(data.buffer, data.byteOffset, data.length),
      })
    : tensor;
}

async function describe(request: DescribeRequest): Promise<SessionAnswer> {
  const read = await readModel(request);
  if (typeof read === 'string') return { type: 'refused', reason: read };
  try {
    await described?.release();
    described = undefined;
    const options = { executionProviders: ['cpu'], intraOpNumThreads: 1, interOpNumThreads: 1 };
    described = await createSession(read, options);
    const { inputMetadata, outputMetadata } = described;
    return { type: 'described', inputMetadata, outputMetadata };
  } catch (error) {
    return { type: 'refused', reason: messageOf(error) };
  }
}

interface ModelFile {
  readonly bytes: Buffer<ArrayBuffer>;
  /** Its path, if weights are in files beside it. ONNX Runtime finds these, and maps them into memory, by the path. */
  readonly path: string | undefined;
}

/**
 * Reads a model file once. The same bytes are checked, digested and loaded, even if the file is replaced meanwhile. Only
 * one with weights beside it is read by ONNX Runtime again.
 *
 * @returns a text if the file cannot be loaded: its fault.
 */
async function readModel({
  file,
  beside,
  sha256,
}: Pick<LoadRequest, 'file' | 'beside'> & Partial<Pick<LoadRequest, 'sha256'>>): Promise<ModelFile | string> {
  try {
    const bytes = await readRegularFile(file, MODEL_MAX_BYTES);
    const digest = createHash('sha256').update(bytes).digest('hex');
    if (digest !== (sha256 ?? digest))
      return `it must have the SHA-256 of its version.json, ${sha256}, got ${digest}`;
    const external = findExternalData(bytes, beside);
    return typeof external === 'string' ? external : { bytes, path: external.isThere ? file : undefined };
  } catch (error) {
    return messageOf(error);
  }
}

function createSession(
  { bytes, path }: ModelFile,
  options: InferenceSession.SessionOptions,
): Promise<InferenceSession> {
  return path === undefined
    ? InferenceSession.create(bytes, options)
    : InferenceSession.create(path, options);
}

/** Frees the bytes of the model file after loading. The peak of loading is over. */
async function forget({ bytes }: ModelFile): Promise<void> {
  bytes.buffer.transfer(0);
  await resetPeak(process.pid);
}

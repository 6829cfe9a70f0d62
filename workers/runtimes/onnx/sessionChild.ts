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
import { MODEL_MAX_BYTES, readRegularFile } from '../../../src/process/regularFile.ts';
import { Media } from '../../media/media.ts';
import type { TensorData } from '../../tensorLayout.ts';
import { limitMemory } from '../memoryLimit.ts';
import { peakBytesOf, resetPeak } from '../processMemory.ts';
import type {
  Answered,
  Asked,
  LoadRequest,
  Measured,
  RunRequest,
  SessionAnswer,
  SessionRequest,
  TryRequest,
} from '../sessionMessages.ts';
import type { OutputTensors } from './decoder.ts';
import type { Column, Columns, GivenColumns } from './encoder.ts';
import { externalDataProblem } from './externalData.ts';
import { signatureProblems } from './signature.ts';

/** The time between measurements. One takes 0.5 ms, too long for every run. */
const MEASURE_INTERVAL_MS = 1_000;
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

// The errors of ONNX Runtime say enough. Its own log would print names from model files to a terminal, unescaped.
env.logLevel = 'fatal';

preferThisThread();

// Without its parent this process has no purpose. The parent handles signals.
process.on('disconnect', () => process.exit(0));
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});

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
      return describe(request.file);
    case 'try':
      return tryRun(request);
  }
}

async function load({
  model,
  file,
  sha256,
  manifest,
  executionProviders,
  threads,
}: LoadRequest): Promise<SessionAnswer> {
  const bytesBefore = await peakBytesOf(process.pid);
  const bytes = await readModel(file, sha256);
  if (typeof bytes === 'string') return { type: 'refused', reason: `${file}: ${bytes}` };
  const passedOver: string[] = [];
  for (const executionProvider of executionProviders) {
    let session: InferenceSession;
    try {
      session = await InferenceSession.create(bytes, {
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
    await forget(bytes);
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
    return { type: 'failed', reason: messageOf(error) };
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

async function describe(file: string): Promise<SessionAnswer> {
  const bytes = await readModel(file);
  if (typeof bytes === 'string') return { type: 'refused', reason: bytes };
  try {
    await described?.release();
    described = undefined;
    const options = { executionProviders: ['cpu'], intraOpNumThreads: 1, interOpNumThreads: 1 };
    described = await InferenceSession.create(bytes, options);
    const { inputMetadata, outputMetadata } = described;
    return { type: 'described', inputMetadata, outputMetadata };
  } catch (error) {
    return { type: 'refused', reason: messageOf(error) };
  }
}

/**
 * Reads a model file once. The same bytes are checked, digested and loaded, even if the file is replaced meanwhile.
 *
 * @param sha256 its digest, if it is known.
 * @returns the bytes, or the fault of the file.
 */
async function readModel(file: string, sha256?: string): Promise<Buffer<ArrayBuffer> | string> {
  try {
    const bytes = await readRegularFile(file, MODEL_MAX_BYTES);
    const digest = createHash('sha256').update(bytes).digest('hex');
    if (digest !== (sha256 ?? digest))
      return `it must have the SHA-256 of its version.json, ${sha256}, got ${digest}`;
    return externalDataProblem(bytes) ?? bytes;
  } catch (error) {
    return messageOf(error);
  }
}

/** Frees the bytes of the model file after loading. The peak of loading is over. */
async function forget(bytes: Buffer<ArrayBuffer>): Promise<void> {
  bytes.buffer.transfer(0);
  await resetPeak(process.pid);
}

/**
 * The process of one session: the only place that speaks ONNX Runtime. A run blocks this process from start to end
 * and may kill it; the parent, which speaks to the broker, neither blocks nor dies with it.
 */
import { createHash } from 'node:crypto';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { messageOf } from '../src/errors.ts';
import { type Manifest, sizeOf } from '../src/models/manifest.ts';
import { MODEL_MAX_BYTES, readRegularFile } from '../src/regularFile.ts';
import type { Column, Columns, OutputColumns, TensorData } from './encoder.ts';
import { externalDataProblem } from './externalData.ts';
import type { Answered, Asked, LoadRequest, SessionAnswer, SessionRequest } from './sessionMessages.ts';
import { signatureProblems } from './signature.ts';

/** To read it takes 27 µs: too long for every run. */
const MEASURE_INTERVAL_MS = 1_000;

let session: InferenceSession | undefined;
let feeds: readonly Feed[] = [];
let fetches: readonly string[] = [];
let resident = { bytes: 0, measuredAt: 0, rows: 0 };

/** How an input of the graph takes its column. */
interface Feed {
  readonly tensor: string;
  /** Elements in a row: 1, or the size of a vector. */
  readonly width: number;
  /** Of the tensor: 1 for [N], 2 for [N, width]. */
  readonly rank: number;
}

// A process of its own without anybody to speak to has no purpose; signals are the parent's business.
process.on('disconnect', () => process.exit(0));
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});

process.on('message', async ({ id, request }: Asked) => {
  const answer = await answerTo(request);
  // A parent that leaves just now needs no answer.
  process.send?.({ id, answer } satisfies Answered, () => {});
});

function answerTo(request: SessionRequest): Promise<SessionAnswer> {
  switch (request.type) {
    case 'load':
      return load(request);
    case 'run':
      return run(request.columns);
    case 'describe':
      return describe(request.file);
  }
}

async function load({
  file,
  sha256,
  manifest,
  executionProviders,
  threads,
}: LoadRequest): Promise<SessionAnswer> {
  const bytes = await readModel(file);
  if (typeof bytes === 'string') return { type: 'refused', reason: `${file} cannot be served: ${bytes}` };
  const digest = createHash('sha256').update(bytes).digest('hex');
  if (digest !== sha256) {
    return {
      type: 'refused',
      reason: `${file} must have the SHA-256 of its version.json, ${sha256}, got ${digest}`,
    };
  }
  const passedOver: string[] = [];
  for (const executionProvider of executionProviders) {
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
    if (problems.length > 0)
      return { type: 'refused', reason: `${file} and the manifest disagree: ${problems.join('; ')}` };
    feeds = feedsOf(manifest, session);
    fetches = manifest.outputs.map(({ tensor }) => tensor);
    const inputs = [...session.inputNames];
    return { type: 'loaded', executionProvider, inputs, passedOver, residentBytes: residentBytes(0) };
  }
  return { type: 'refused', reason: `${file} could not be loaded by ${passedOver.join('; ')}` };
}

async function run(columns: Columns): Promise<SessionAnswer> {
  if (session === undefined) return { type: 'failed', reason: 'no model is loaded' };
  const startedAt = performance.now();
  try {
    const results = await session.run(tensorsOf(columns), [...fetches]);
    const outputs: OutputColumns = Object.fromEntries(
      Object.entries(results).map(([name, { data, dims }]) => [name, { data: data as TensorData, dims }]),
    );
    const computeMs = performance.now() - startedAt;
    const [first] = Object.values(columns);
    return { type: 'ran', outputs, computeMs, residentBytes: residentBytes(first?.data.length ?? 0) };
  } catch (error) {
    return { type: 'failed', reason: messageOf(error) };
  }
}

/** Of inputs that the graph leaves out, the columns are left out too. */
function feedsOf({ inputs }: Pick<Manifest, 'inputs'>, { inputMetadata }: InferenceSession): readonly Feed[] {
  return inputs.flatMap((input) => {
    const value = inputMetadata.find(({ name }) => name === input.tensor);
    return value?.isTensor
      ? [{ tensor: input.tensor, width: sizeOf(input) ?? 1, rank: value.shape.length }]
      : [];
  });
}

function tensorsOf(columns: Columns): Record<string, Tensor> {
  return Object.fromEntries(
    feeds.map(({ tensor, width, rank }) => {
      const column = columns[tensor];
      if (column === undefined)
        throw new Error(`a batch has a column for each input, got none for ${tensor}`);
      const rows = column.data.length / width;
      return [tensor, toTensor(column, rank === 1 ? [rows] : [rows, width])];
    }),
  );
}

function toTensor({ type, data }: Column, dims: readonly number[]): Tensor {
  return type === 'string' ? new Tensor('string', data as string[], dims) : new Tensor(type, data, dims);
}

async function describe(file: string): Promise<SessionAnswer> {
  const bytes = await readModel(file);
  if (typeof bytes === 'string') return { type: 'refused', reason: bytes };
  try {
    const described = await InferenceSession.create(bytes, { executionProviders: ['cpu'] });
    const { inputMetadata, outputMetadata } = described;
    await described.release();
    return { type: 'described', inputMetadata, outputMetadata };
  } catch (error) {
    return { type: 'refused', reason: messageOf(error) };
  }
}

/**
 * Reads a model file once: what is loaded are the bytes that were looked at and have the digest, whatever comes into the
 * file's place meanwhile.
 *
 * @returns why there is none to load, if so.
 */
async function readModel(file: string): Promise<Buffer<ArrayBuffer> | string> {
  try {
    const bytes = await readRegularFile(file, MODEL_MAX_BYTES);
    return externalDataProblem(bytes) ?? bytes;
  } catch (error) {
    return messageOf(error);
  }
}

/**
 * What this process takes up: as of a second ago at most, and anew after a run of more rows than any before, which may
 * have taken more.
 */
function residentBytes(rows: number): number {
  const now = performance.now();
  if (now - resident.measuredAt >= MEASURE_INTERVAL_MS || rows > resident.rows || resident.bytes === 0)
    resident = { bytes: process.memoryUsage.rss(), measuredAt: now, rows: Math.max(rows, resident.rows) };
  return resident.bytes;
}

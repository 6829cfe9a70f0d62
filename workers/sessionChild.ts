/**
 * The process of one session: the only place that speaks ONNX Runtime. A run blocks this process from start to end
 * and may kill it; the parent, which speaks to the broker, neither blocks nor dies with it.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { messageOf } from '../src/errors.ts';
import type { Columns, OutputColumns, TensorData } from './encoder.ts';
import type { SessionAnswer, SessionRequest } from './sessionMessages.ts';
import { signatureProblems } from './signature.ts';

type LoadRequest = Extract<SessionRequest, { type: 'load' }>;

let session: InferenceSession | undefined;
let fetches: readonly string[] = [];

// A process of its own without anybody to speak to has no purpose; signals are the parent's business.
process.on('disconnect', () => process.exit(0));
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});

process.on('message', async (request: SessionRequest) => {
  const answer = request.type === 'load' ? await load(request) : await run(request.columns);
  // A parent that leaves just now needs no answer.
  process.send?.(answer, () => {});
});

async function load({
  file,
  sha256,
  manifest,
  executionProviders,
  threads,
}: LoadRequest): Promise<SessionAnswer> {
  const digest = await digestOf(file).catch((error: unknown) => messageOf(error));
  if (digest !== sha256) {
    return {
      type: 'refused',
      reason: `${file} must have the SHA-256 of its version.json, ${sha256}, got ${digest}`,
    };
  }
  const passedOver: string[] = [];
  for (const executionProvider of executionProviders) {
    try {
      session = await InferenceSession.create(file, {
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
    fetches = manifest.outputs.map(({ tensor }) => tensor);
    return { type: 'loaded', executionProvider, passedOver };
  }
  return { type: 'refused', reason: `${file} could not be loaded by ${passedOver.join('; ')}` };
}

async function run(columns: Columns): Promise<SessionAnswer> {
  if (session === undefined) return { type: 'failed', reason: 'no model is loaded' };
  const startedAt = performance.now();
  try {
    const feeds = Object.fromEntries(
      Object.entries(columns).map(([name, { type, data }]) => [name, new Tensor(type, data, [data.length])]),
    );
    const results = await session.run(feeds, [...fetches]);
    const outputs: OutputColumns = Object.fromEntries(
      Object.entries(results).map(([name, { data, dims }]) => [name, { data: data as TensorData, dims }]),
    );
    return { type: 'ran', outputs, computeMs: performance.now() - startedAt };
  } catch (error) {
    return { type: 'failed', reason: messageOf(error) };
  }
}

async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

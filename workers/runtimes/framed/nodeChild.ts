/**
 * The process of a version in JavaScript or TypeScript: loads a predictor, and speaks frames for it. docs/runtimes.md
 * explains what a predictor is.
 */
import { Socket } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { messageOf } from '../../../src/contract/errors.ts';
import type { TensorType } from '../../../src/models/manifest.ts';
import { isObject } from '../../../src/process/jsonFile.ts';
import { frameColumns, readColumns, type ShapedColumn } from './frameColumns.ts';
import { type Frame, FrameReader, writeFrame } from './frames.ts';
import { outputColumns } from './nodeOutputs.ts';

/** What a version's class offers. */
interface Predictor {
  load?(folder: string): unknown;
  predict(columns: Readonly<Record<string, ShapedColumn>>): unknown;
  metadata?(): unknown;
}

const PROTOCOL = 1;
const [, , entry = ''] = process.argv;
const frames = new Socket({ fd: 3, readable: true, writable: false });
const answers = new Socket({ fd: 4, readable: false, writable: true });
let predictor: Predictor | undefined;
/** By name: the types of the manifest's outputs. */
let outputs: ReadonlyMap<string, TensorType> = new Map();
/** Resolves once all requests so far are answered. */
let answered = Promise.resolve();

// The worker handles the signals of a terminal, and decides how large an input may be.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});
const reader = new FrameReader({
  maxBodyBytes: () => Number.POSITIVE_INFINITY,
  onFrame: (frame) => {
    answered = answered.then(() => answer(frame));
  },
});
frames.on('data', (chunk: Buffer) => reader.push(chunk));
frames.on('end', () => process.exit(0));
writeFrame(answers, { type: 'ready', protocol: PROTOCOL });

async function answer(frame: Frame): Promise<void> {
  if (frame.header.type === 'load') await load(frame);
  else await run(frame);
}

async function load({ header }: Frame): Promise<void> {
  const { id } = header;
  try {
    predictor = await newPredictor();
    await predictor.load?.(process.cwd());
    const described = header.outputs as readonly { readonly name: string; readonly type: TensorType }[];
    outputs = new Map(described.map(({ name, type }) => [name, type]));
    const metadata = await predictor.metadata?.();
    writeFrame(answers, { id, type: 'loaded', metadata });
  } catch (error) {
    writeFrame(answers, { id, type: 'refused', reason: reasonOf(error) });
  }
}

async function run({ header, body }: Frame): Promise<void> {
  const { id } = header;
  try {
    const result = await predictor?.predict(readColumns(header.columns, body));
    const last = isSteps(result) ? await tellPartials(id, result) : result;
    const { columns, parts } = frameColumns(outputColumns(outputs, last));
    writeFrame(answers, { id, type: 'ran', columns }, parts);
  } catch (error) {
    writeFrame(answers, { id, type: 'failed', reason: reasonOf(error) });
  }
}

/** Sends each prediction that is yielded. @returns the last one, or the one that the generator returns. */
async function tellPartials(
  id: unknown,
  steps: AsyncIterator<unknown> | Iterator<unknown>,
): Promise<unknown> {
  let last: unknown;
  for (;;) {
    const { done, value } = await steps.next();
    if (done) return value ?? last;
    last = value;
    const { columns, parts } = frameColumns(outputColumns(outputs, value));
    writeFrame(answers, { id, type: 'partial', columns }, parts);
    // A partial output that stays in this process is shown to nobody.
    if (answers.writableNeedDrain) await new Promise((resolve) => answers.once('drain', resolve));
  }
}

async function newPredictor(): Promise<Predictor> {
  const [file = '', name = ''] = entry.split(':');
  const module: Readonly<Record<string, unknown>> = await import(
    pathToFileURL(join(process.cwd(), file)).href
  );
  const Class = module[name];
  if (typeof Class !== 'function') throw new Error(`${file} must export a class ${name}`);
  return Reflect.construct(Class, []) as Predictor;
}

function isSteps(result: unknown): result is AsyncIterator<unknown> | Iterator<unknown> {
  return isObject(result) && typeof (result as { next?: unknown }).next === 'function';
}

/** The exception in one sentence; the log gets the stack. */
function reasonOf(error: unknown): string {
  console.error(error);
  return error instanceof Error ? `${error.name}: ${error.message}` : messageOf(error);
}

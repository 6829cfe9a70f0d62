/**
 * The process of a recipe in TypeScript or JavaScript: speaks frames for it, and leaves its version in a folder. See
 * docs/training.md.
 */
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { messageOf } from '../../src/contract/errors.ts';
import { type Frame, FrameReader, writeFrame } from '../runtimes/framed/frames.ts';
import type { Recipe, RecipeRun, TrainedVersion, TrainingFiles } from './recipe.ts';

/** Errors that need no stack: the data cannot be used, or DuckDB is not installed. */
const REFUSALS: readonly string[] = ['DataError', 'PackageMissing'];
const [, , recipe = ''] = process.argv;
const frames = new Socket({ fd: 3, readable: true, writable: false });
const answers = new Socket({ fd: 4, readable: false, writable: true });
/** The checkpoints that the trainer has not kept yet, by file. */
const unkept = new Map<string, PromiseWithResolvers<void>>();
let isCancelled = false;

// The trainer handles the signals of a terminal.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});
const reader = new FrameReader({ maxBodyBytes: () => 0, onFrame: (frame) => hear(frame) });
frames.on('data', (chunk: Buffer) => reader.push(chunk));
frames.on('end', () => process.exit(1));
writeFrame(answers, { type: 'ready', protocol: 1 });

function hear({ header }: Frame): void {
  if (header.type === 'train') void run(header);
  else if (header.type === 'cancel') isCancelled = true;
  else if (header.type === 'kept') {
    unkept.get(String(header.file))?.resolve();
    unkept.delete(String(header.file));
  }
}

async function run({ files, params, seed, out, scratch, checkpoint }: Frame['header']): Promise<void> {
  const asked: RecipeRun = {
    params: params as RecipeRun['params'],
    seed: seed as number,
    scratch: scratch as string,
    resumesFrom: checkpoint as string | undefined,
    get cancelled() {
      return isCancelled;
    },
    progress: (progress) => writeFrame(answers, { type: 'progress', ...progress }),
    async checkpoint(file) {
      const kept = Promise.withResolvers<void>();
      unkept.set(file, kept);
      writeFrame(answers, { type: 'checkpoint', file });
      await kept.promise;
    },
  };
  try {
    const { train }: { readonly train?: Recipe } = await import(pathToFileURL(recipe).href);
    if (train === undefined) throw new Error(`${recipe} must export a function train`);
    await writeVersion(String(out), await train(files as TrainingFiles, console.log, asked));
    writeFrame(answers, { type: 'trained' });
  } catch (error) {
    if (!(error instanceof Error && REFUSALS.includes(error.name))) {
      console.error(error);
      // Behind the stack, since the last line is what people are shown first.
      console.error(error instanceof Error ? `${error.name}: ${error.message}` : error);
      process.exit(1);
    }
    writeFrame(answers, { type: 'refused', reason: messageOf(error) });
  }
  // What is not written yet would be lost.
  answers.end();
  await once(answers, 'finish');
  process.exit(0);
}

async function writeVersion(out: string, version: TrainedVersion): Promise<void> {
  const { model, metrics, golden, files = {} } = version;
  const contents = {
    ...files,
    'model.onnx': model,
    'metrics.json': JSON.stringify(metrics),
    'golden.json': JSON.stringify(golden),
  };
  for (const [name, content] of Object.entries(contents)) await writeFile(join(out, name), content);
}

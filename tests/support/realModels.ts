/**
 * Adds ONNX files as a user does, and compares the answers of the served model, alone and in a full run, with those of
 * ONNX Runtime to the same tensors. Run as a program it prints a table of a folder:
 *
 *     node tests/support/realModels.ts <folder>
 */
import { mkdtempDisposable, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { runModelCommand } from '../../src/cli/model/command.ts';
import { readManifest } from '../../src/cli/model/modelFolder.ts';
import { runRows } from '../../src/cli/model/trial.ts';
import { LOADING } from '../../src/cli/model/versionDraft.ts';
import type { Manifest } from '../../src/models/manifest.ts';
import { readVersion } from '../../src/models/versionRecord.ts';
import type { Answers } from '../../workers/answer.ts';
import { differenceOf, readGoldenRows } from '../../workers/golden.ts';
import { goldenValues } from '../../workers/goldenTensor.ts';
import { filesToLoad } from '../../workers/loadVersion.ts';
import { Inspection } from '../../workers/runtimes/inspection.ts';
import { decodeBatch, type OutputTensors } from '../../workers/runtimes/onnx/decoder.ts';
import type { Column } from '../../workers/runtimes/onnx/encoder.ts';
import { encodeBatch } from '../../workers/runtimes/onnx/encoder.ts';

export interface Outcome {
  readonly file: string;
  readonly kind: 'served' | 'refused' | 'wrong';
  /** What is served; or why the file is refused, or the answers are wrong. */
  readonly text: string;
}

/** The difference that is allowed between answers alone and in a batch, as a fraction of the largest number. */
const RELATIVE = 1e-3;

export async function onnxFilesIn(folder: string): Promise<readonly string[]> {
  return (await readdir(folder)).filter((name) => name.endsWith('.onnx')).toSorted();
}

export async function tryFile(folder: string, file: string): Promise<Outcome> {
  await using models = await mkdtempDisposable(join(tmpdir(), 'tidings-real-'));
  const told: string[] = [];
  const code = await runModelCommand(['add', join(folder, file), '--name', 'm'], {
    env: { MODELS_DIR: models.path },
    print: () => {},
    printError: (text) => told.push(text),
  });
  if (code !== 0) return { file, kind: 'refused', text: told.join('\n') };
  const manifest = await readManifest(models.path, 'm');
  const difference = await compare(manifest, join(models.path, 'm/1'));
  return difference > RELATIVE
    ? { file, kind: 'wrong', text: `differs by ${difference} of the largest number` }
    : { file, kind: 'served', text: describe(manifest) };
}

/** @returns the largest difference, as a fraction of the largest number of its output. */
async function compare(manifest: Manifest, folder: string): Promise<number> {
  const version = await readVersion(folder);
  const { rows } = await readGoldenRows(manifest, version);
  const inputs = rows.map(({ input }) => input);
  const file = join(folder, 'model.onnx');
  await using inspection = new Inspection();
  await inspection.load({ ...filesToLoad(version), manifest, ...LOADING });
  const wanted: Answers[] = [];
  for (const input of inputs) wanted.push(await answerDirectly(file, manifest, input));
  const { maxBatchSize } = manifest.batching;
  const batch = Array.from({ length: Math.min(maxBatchSize, 8) }, (_, i) => i % inputs.length);
  const together = await runRows(
    inspection,
    manifest,
    batch.map((i) => inputs[i] ?? {}),
  );
  let largest = 0;
  for (const [place, i] of batch.entries())
    largest = Math.max(largest, differenceBetween(wanted[i] ?? {}, together.predictions[place]));
  for (const [i, input] of inputs.entries()) {
    const alone = await runRows(inspection, manifest, [input]);
    largest = Math.max(largest, differenceBetween(wanted[i] ?? {}, alone.predictions[0]));
  }
  return largest;
}

/** ONNX Runtime in this process, on the tensors of one row. */
async function answerDirectly(
  file: string,
  manifest: Manifest,
  input: Parameters<typeof encodeBatch>[1][number],
): Promise<Answers> {
  const session = await InferenceSession.create(file, { logSeverityLevel: 4 });
  try {
    const run = encodeBatch(manifest, [input]);
    const feeds = session.inputMetadata.map((value) => {
      const { type, data, dims } = run.columns[value.name] as Column;
      const rank = value.isTensor ? value.shape.length : 0;
      const all = [...dims, ...new Array<number>(Math.max(0, rank - dims.length)).fill(1)];
      return [value.name, new Tensor(type, data as string[], all)] as const;
    });
    const outputs = await session.run(
      Object.fromEntries(feeds),
      manifest.outputs.map(({ tensor }) => tensor),
    );
    const [answers] = decodeBatch(manifest, { outputs: outputs as unknown as OutputTensors }, run);
    if (typeof answers !== 'object') throw new Error(answers);
    return answers;
  } finally {
    await session.release();
  }
}

function differenceBetween(wanted: Answers, got: Answers | string | undefined): number {
  if (typeof got !== 'object') return Number.POSITIVE_INFINITY;
  const differences = Object.entries(goldenValues(wanted)).map(([name, value]) => {
    const numbers = JSON.stringify(value).match(/-?\d+(\.\d+)?(e[-+]?\d+)?/g) ?? [];
    const largest = Math.max(1e-6, ...numbers.map((number) => Math.abs(Number(number))));
    return differenceOf(value, got[name]).deviation / largest;
  });
  return Math.max(0, ...differences);
}

function describe({ inputs, outputs, batching }: Manifest): string {
  const shown = (field: Manifest['inputs'][number] | Manifest['outputs'][number]) => {
    const size = 'size' in field && field.size !== undefined ? [field.size] : [];
    const shape = 'shape' in field ? field.shape : size;
    const axis = field.batchAxis === undefined ? '' : ` (batch axis ${field.batchAxis})`;
    return `${field.type}[${shape.join(', ')}]${'labels' in field ? ' with labels' : ''}${axis}`;
  };
  const rows =
    batching.fixedBatchSize === undefined
      ? `up to ${batching.maxBatchSize}`
      : `exactly ${batching.fixedBatchSize}`;
  return `${inputs.map(shown).join(', ')} → ${outputs.map(shown).join(', ')}; ${rows} a run`;
}

if (import.meta.main) {
  const [folder = '.'] = process.argv.slice(2);
  for (const file of await onnxFilesIn(folder)) {
    const { kind, text } = await tryFile(folder, file);
    process.stdout.write(`| ${file} | ${kind} | ${text.replaceAll('\n', ' ').replaceAll('|', '\\|')} |\n`);
  }
}

/**
 * Makes golden rows for a model without golden rows from its training: its own answers of today. They show whether a
 * later runtime, machine or copy of the file still gives the same answers. They do not show how good the answers are.
 */
import {
  differenceOf,
  type GoldenRow,
  type GoldenRows,
  goldenBatches,
  type Tolerance,
  toleranceOf,
} from '../../../workers/golden.ts';
import { goldenValues } from '../../../workers/goldenTensor.ts';
import type { Inspection } from '../../../workers/runtimes/inspection.ts';
import { RunFailed, RunTimedOut } from '../../../workers/runtimes/sessionProcess.ts';
import { messageOf } from '../../contract/errors.ts';
import type { Values } from '../../contract/values.ts';
import { isFloat, type Manifest } from '../../models/manifest.ts';
import { ModelFileError } from './modelFileError.ts';
import { numbersIn, runRows } from './trial.ts';

export interface PinnedRows extends GoldenRows {
  /** A text for each row that the model could not answer, with the row and the reason. */
  readonly unanswered: readonly string[];
}

/**
 * The tolerance as a fraction of the largest number. Machines and execution providers add numbers in different orders,
 * so their answers differ a little.
 */
const RELATIVE_TOLERANCE = 1e-4;
/** The least number that the tolerance is made from. */
const LEAST_NUMBER = 1e-6;
const SHOWN_CHARACTERS = 200;

export interface PinOptions {
  readonly inspection: Inspection;
  readonly manifest: Manifest;
  /** Checked against the manifest, at least one. */
  readonly rows: readonly Values[];
  /** Whether rows that the model cannot answer are left out, as long as one remains. */
  readonly mayFail: boolean;
  /** The file's name, for messages. */
  readonly source: string;
}

/**
 * Runs rows, alone and in a full batch, and keeps the answers.
 *
 * @throws {ModelFileError} naming a row without a good answer, or with another answer in a batch than alone. Other
 *   errors of `Inspection.run` pass through.
 */
export async function pinRows(options: PinOptions): Promise<PinnedRows> {
  const { manifest, rows, mayFail, source } = options;
  const pinned: GoldenRow[] = [];
  const unanswered: string[] = [];
  for (const input of rows) {
    const output = await answerTo(input, options);
    if (typeof output === 'object') pinned.push({ input, output });
    else unanswered.push(`for ${shown(input)}: ${output}`);
  }
  const [problem] = unanswered;
  if (problem !== undefined && !mayFail) throw new ModelFileError(`${source}, ${problem}`);
  if (problem !== undefined && pinned.length === 0)
    throw new ModelFileError(`${source}, ${problem}. Give a row that the model can answer with --example`);
  const tolerance = toleranceFor(manifest, pinned);
  for (const batch of goldenBatches(manifest, { rows: pinned }).full)
    await refuseOtherAnswersInBatch(options, batch, tolerance);
  return { rows: pinned, tolerance, unanswered };
}

/** @returns the prediction, or its fault. @throws {ModelFileError} if the model does not give one answer per row. */
async function answerTo(
  input: Values,
  { inspection, manifest, source }: PinOptions,
): Promise<GoldenRow['output'] | string> {
  try {
    const { predictions } = await runRows(inspection, manifest, [input]);
    const [answers = 'the model gave no answer'] = predictions;
    return typeof answers === 'string' ? answers : goldenValues(answers);
  } catch (error) {
    if (error instanceof RangeError)
      throw new ModelFileError(`${source} does not give one answer per row: ${error.message}`);
    if (error instanceof RunFailed) return error.message;
    throw error;
  }
}

/** The tolerances: a power of ten for each output of numbers, and 0 for whole numbers, which must be the same. */
function toleranceFor({ outputs }: Manifest, rows: readonly GoldenRow[]): Tolerance {
  return Object.fromEntries(
    outputs.flatMap(({ name, type }) => {
      if (type === 'string' || type === 'boolean') return [];
      if (!isFloat(type)) return [[name, 0]];
      const numbers = rows.flatMap(({ output }) => numbersIn(output[name]));
      const largest = numbers.reduce((most, number) => Math.max(most, Math.abs(number)), LEAST_NUMBER);
      return [[name, Number(`1e${Math.ceil(Math.log10(largest * RELATIVE_TOLERANCE))}`)]];
    }),
  );
}

async function refuseOtherAnswersInBatch(
  { inspection, manifest, source }: PinOptions,
  batch: readonly GoldenRow[],
  tolerance: Tolerance,
): Promise<void> {
  const inputs = batch.map(({ input }) => input);
  const { predictions } = await runRows(inspection, manifest, inputs).catch((error: unknown) => {
    if (error instanceof RunTimedOut)
      throw new ModelFileError(
        `${source}, for a batch of ${batch.length}: ${error.message}. Choose a smaller maxBatchSize (--max-batch-size of a new model)`,
      );
    if (!(error instanceof RunFailed || error instanceof RangeError)) throw error;
    const reason = messageOf(error);
    throw new ModelFileError(
      `${source} answers one row, but not a batch of ${batch.length} (${reason}): the first dimension has to vary all through the graph`,
    );
  });
  for (const [i, { input, output }] of batch.entries()) {
    const prediction = predictions[i];
    const isSame =
      typeof prediction === 'object' &&
      Object.entries(output).every(
        ([name, value]) =>
          differenceOf(value, prediction[name]).deviation <= (toleranceOf(tolerance, name) || 0),
      );
    if (isSame) continue;
    throw new ModelFileError(
      `${source} answers ${shown(input)} with ${shown(output)} alone, but in a batch with ${shown(prediction)}: an answer must not depend on other rows, nor on chance`,
    );
  }
}

/** The value as JSON, cut off if it is long. */
function shown(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
}

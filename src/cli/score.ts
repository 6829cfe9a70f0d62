/**
 * `npm run score -- --model <name> <in> <out>`: scores a Parquet or CSV file through a running Tidings.
 *
 * Exit codes: 0 scored; 1 the file or Tidings cannot be used, or no row has a prediction; 2 a wrong command line; 130
 * stopped by Ctrl-C. The rows scored before a stop or an error are kept beside the output, and the same command goes on
 * from there.
 */
import { HELP, readArguments, USAGE, UsageError } from './score/arguments.ts';
import { decideDateFormats, requestedDateFormats } from './score/dateFormats.ts';
import { failureLines } from './score/failures.ts';
import { InputFile } from './score/inputFile.ts';
import { mapInputs, missingColumns, textNumbers } from './score/mapping.ts';
import { SURE_DECIMAL_COMMA } from './score/numbers.ts';
import { checkNewColumns, checkOutput } from './score/output.ts';
import { PlainNames } from './score/plainNames.ts';
import { checkSame, draftOf } from './score/plan.ts';
import { ScoreProgress } from './score/progress.ts';
import { scoreAll } from './score/scoring.ts';
import { ScoreTable } from './score/table.ts';
import { ScoreError, Tidings } from './score/tidings.ts';

const STOPPED = 'score: stopped. The same command goes on from here.';
/** A second Ctrl-C after this time forces the end. An earlier signal does not: npm sends two for one key press. */
const FORCE_AFTER_MS = 1_000;

const stop = new AbortController();
let interruptedAt: number | undefined;
process.on('SIGINT', () => {
  interruptedAt ??= performance.now();
  stop.abort();
  if (performance.now() - interruptedAt < FORCE_AFTER_MS) return;
  console.error(STOPPED);
  process.exit(130);
});
try {
  await main(process.argv.slice(2));
} catch (error) {
  if (error instanceof UsageError) {
    console.error(`score: ${error.message}\n${USAGE}`);
    process.exitCode = 2;
  } else if (stop.signal.aborted) {
    console.error(STOPPED);
    process.exitCode = 130;
  } else {
    console.error('score:', isExplained(error) ? error.message : error);
    process.exitCode = 1;
  }
} finally {
  // Calls that still run would keep the process alive.
  stop.abort();
}

/** Whether the message alone explains the error. Errors of the file system name the fault and the file. */
function isExplained(error: unknown): error is Error {
  return error instanceof ScoreError || (error instanceof Error && 'syscall' in error);
}

async function main(args: readonly string[]): Promise<void> {
  const wanted = readArguments(args, process.env);
  if (wanted === undefined) {
    console.log(HELP);
    return;
  }
  const { input, out, url, named, delimiter, modelVersion, rowsPerCall, calls } = wanted;
  const { signal } = stop;
  await checkOutput(wanted);
  await using names = await PlainNames.open();
  const file = await InputFile.open({ file: input, delimiter, names, signal });
  const tidings = new Tidings(url, signal);
  const model = await tidings.describe(wanted.model);
  const mapped = mapInputs(model, file.columns, named);
  checkNewColumns(file.columns, model.outputs);
  const requested = requestedDateFormats(wanted.dateFormats, mapped);
  await using kept = await ScoreTable.find({ out, names, signal });
  const draft = draftOf({ model, file, mapped, modelVersion, delimiter, kept: kept?.plan });
  if (kept?.plan !== undefined) checkSame(out, { kept: kept.plan, draft, requested });
  console.log(`version ${draft.version} of ${model.name}`);
  for (const line of [...file.notices, ...missingColumns(model, mapped)]) console.log(line);
  await using table = kept ?? (await ScoreTable.begin({ input: file, out, names, signal }));
  const plan = table.plan ?? {
    ...draft,
    dateFormats: await decideDateFormats(table, mapped, requested),
    hasDecimalCommas: await table.hasCell(textNumbers(mapped), SURE_DECIMAL_COMMA),
  };
  if (table.plan === undefined) await table.fixPlan(plan, model.outputs);
  for (const [name, format] of Object.entries(plan.dateFormats))
    console.log(`${name}: dates are read as ${format}`);
  const rowCount = await table.rowCount();
  const progress = new ScoreProgress({ name: model.name, rowCount, terminal: process.stderr });
  try {
    await scoreAll({ tidings, table, plan, model, mapped, rowsPerCall, calls, progress, signal });
  } finally {
    progress.end();
  }
  const failures = await table.failures();
  await table.finish(file, model.outputs, delimiter);
  console.log(`${out}: ${rowCount} rows, ${failures.count} without a prediction, ${progress.summary()}`);
  for (const line of failureLines(failures)) console.log(line);
  if (failures.count === rowCount)
    throw new ScoreError(`no row has a prediction: the column error of ${out} says why`);
}

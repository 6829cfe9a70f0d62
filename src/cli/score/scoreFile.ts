/** Scores one file: the work of `npm run score` after its command line was read. */

import { dirname } from 'node:path';
import { decideDateFormats } from '../../data/dateFormats.ts';
import { InputFile } from '../../data/inputFile.ts';
import { textNumbers } from '../../data/mapping.ts';
import { SURE_DECIMAL_COMMA } from '../../data/numbers.ts';
import { PlainNames } from '../../data/plainNames.ts';
import { Progress } from '../progress.ts';
import type { ScoreArguments } from './arguments.ts';
import type { Surroundings } from './command.ts';
import { dateFormatOption, requestedDateFormats } from './dateFormats.ts';
import { failureLines } from './failures.ts';
import { mapInputs, missingColumns } from './mapping.ts';
import { checkNewColumns, checkOutput } from './output.ts';
import { checkSame, draftOf } from './plan.ts';
import { scoreAll } from './scoring.ts';
import { ScoreTable } from './table.ts';
import { type ModelView, ScoreError, Tidings } from './tidings.ts';

/** The rows in one call. A picture is as large as a thousand rows of numbers. */
const ROWS_A_CALL = 2_000;
const FILES_A_CALL = 16;

/**
 * Once `signal` stops it, the rows scored by then are kept beside the output.
 *
 * @throws {ScoreError} if the file or Tidings cannot be used, or no row has a prediction. Errors of the file system
 *   pass through.
 */
export async function scoreFile(
  wanted: ScoreArguments,
  { print, terminal, signal }: Pick<Surroundings, 'print' | 'terminal' | 'signal'>,
): Promise<void> {
  const { input, out, url, key, named, delimiter, modelVersion, calls } = wanted;
  await checkOutput(wanted);
  await using names = await PlainNames.open();
  const file = await InputFile.open({ file: input, delimiter, names, signal });
  const tidings = new Tidings({ url, key, signal });
  const model = await tidings.describe(wanted.model);
  const mapped = mapInputs(model, file.columns, named, dirname(input));
  checkNewColumns(file.columns, model.outputs);
  const requested = requestedDateFormats(wanted.dateFormats, mapped);
  await using kept = await ScoreTable.find({ out, names, signal });
  const draft = draftOf({ model, file, mapped, modelVersion, delimiter, kept: kept?.plan });
  if (kept?.plan !== undefined) checkSame(out, { kept: kept.plan, draft, requested });
  print(`version ${draft.version} of ${model.name}, at ${url}`);
  for (const line of [...file.notices, ...missingColumns(model, mapped)]) print(line);
  await using table = kept ?? (await ScoreTable.begin({ input: file, out, names, signal }));
  const plan = table.plan ?? {
    ...draft,
    dateFormats: await decideDateFormats(table, mapped, { requested, advice: dateFormatOption }),
    hasDecimalCommas: await table.hasCell(textNumbers(mapped), SURE_DECIMAL_COMMA),
  };
  if (table.plan === undefined) await table.fixPlan(plan, model.outputs);
  for (const [name, format] of Object.entries(plan.dateFormats))
    print(`${name}: dates are read as ${format}`);
  const rowsPerCall = wanted.rowsPerCall ?? (takesFiles(model) ? FILES_A_CALL : ROWS_A_CALL);
  const rowCount = await table.rowCount();
  const progress = new Progress({
    name: model.name,
    total: rowCount,
    unit: 'rows',
    terminal,
  });
  try {
    await scoreAll({ tidings, table, plan, model, mapped, rowsPerCall, calls, progress, signal });
  } finally {
    progress.end();
  }
  const failures = await table.failures();
  await table.finish(file, model.outputs, delimiter);
  print(`${out}: ${rowCount} rows, ${failures.count} without a prediction, ${progress.summary()}`);
  for (const line of failureLines(failures)) print(line);
  if (failures.count === rowCount)
    throw new ScoreError(`no row has a prediction: the column error of ${out} says why`);
}

function takesFiles({ inputs }: ModelView): boolean {
  return inputs.some(({ kind = null }) => kind === 'IMAGE' || kind === 'AUDIO');
}

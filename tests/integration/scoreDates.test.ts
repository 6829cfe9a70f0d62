/** The dates of a file are read in the same order before and after a stop of `npm run score`. */
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { dateFormatOption } from '../../src/cli/score/dateFormats.ts';
import { mapInputs } from '../../src/cli/score/mapping.ts';
import { ScoreTable } from '../../src/cli/score/table.ts';
import type { FieldView } from '../../src/cli/score/tidings.ts';
import { decideDateFormats } from '../../src/data/dateFormats.ts';
import { InputFile } from '../../src/data/inputFile.ts';
import { PlainNames } from '../../src/data/plainNames.ts';

test('a score that continues after a stop reads dates as before', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'tidings-score-'));
  const signal = new AbortController().signal;
  const [file, out] = [join(folder.path, 'in.csv'), join(folder.path, 'out.csv')];
  // The date in the row with one cell too many is ignored.
  await writeFile(file, `at\n${'03/02/2021\n'.repeat(60_000)}02/14/2021,x\n13/02/2021\n`);
  const view = { name: 'at', tensor: 'at', type: 'dateTime', timeZone: 'America/New_York', default: null };
  const none = {
    unit: null,
    size: null,
    minimum: null,
    maximum: null,
    maxLength: null,
    values: null,
    modelValues: null,
  };
  const input: FieldView = { ...view, ...none };
  const names = { name: 'm', batchMutation: 'b', inputType: 'I', columnsType: 'C' };
  const model = { ...names, inputs: [input], outputs: [], versions: [], rollout: null };
  await using plainNames = await PlainNames.open();
  const opened = await InputFile.open({ file, delimiter: ',', names: plainNames, signal });
  const mapped = mapInputs(model, opened.columns, new Map());
  {
    await using table = await ScoreTable.begin({ input: opened, out, names: plainNames, signal });
    const dateFormats = await decideDateFormats(table, mapped, {
      requested: new Map(),
      advice: dateFormatOption,
    });
    expect(dateFormats).toEqual({ at: 'dd/mm/yyyy' });
    expect(
      await decideDateFormats(table, mapped, {
        requested: new Map([['at', 'mm/dd/yyyy']]),
        advice: dateFormatOption,
      }),
    ).toEqual({
      at: 'mm/dd/yyyy',
    });
    const plan = {
      model: 'm',
      version: '1',
      modelDigest: '',
      fileDigest: '',
      fields: '',
      map: '',
      delimiter: ',',
      now: '',
    };
    await table.fixPlan({ ...plan, dateFormats, hasDecimalCommas: false }, []);
    await table.save({ from: 0, to: 1 }, [], { columns: {}, errors: [null] });
  }
  await using kept = await ScoreTable.find({ out, names: plainNames, signal });
  expect(kept?.plan?.dateFormats).toEqual({ at: 'dd/mm/yyyy' });
});

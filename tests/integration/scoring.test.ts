/** How `npm run score` handles the answers to its calls. */
import { once } from 'node:events';
import { mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { mapInputs } from '../../src/cli/score/mapping.ts';
import type { Plan } from '../../src/cli/score/plan.ts';
import { scoreAll } from '../../src/cli/score/scoring.ts';
import { ScoreTable } from '../../src/cli/score/table.ts';
import { type FieldView, Tidings } from '../../src/cli/score/tidings.ts';
import { InputFile } from '../../src/data/inputFile.ts';
import { PlainNames } from '../../src/data/plainNames.ts';

test('a whole number that JSON rounded is an error of its row, as is a row with too many cells', async () => {
  const results = {
    nextRow: null,
    predictions: {
      n: [2 ** 53, 12],
      v: [
        [1, 2],
        [3, 4],
      ],
    },
    errors: [],
  };
  const batch = { id: 'x', state: 'SUCCEEDED', error: null, batch: { results } };
  await using server = createServer((_, response) => response.end(JSON.stringify({ data: { batch } })));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  await using folder = await mkdtempDisposable(join(tmpdir(), 'tidings-score-'));
  await using names = await PlainNames.open();
  const signal = new AbortController().signal;
  const [file, out] = [join(folder.path, 'in.csv'), join(folder.path, 'out.csv')];
  await writeFile(file, 'a\n1\n2,3\n4\n');

  const none = {
    unit: 'things',
    maxLength: null,
    values: null,
    modelValues: null,
    timeZone: null,
    default: null,
  };
  const field = (name: string, size: number | null = null): FieldView => ({
    ...none,
    name,
    tensor: name,
    type: 'int64',
    size,
    minimum: 0,
    maximum: 10,
  });
  const texts = { name: 'm', batchMutation: 'b', inputType: 'I', columnsType: 'C' };
  const model = {
    ...texts,
    inputs: [field('a')],
    outputs: [field('n'), field('v', 2)],
    versions: [],
    rollout: null,
  };
  const input = await InputFile.open({ file, delimiter: ',', names, signal });
  const empty = { model: 'm', version: '1', modelDigest: '', fileDigest: '', fields: '', map: '', now: '' };
  const plan: Plan = { ...empty, delimiter: ',', dateFormats: {}, hasDecimalCommas: false };
  await using table = await ScoreTable.begin({ input, out, names, signal });
  await table.fixPlan(plan, model.outputs);
  await scoreAll({
    tidings: new Tidings({
      url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
      key: undefined,
      signal,
    }),
    table,
    plan,
    model,
    mapped: mapInputs(model, input.columns, new Map()),
    rowsPerCall: 10,
    calls: 2,
    progress: { add() {}, savedBefore() {} },
    signal,
  });
  await table.finish(input, model.outputs, ',');
  expect(await readFile(out, 'utf8')).toBe(
    [
      'a,n,v,error',
      '1,,,"n (int64) must be below 2^53 to come without rounding, got 9007199254740992"',
      '2,,,"line 3 must have as many cells as the first line, 1, got 2"',
      '4,12,"[3, 4]",',
      '',
    ].join('\n'),
  );
});

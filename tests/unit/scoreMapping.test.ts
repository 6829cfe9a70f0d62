/** Which column of a file becomes which input, and how its values are read. */
import { expect, test } from 'vitest';
import { Database } from '../../src/commands/score/database.ts';
import { mapInputs, missingColumns, rowOf } from '../../src/commands/score/mapping.ts';
import type { FieldView, ModelView } from '../../src/commands/score/tidings.ts';

const NOTHING = {
  unit: null,
  size: null,
  minimum: null,
  maximum: null,
  maxLength: null,
  values: null,
  modelValues: null,
  timeZone: null,
  default: null,
};

function model(...inputs: (Partial<FieldView> & Pick<FieldView, 'name' | 'type'>)[]): ModelView {
  const views = inputs.map((input) => ({ ...NOTHING, tensor: `${input.name}Tensor`, ...input }));
  const names = { name: 'm', batchMutation: 'b', inputType: 'I', columnsType: 'C' };
  return { ...names, inputs: views, outputs: [], versions: [], rollout: null };
}

const NONE: ReadonlyMap<string, string> = new Map();
const NOW = '2026-01-01T12:00:00Z';
const miles = { name: 'miles', type: 'float32', unit: 'miles', minimum: 0, maximum: 10 } as const;

test('a column is found by --map, else by the name in GraphQL, else by that of the tensor, whatever the case', () => {
  const columns = ['MILESTENSOR', 'Miles', 'other'].map((name) => ({ name, type: 'DOUBLE' }));
  const columnsOf = (named: ReadonlyMap<string, string>, from = columns) =>
    mapInputs(model(miles), from, named).map(({ column }) => column);
  expect(columnsOf(NONE)).toEqual(['Miles']);
  expect(columnsOf(NONE, columns.slice(0, 1))).toEqual(['MILESTENSOR']);
  expect(columnsOf(new Map([['miles', 'other']]))).toEqual(['other']);
});

test('what cannot be mapped is told at once, an input with a default may be missing', () => {
  const optional = { ...miles, name: 'optional', default: '1' };
  const columns = [{ name: 'miles', type: 'BLOB' }];
  expect(() => mapInputs(model(miles), columns, NONE)).toThrow('the column miles is BLOB');
  expect(() => mapInputs(model(miles), [], NONE)).toThrow('there is no column miles or milesTensor');
  expect(() => mapInputs(model(miles), columns, new Map([['m', 'x']]))).toThrow(
    '--map must name inputs of the model (miles), got m',
  );
  expect(mapInputs(model(optional), [], NONE)).toEqual([]);
  expect(missingColumns(model(optional), [])).toEqual(['optional: no column, the default (1) is used']);
});

test('a time that no column tells is the same instant in all rows', () => {
  const at = { name: 'at', type: 'dateTime', timeZone: 'America/New_York', default: '"now"' };
  const mapped = mapInputs(model(at), [], NONE);
  expect(missingColumns(model(at), mapped)).toEqual(['at: no column, the default (now) is used']);
  expect(rowOf(mapped, [['now']], NOW)).toEqual({ at: NOW });
});

/** What a row has as its input, if DuckDB reads the column `x` of this. */
async function inputOf(
  input: Parameters<typeof model>[0],
  type: string,
  ...cells: readonly string[]
): Promise<unknown> {
  await using database = await Database.open(new AbortController().signal);
  const mapped = mapInputs(model(input), [{ name: 'x', type }], new Map([[input.name, 'x']]));
  const rows = cells.map((cell) => `(${cell})`).join(', ');
  await database.run(`CREATE TABLE input (x ${type})`);
  await database.run(`INSERT INTO input VALUES ${rows}`);
  const readings = mapped.flatMap((each) => each.readings).join(', ');
  const [row = []] = await database.rows(`SELECT ${readings} FROM input ORDER BY rowid`);
  const made = rowOf(mapped, [row], NOW);
  return typeof made === 'string' ? made : made[input.name];
}

const yes = { name: 'yes', type: 'boolean' };
const count = { ...miles, name: 'count', type: 'int64', unit: 'things' };
const pair = { ...miles, name: 'pair', size: 2 };
const at = { name: 'at', type: 'dateTime', timeZone: 'America/New_York' };
const inputs: Readonly<Record<string, Parameters<typeof model>[0]>> = { miles, yes, count, pair, at };

test.each([
  ['at', 'TIMESTAMP', `TIMESTAMP '2021-02-03 14:30:00.5'`, '2021-02-03T14:30:00'],
  ['at', 'DATE', `DATE '2021-02-03'`, '2021-02-03T00:00:00'],
  ['at', 'TIMESTAMP WITH TIME ZONE', `TIMESTAMPTZ '2021-02-03 14:30:00-05:00'`, '2021-02-03T19:30:00Z'],
  ['at', 'VARCHAR', `'2021-02-03 14:30:00'`, '2021-02-03T14:30:00'],
  ['at', 'VARCHAR', `'2021-02-03T14:30:00-05:00'`, '2021-02-03T14:30:00-05:00'],
  ['at', 'VARCHAR', `'2021-02-03 14:30:00+00'`, '2021-02-03T14:30:00Z'],
  ['at', 'VARCHAR', `'2021-02-03'`, '2021-02-03T00:00:00'],
  ['at', 'VARCHAR', `'2021/2/3 14:30:00'`, '2021-02-03T14:30:00'],
  ['at', 'VARCHAR', `'now'`, NOW],
  ['at', 'VARCHAR', `'2021-13-03 14:30:00'`, expect.stringContaining('there is no month 13')],
  ['at', 'VARCHAR', 'NULL', expect.stringMatching(/^at must be a time .*, got null$/)],
  ['miles', 'VARCHAR', `' 1.50 '`, 1.5],
  ['miles', 'VARCHAR', `'1e0'`, 1],
  ['miles', 'VARCHAR', `'abc'`, 'miles must be a number from 0 to 10 (miles), got "abc"'],
  ['miles', 'VARCHAR', `'11'`, 'miles must be a number from 0 to 10 (miles), got 11'],
  ['miles', 'VARCHAR', 'NULL', 'miles must be a number from 0 to 10 (miles), got null'],
  ['count', 'VARCHAR', `'3'`, 3],
  ['count', 'VARCHAR', `'3.5'`, 'count must be a whole number from 0 to 10 (things), got 3.5'],
  ['pair', 'VARCHAR', `'[1, 2.5]'`, [1, 2.5]],
  ['pair', 'DOUBLE[]', '[1, 2.5]', [1, 2.5]],
  ['yes', 'VARCHAR', `'False'`, false],
  ['yes', 'VARCHAR', `'1'`, true],
  ['yes', 'VARCHAR', `'maybe'`, 'yes must be true or false, got "maybe"'],
  ['yes', 'BIGINT', '0', false],
])('%s of a column of type %s: %s', async (name, type, cell, expected) => {
  expect(await inputOf(inputs[name] ?? miles, type, cell)).toEqual(expected);
});

test('of dates whose year comes last, most rows tell whether the day or the month comes first', async () => {
  const february = '2021-02-03T14:30:00';
  expect(await inputOf(at, 'VARCHAR', `'02/03/2021 02:30:00 PM'`)).toBe(february);
  expect(await inputOf(at, 'VARCHAR', `'03.02.2021 14:30'`, `'13.02.2021 14:30'`, `'no time'`)).toBe(
    february,
  );
});

test('a row is what the model takes, or why it does not', () => {
  const colour = { name: 'colour', type: 'enum', values: ['RED', 'BLUE'], modelValues: ['r', 'b'] };
  const size = { ...miles, name: 'size', size: 2, default: '[1, 2]' };
  const mapped = mapInputs(
    model(miles, colour, size),
    [
      { name: 'miles', type: 'FLOAT' },
      { name: 'colour', type: 'VARCHAR' },
      { name: 'size', type: 'DOUBLE[]' },
    ],
    NONE,
  );
  expect(rowOf(mapped, [[1.5], ['RED'], [[3, 4]]], NOW)).toEqual({ miles: 1.5, colour: 'RED', size: [3, 4] });
  // What the model knows it as.
  expect(rowOf(mapped, [[1.5], ['b'], [[3, 4]]], NOW)).toMatchObject({ colour: 'BLUE' });
  expect(rowOf(mapped, [[11], ['green'], [[3]]], NOW)).toBe(
    'miles must be a number from 0 to 10 (miles), got 11; colour must be one of RED, BLUE, got "green"; size must be a list of 2 numbers, each from 0 to 10 (miles), got a list of 1',
  );
  // A column is there for its values: what it lacks is no wish for the default.
  expect(rowOf(mapped, [[1.5], ['RED'], [null]], NOW)).toBe(
    'size must be a list of 2 numbers, each from 0 to 10 (miles), got null',
  );
});

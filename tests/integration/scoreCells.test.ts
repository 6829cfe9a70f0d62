/** How the cells of a DuckDB column are read as inputs of a model: exactly, or as an error of their row. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { mapInputs } from '../../src/cli/score/mapping.ts';
import type { Plan } from '../../src/cli/score/plan.ts';
import type { FieldView, ModelView } from '../../src/cli/score/tidings.ts';
import { Database } from '../../src/data/database.ts';
import { rowOf } from '../../src/data/mapping.ts';

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

const NOW = '2026-01-01T12:00:00Z';

let database: Database;

beforeAll(async () => {
  database = await Database.open(new AbortController().signal);
});

afterAll(() => database[Symbol.asyncDispose]());

const miles = { name: 'miles', type: 'float32', unit: 'miles', minimum: 0, maximum: 10 } as const;
const yes = { name: 'yes', type: 'boolean' };
const count = { ...miles, name: 'count', type: 'int64', unit: 'things' };
const pair = { ...miles, name: 'pair', size: 2 };
const at = { name: 'at', type: 'dateTime', timeZone: 'America/New_York' };
const title = { name: 'title', type: 'string', maxLength: 30 };
const wide = { ...miles, name: 'wide', minimum: -1e30, maximum: 1e30, type: 'float64', unit: 'unknown' };
const colour = { name: 'colour', type: 'enum', values: ['RED', 'ONE'], modelValues: ['r', '1'] };
const inputs: Readonly<Record<string, Parameters<typeof model>[0]>> = {
  miles,
  yes,
  count,
  pair,
  at,
  title,
  wide,
  colour,
};

/** The input of a row, or its error, from a DuckDB column of this type with this cell. */
async function inputOf(
  input: Parameters<typeof model>[0],
  type: string,
  cell: string,
  dateFormats: Plan['dateFormats'] = {},
  hasDecimalCommas = false,
): Promise<unknown> {
  const mapped = mapInputs(model(input), [{ index: 0, name: 'x', type }], new Map([[input.name, 'x']]));
  const [column = []] = await database.columns(`SELECT CAST(${cell} AS ${type})`);
  const made = rowOf(mapped, column, { now: NOW, dateFormats, hasDecimalCommas });
  return typeof made === 'string' ? made : made[input.name];
}

test.each<readonly [input: string, type: string, cell: string, expected: unknown]>([
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
  ['yes', 'VARCHAR', `' TRUE '`, true],
  ['yes', 'VARCHAR', `'yes'`, 'yes must be true or false, got "yes"'],
  ['yes', 'VARCHAR', `'1.0'`, 'yes must be true or false, got "1.0"'],
  ['yes', 'BIGINT', '7', 'yes must be true or false, got 7'],
  ['yes', 'DOUBLE', '1.0', true],
  ['yes', 'DOUBLE', `'nan'`, 'yes must be true or false, got NaN'],
  ['yes', 'DOUBLE', '0.5', 'yes must be true or false, got 0.5'],
  ['yes', 'DECIMAL(3,1)', '1.0', true],
  ['yes', 'HUGEINT', '2', 'yes must be true or false, got 2'],
  ['title', 'DOUBLE', '1.0', '1'],
  ['title', 'DOUBLE', '-2.5', '-2.5'],
  ['title', 'DOUBLE', '1e22', '10000000000000000000000'],
  ['title', 'DOUBLE', `'nan'`, expect.stringMatching(/^title must be a text .*, got NaN$/)],
  ['title', 'DOUBLE', `'-inf'`, expect.stringMatching(/^title must be a text .*, got -Infinity$/)],
  ['title', 'FLOAT', '0.1', '0.1'],
  ['title', 'FLOAT', '16777216', '16777216'],
  ['title', 'BLOB', `'caf\\xC3\\xA9'::BLOB`, 'café'],
  [
    'title',
    'BLOB',
    `'caf\\xE9'::BLOB`,
    expect.stringMatching(/^title must be .*, got bytes that are no UTF-8$/),
  ],
  ['title', 'BOOLEAN', 'true', 'true'],
  ['title', 'BIGINT', '9007199254740993', '9007199254740993'],
  ['title', 'HUGEINT', '170141183460469231731687303', '170141183460469231731687303'],
  ['title', 'DECIMAL(5,2)', '1.50', '1.50'],
  ['title', 'DATE', `'2021-02-03'`, '2021-02-03'],
  ['title', 'TIMESTAMP', `'2021-02-03 14:30:00.5'`, '2021-02-03 14:30:00.5'],
  ['title', 'UUID', `'6beb0a53-9749-4276-99f1'||'-cda90e3005fa'`, expect.stringContaining('36 characters')],
  ['title', `ENUM('a','b')`, `'b'`, 'b'],
  ['title', 'VARCHAR', `' x '`, ' x '],
  ['colour', 'DOUBLE', '1.0', 'ONE'],
  ['colour', 'VARCHAR', `' RED'`, 'colour must be one of RED, ONE, got " RED"'],
  ['count', 'BIGINT', '9007199254740993', expect.stringContaining('got "9007199254740993"')],
  ['count', 'HUGEINT', '3', 3],
  ['count', 'DOUBLE', '3.0', 3],
  ['wide', 'BIGINT', '9007199254740993', expect.stringContaining('got "9007199254740993"')],
  ['wide', 'UBIGINT', '9223372036854775808', 2 ** 63],
  ['wide', 'VARCHAR', `'9007199254740993'`, expect.stringContaining('got "9007199254740993"')],
  ['wide', 'VARCHAR', `'0.1234567890123456789'`, 0.12345678901234568],
  ['wide', 'VARCHAR', `'nan'`, expect.stringContaining('got "nan"')],
  ['wide', 'VARCHAR', `'0x10'`, expect.stringContaining('got "0x10"')],
  ['wide', 'VARCHAR', `'1_000'`, expect.stringContaining('got "1_000"')],
  ...[
    ['1,5', 'but "1,5" has a decimal comma; write 1.5'],
    ['-,5', 'but "-,5" has a decimal comma; write -.5'],
    [' 0,440 ', 'but " 0,440 " has a decimal comma; write 0.440'],
    ['1,5e3', 'but "1,5e3" has a decimal comma; write 1.5e3'],
    ['1,440', 'but "1,440" has a comma; write 1440 if it separates thousands, else 1.440'],
    ['1,440.5', 'but "1,440.5" has separators between thousands; write 1440.5'],
    ['1,440,500', 'but "1,440,500" has separators between thousands; write 1440500'],
    ['1.440,5', 'but "1.440,5" has separators between thousands; write 1440.5'],
    ['1.440.500', 'but "1.440.500" has separators between thousands; write 1440500'],
    ['1 440', 'but "1 440" has separators between thousands; write 1440'],
    ['1\u00a0440,5', 'but "1\u00a0440,5" has separators between thousands; write 1440.5'],
    ['-1\u202f440.5', 'but "-1\u202f440.5" has separators between thousands; write -1440.5'],
    [`1''440.5`, `but "1'440.5" has separators between thousands; write 1440.5`],
    ['1 5', 'got "1 5"'],
    ['1,5,2', 'got "1,5,2"'],
    ['1,', 'but "1," has a decimal comma; write 1.'],
    [',', 'got ","'],
  ].map(
    ([text, reason]) =>
      [
        'wide',
        'VARCHAR',
        `'${text}'`,
        expect.stringMatching(new RegExp(`, ${RegExp.escape(reason ?? '')}$`)),
      ] as const,
  ),
  ['pair', 'VARCHAR[]', `['1', '1,5']`, expect.stringContaining('write 1.5 (at index 1)')],
  ['at', 'VARCHAR', `'03/02/21 14:30'`, expect.stringMatching(/: years need four digits$/)],
  [
    'at',
    'VARCHAR',
    `'2021-02-03 14h30'`,
    expect.stringMatching(/: behind the date must be nothing, or a time/),
  ],
  [
    'at',
    'VARCHAR',
    `'3 Feb 2021'`,
    expect.stringMatching(/: the dates of the column are read as yyyy-mm-dd$/),
  ],
  ['wide', 'VARCHAR', `'1e400'`, expect.stringContaining('got "1e400"')],
  ['wide', 'VARCHAR', `''`, expect.stringContaining('got ""')],
  ['wide', 'DECIMAL(20,10)', '40.7127760000', 40.712776],
  [
    'wide',
    'DECIMAL(38,20)',
    '1.23456789012345678901',
    expect.stringContaining('got "1.23456789012345678901"'),
  ],
  ['wide', 'DOUBLE', `'inf'`, expect.stringContaining('got Infinity')],
  ['pair', 'VARCHAR[]', `['1', 'x']`, expect.stringContaining('got "x" at index 1')],
  ['pair', 'VARCHAR[]', `['1', '2.5']`, [1, 2.5]],
  ['pair', 'BIGINT[2]', '[1, 2]', [1, 2]],
  ['pair', 'DECIMAL(4,2)[]', '[1.25, NULL]', expect.stringContaining('got null at index 1')],
  ['pair', 'VARCHAR', `'[1, x]'`, expect.stringContaining('got "x" at index 1')],
  ['pair', 'VARCHAR', `'[1,]'`, expect.stringContaining('at index 1')],
  ['pair', 'VARCHAR', `'1, 2'`, expect.stringContaining('got "1, 2"')],
  ['at', 'TIMESTAMP_NS', `'2021-02-03 14:30:00.999999999'`, '2021-02-03T14:30:00'],
  ['at', 'TIMESTAMP_MS', `'1969-12-31 23:59:59.5'`, '1969-12-31T23:59:59'],
  ['at', 'TIMESTAMP', `'infinity'`, expect.stringContaining('got infinity')],
  ['at', 'VARCHAR', `'2021-02-03 14:30:00 UTC'`, '2021-02-03T14:30:00Z'],
  ['at', 'VARCHAR', `'2021-02-03 02:30 pm'`, '2021-02-03T14:30:00'],
  ['at', 'VARCHAR', `'2021-02-03 14:30:00.123+0530'`, '2021-02-03T14:30:00+05:30'],
  ...[
    'epoch',
    'infinity',
    'today',
    'NOW',
    'tomorrow',
    '02/03/21 14:30',
    '21-02-03',
    '2021',
    '20210203',
    '14:30',
  ].map((text) => ['at', 'VARCHAR', `'${text}'`, expect.stringContaining(`got "${text}"`)] as const),
])('%s of a column of type %s: %s', async (name, type, cell, expected) => {
  expect(await inputOf(inputs[name] ?? miles, type, cell)).toEqual(expected);
});

test('a point that could separate thousands is an error of its row in a file with decimal commas', async () => {
  const read = (cell: string, input = wide, type = 'VARCHAR') => inputOf(input, type, `'${cell}'`, {}, true);
  expect(await read('1.440')).toBe(
    'wide: "1.440" has a point, and other numbers of the file have a decimal comma; write 1440 if it separates thousands, else 1.44',
  );
  expect(await read('2.000', count)).toContain('write 2000 if it separates thousands, else 2');
  expect(await read('1.44')).toBe(1.44);
  expect(await read('0.440')).toBe(0.44);
  expect(await read('1.440', wide, 'DOUBLE')).toBe(1.44);
  expect(await inputOf(wide, 'VARCHAR', `'1.440'`)).toBe(1.44);
});

test('a date is read only in the order of day and month of its column', async () => {
  const read = (cell: string, format: 'dd/mm/yyyy' | 'mm/dd/yyyy') =>
    inputOf(at, 'VARCHAR', `'${cell}'`, { at: format });
  expect(await read('03/02/2021 14:30', 'dd/mm/yyyy')).toBe('2021-02-03T14:30:00');
  expect(await read('03.02.2021 02:30:00 PM', 'dd/mm/yyyy')).toBe('2021-02-03T14:30:00');
  expect(await read('3-2-2021', 'mm/dd/yyyy')).toBe('2021-03-02T00:00:00');
  expect(await read('12/31/2021 12:00 AM', 'mm/dd/yyyy')).toBe('2021-12-31T00:00:00');
  expect(await read('02/13/2021', 'dd/mm/yyyy')).toMatch(/got "02\/13\/2021": there is no month 13$/);
  expect(await read('29/02/2021', 'dd/mm/yyyy')).toMatch(/got "29\/02\/2021": 2021-02 has no day 29$/);
  expect(await read('2021-02-03', 'dd/mm/yyyy')).toMatch(
    /got "2021-02-03": the dates of the column are read as dd\/mm\/yyyy$/,
  );
  expect(await read('03/02/21', 'dd/mm/yyyy')).toMatch(/got "03\/02\/21"/);
});

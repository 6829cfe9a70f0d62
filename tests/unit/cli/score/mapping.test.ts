/** Which column of a file becomes which input. */
import { type DuckDBValue, listValue } from '@duckdb/node-api';
import { expect, test } from 'vitest';
import { mapInputs, missingColumns } from '../../../../src/cli/score/mapping.ts';
import type { FieldView, ModelView } from '../../../../src/cli/score/tidings.ts';
import { rowOf } from '../../../../src/data/mapping.ts';

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

function named(...names: readonly string[]) {
  return names.map((name, index) => ({ index, name, type: 'DOUBLE' }));
}

test('a column is found by --map, else by the name in GraphQL, else by the name of the tensor, in upper or lower case', () => {
  const columns = named('MILESTENSOR', 'Miles', 'other');
  const columnsOf = (chosen: ReadonlyMap<string, string>, from = columns) =>
    mapInputs(model(miles), from, chosen).map(({ column }) => column?.name);
  expect(columnsOf(NONE)).toEqual(['Miles']);
  expect(columnsOf(NONE, columns.slice(0, 1))).toEqual(['MILESTENSOR']);
  expect(columnsOf(new Map([['miles', 'other']]))).toEqual(['other']);
});

test('the columns that the manifest names count where the file has them, and --map goes before', () => {
  const training = { columns: [{ input: 'miles', column: 'trip_distance' }] };
  const columnOf = (columns: ReturnType<typeof named>, chosen = NONE) =>
    mapInputs({ ...model(miles), training }, columns, chosen)[0]?.column?.name;
  expect(columnOf(named('miles', 'trip_distance'))).toBe('trip_distance');
  expect(columnOf(named('miles', 'other'))).toBe('miles');
  expect(columnOf(named('miles', 'trip_distance', 'other'), new Map([['miles', 'other']]))).toBe('other');
});

test('inputs without a column are named in one error, and one with a default may be missing', () => {
  const optional = { ...miles, name: 'optional', default: '1' };
  const columns = [{ index: 0, name: 'miles', type: 'BLOB' }];
  expect(() => mapInputs(model(miles), columns, NONE)).toThrow('the column miles is BLOB');
  expect(() => mapInputs(model(miles), [], NONE)).toThrow('there is no column miles or milesTensor');
  expect(() => mapInputs(model(miles), columns, new Map([['m', 'x']]))).toThrow(
    '--map must name inputs of the model (miles), got m',
  );
  expect(mapInputs(model(optional), [], NONE)).toEqual([]);
  expect(missingColumns(model(optional), [])).toEqual(['optional: no column, the default (1) is used']);
});

test('two columns that could be meant are an error', () => {
  const columnOf = (...names: readonly string[]) =>
    mapInputs(model(miles), named(...names), NONE)[0]?.column?.index;
  expect(columnOf('MILES', 'miles')).toBe(1);
  expect(() => columnOf('MILES', 'Miles')).toThrow(
    'one column must be called "miles", got 2: MILES, Miles. The file has',
  );
  expect(() => columnOf('miles', 'x', 'miles')).toThrow('got 2: miles, miles');
  const twice = new Map([['miles', 'a']]);
  expect(() => mapInputs(model(miles), named('a', 'a'), twice)).toThrow(
    'one column must be called "a", got 2',
  );
});

test('the error for a missing column shows the first names of the file, quoted', () => {
  expect(() => mapInputs(model(miles), named('mi\nles', ' miles', '', 'x'.repeat(99)), NONE)).toThrow(
    `The file has "mi\\nles", " miles", "", "${'x'.repeat(60)}…"; --map input=column`,
  );
  const many = named(...Array.from({ length: 2_000 }, (_, i) => `c${i}`));
  expect(() => mapInputs(model(miles), many, NONE)).toThrow('c29 and 1970 others;');
  expect(() => mapInputs(model(miles), named('miles;other'), NONE)).toThrow(
    'if --delimiter does not say otherwise',
  );
  expect(() => mapInputs(model(miles), named('miles;from (x', 'y);to'), NONE)).toThrow(
    'if --delimiter does not say otherwise',
  );
  expect(() => mapInputs(model(miles), named('sep=;'), NONE)).toThrow(
    'first line, which is for Excel, must be',
  );
});

test('a time without a column is the same instant in all rows', () => {
  const at = { name: 'at', type: 'dateTime', timeZone: 'America/New_York', default: '"now"' };
  const mapped = mapInputs(model(at), [], NONE);
  expect(missingColumns(model(at), mapped)).toEqual(['at: no column, the default (now) is used']);
  expect(rowOf(mapped, [null], { now: NOW, dateFormats: {}, hasDecimalCommas: false })).toEqual({ at: NOW });
});

test.each(
  [
    'STRUCT(a INTEGER)',
    'MAP(VARCHAR, INTEGER)',
    'INTERVAL',
    'TIME',
    'TIMESTAMP WITH TIME ZONE',
    'VARCHAR[]',
    'BIT',
  ].map((type) => ['string', type] as const),
)('a %s of a column of type %s is refused, naming both', (kind, type) => {
  expect(() =>
    mapInputs(model({ name: 'title', type: kind }), [{ index: 0, name: 'title', type }], NONE),
  ).toThrow(`the column title is ${type}, which gives no ${kind} for title`);
});

test.each([
  ['boolean', 'VARCHAR[]'],
  ['boolean', 'DATE'],
  ['dateTime', 'BIGINT'],
  ['dateTime', 'TIME'],
  ['float32', 'BOOLEAN'],
  ['float32', 'TIMESTAMP'],
  ['enum', 'STRUCT(a INTEGER)'],
])('for a %s, a column of type %s is refused', (kind, type) => {
  expect(() => mapInputs(model({ name: 'x', type: kind }), [{ index: 0, name: 'x', type }], NONE)).toThrow(
    `the column x is ${type}, which gives no ${kind} for x`,
  );
});

test('a row becomes an input of the model, or an error that says why not', () => {
  const colour = { name: 'colour', type: 'enum', values: ['RED', 'BLUE'], modelValues: ['r', 'b'] };
  const size = { ...miles, name: 'size', size: 2, default: '[1, 2]' };
  const mapped = mapInputs(
    model(miles, colour, size),
    [
      { index: 0, name: 'miles', type: 'FLOAT' },
      { index: 1, name: 'colour', type: 'VARCHAR' },
      { index: 2, name: 'size', type: 'DOUBLE[]' },
    ],
    NONE,
  );
  const made = (...cells: readonly DuckDBValue[]) =>
    rowOf(mapped, cells, { now: NOW, dateFormats: {}, hasDecimalCommas: false });
  expect(made(1.5, 'RED', listValue([3, 4]))).toEqual({ miles: 1.5, colour: 'RED', size: [3, 4] });
  // What the model knows it as.
  expect(made(1.5, 'b', listValue([3, 4]))).toMatchObject({ colour: 'BLUE' });
  expect(made(11, 'green', listValue([3]))).toBe(
    'miles must be a number from 0 to 10 (miles), got 11; colour must be one of RED, BLUE, got "green"; size must be a list of 2 numbers, each from 0 to 10 (miles), got a list of 1',
  );
  // A column is there for its values: what it lacks is no wish for the default.
  expect(made(1.5, 'RED', null)).toBe(
    'size must be a list of 2 numbers, each from 0 to 10 (miles), got null',
  );
});

test('a tensor is a list of its elements, and one whose shape varies is refused', () => {
  const scores = { name: 'scores', type: 'float32', shape: [{ size: 2 }, { size: 2 }] };
  const flags = { name: 'flags', type: 'boolean', shape: [{ size: 2 }] };
  const ids = { name: 'ids', type: 'int64', shape: [{ size: 1 }] };
  const columns = [
    { index: 0, name: 'scores', type: 'DOUBLE[]' },
    { index: 1, name: 'flags', type: 'BOOLEAN[2]' },
    { index: 2, name: 'ids', type: 'VARCHAR' },
  ];
  const mapped = mapInputs(model(scores, flags, ids), columns, NONE);
  const plan = { now: NOW, dateFormats: {}, hasDecimalCommas: false };
  const cells = [listValue([1, 2, 3, 4]), listValue([true, false]), '[7]'];
  expect(rowOf(mapped, cells, plan)).toEqual({
    scores: { values: [1, 2, 3, 4] },
    flags: { booleans: [true, false] },
    ids: { integers: [7] },
  });
  expect(rowOf(mapped, [listValue([1, 2, 3]), ...cells.slice(1)], plan)).toBe(
    'scores must be a list of 4 elements (shape [2, 2]), got a list of 3',
  );
  const varying = { ...scores, shape: [{ size: 2 }, { size: null }] };
  expect(() => mapInputs(model(varying), columns, NONE)).toThrow(
    'scores is a tensor whose shape varies, and a column cannot tell the shape of its rows',
  );
  expect(() => mapInputs(model(scores), named('scores'), NONE)).toThrow(
    'the column scores is DOUBLE, which gives no list (a tensor is a list of its elements) for scores',
  );
});

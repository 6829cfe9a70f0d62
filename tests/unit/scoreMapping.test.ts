/** Which column of a file becomes which input, and how its values are read. */
import { expect, test } from 'vitest';
import { mapInputs, rowOf } from '../../src/commands/score/mapping.ts';
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
  return { name: 'm', batchMutation: 'b', inputType: 'I', columnsType: 'C', inputs: views, outputs: [] };
}

const NONE: ReadonlyMap<string, string> = new Map();
const miles = { name: 'miles', type: 'float32', unit: 'miles', minimum: 0, maximum: 10 } as const;

test('a column is found by --map, else by the name in GraphQL, else by that of the tensor, whatever the case', () => {
  const columns = ['MILESTENSOR', 'Miles', 'other'].map((name) => ({ name, type: 'DOUBLE' }));
  const sqlOf = (named: ReadonlyMap<string, string>, from = columns) =>
    mapInputs(model(miles), from, named).map(({ sql }) => sql);
  expect(sqlOf(NONE)).toEqual(['CAST("Miles" AS DOUBLE)']);
  expect(sqlOf(NONE, columns.slice(0, 1))).toEqual(['CAST("MILESTENSOR" AS DOUBLE)']);
  expect(sqlOf(new Map([['miles', 'other']]))).toEqual(['CAST("other" AS DOUBLE)']);
});

test('what cannot be mapped is told at once, an input with a default may be missing', () => {
  const optional = { ...miles, name: 'optional', default: '1' };
  const columns = [{ name: 'miles', type: 'VARCHAR' }];
  expect(() => mapInputs(model(miles), columns, NONE)).toThrow('the column miles is VARCHAR');
  expect(() => mapInputs(model(miles), [], NONE)).toThrow('there is no column miles or milesTensor');
  expect(() => mapInputs(model(miles), columns, new Map([['m', 'x']]))).toThrow('--map must name inputs');
  expect(mapInputs(model(optional), [], NONE)).toEqual([]);
});

test.each([
  ['TIMESTAMP', `strftime(CAST("at" AS TIMESTAMP), '%Y-%m-%dT%H:%M:%S')`],
  ['DATE', `strftime(CAST("at" AS TIMESTAMP), '%Y-%m-%dT%H:%M:%S')`],
  ['TIMESTAMP WITH TIME ZONE', `strftime(make_timestamp(epoch_us("at")), '%Y-%m-%dT%H:%M:%SZ')`],
  ['VARCHAR', `replace("at", ' ', 'T')`],
])('a %s is a time', (type, sql) => {
  const at = { name: 'at', type: 'dateTime', timeZone: 'America/New_York' };
  expect(mapInputs(model(at), [{ name: 'at', type }], NONE)[0]?.sql).toBe(sql);
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
  expect(rowOf(mapped, [1.5, 'RED', [3, 4]])).toEqual({ miles: 1.5, colour: 'RED', size: [3, 4] });
  // What the model knows it as, and nothing where there is a default.
  expect(rowOf(mapped, [1.5, 'b', null])).toEqual({ miles: 1.5, colour: 'BLUE' });
  expect(rowOf(mapped, [11, 'green', [3]])).toBe(
    'miles must be a number from 0 to 10 (miles), got 11; colour must be one of RED, BLUE, got "green"; size must be a list of 2 numbers, each from 0 to 10 (miles), got a list of 1',
  );
  expect(rowOf(mapped, [null, 'RED', null])).toContain(
    'miles must be a number from 0 to 10 (miles), got null',
  );
});

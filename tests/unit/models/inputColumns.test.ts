/** The rows of one task as columns: checked, completed, packed into messages and read from them. */
import { describe, expect, test } from 'vitest';
import { RequestError } from '../../../src/contract/errors.ts';
import { checkRows, columnsAt, packColumns, unpackColumns } from '../../../src/models/inputColumns.ts';
import type { Manifest } from '../../../src/models/manifest.ts';

const number = { unit: 'parts', description: '', tensor: 't' } as const;

const manifest = {
  inputs: [
    { ...number, name: 'count', type: 'int64', minimum: 0, maximum: 9 },
    { ...number, name: 'at', type: 'dateTime', timeZone: 'America/New_York', default: 'now' },
  ],
} as unknown as Manifest;

describe('rows as columns', () => {
  test('are checked and completed like single inputs, and now is the time of the submission', () => {
    const asked = checkRows(manifest, [{ count: 1 }, { count: 2, at: '2021-02-03T14:30:00' }]);
    expect(asked).toEqual({ count: [1, 2], at: ['now', '2021-02-03T14:30:00'] });
    const noon = Date.parse('2021-02-03T12:00:00Z');
    expect(columnsAt(manifest, asked, () => noon).at).toEqual(['2021-02-03T07:00:00', '2021-02-03T14:30:00']);
  });

  test('are refused with the row and the field of each wrong value', () => {
    const rows = Array.from({ length: 30 }, (_, i) => ({ count: i % 2 === 0 ? 1 : 10 + i, at: 'now' }));
    const refused = errorOf(() => checkRows(manifest, rows));
    expect(refused.message).toMatch(/^inputs\[1\]\.count must be .* got 11; inputs\[3\]\..*; and 10 more$/);
    expect(refused.details).toMatchObject({ row: 1, field: 'count', problemCount: 15 });
    expect(refused.details.problems).toHaveLength(15);
  });

  test('are the same after a message, and a column of equal values is sent as one value', () => {
    const columns = { count: [1, 2, 3], at: Array.from({ length: 3 }, () => '2021-02-03T14:30:00') };
    const packed = packColumns(columns, 1, 3);
    expect(packed).toEqual({ count: [2, 3], at: { all: '2021-02-03T14:30:00' } });
    const unpacked = unpackColumns(manifest, JSON.parse(JSON.stringify(packed)), 2);
    expect(unpacked.columns).toEqual({ count: [2, 3], at: columns.at.slice(1) });
    expect(unpacked.faults.size).toBe(0);
  });

  test('are checked again in a message, and each row that is wrong is told with its faults', () => {
    const faultsOf = (columns: Record<string, unknown>) => [...unpackColumns(manifest, columns, 2).faults];
    const wrong = expect.stringContaining('count must be');
    expect(faultsOf({ count: [1, 'x'] })).toEqual([[1, wrong]]);
    for (const count of [[1], 1, { all: 10 }, null])
      expect(faultsOf({ count })).toEqual([
        [0, wrong],
        [1, wrong],
      ]);
    expect(faultsOf({ count: [1, 10], at: ['now', 'x'] })).toEqual([
      [1, expect.stringMatching(/^count must be .*; at must be /)],
    ]);
    expect(unpackColumns(manifest, { count: [1, 2] }, 2).columns.at).toEqual(['now', 'now']);
  });
});

function errorOf(work: () => unknown): RequestError {
  try {
    work();
  } catch (error) {
    if (error instanceof RequestError) return error;
  }
  throw new Error('a RequestError was expected');
}

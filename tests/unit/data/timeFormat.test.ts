/** Whether the day or the month comes first in the dates of a column: all its rows decide it together. */

import { expect, test } from 'vitest';
import { type DateFormat, FormatVote } from '../../../src/data/timeFormat.ts';

function decide(...texts: readonly string[]): DateFormat {
  const vote = new FormatVote('at', 'Say it.');
  for (const [row, text] of texts.entries()) vote.add(text, row);
  return vote.decide();
}

const times = (count: number, text: string) => Array.from({ length: count }, () => text);

test('one date with a single meaning decides for the whole column, in any row', () => {
  const unclear = times(1_000, '03/02/2021 10:00');
  expect(decide(...unclear, '13/02/2021')).toBe('dd/mm/yyyy');
  expect(decide('02-13-2021 1:30 pm', ...unclear)).toBe('mm/dd/yyyy');
  // No year of these has a 29th of February but the last.
  expect(() => decide(...unclear, '29/02/2021', '29/02/1900')).toThrow('do not tell');
  expect(decide(...unclear, '29/02/2020')).toBe('dd/mm/yyyy');
});

test('dates that can be read in either order are refused, and the error has the advice', () => {
  expect(() => decide('02/02/2021', '03.02.2021', '04.02.2021')).toThrow(
    'the dates of at do not tell whether the day or the month comes first, such as "03.02.2021" in row 2. Say it.',
  );
  // In either order they are the same.
  expect(decide('02/02/2021', '3/3/2021')).toBe('dd/mm/yyyy');
});

test('dates that no single order can read are refused, and the error quotes two of them', () => {
  expect(() => decide(...times(999, '13/02/2021'), '02/14/2021')).toThrow(
    'the dates of at have two formats: the day comes first in "13/02/2021" in row 1, the month in "02/14/2021" in row 1000. Say it.',
  );
});

test('the format is year first if most dates have it, without a decision about the others', () => {
  expect(decide('2021-02-03', '2021/2/3 10:00', '03/02/2021')).toBe('yyyy-mm-dd');
  expect(decide('13/02/2021', '14/02/2021', '2021-02-03')).toBe('dd/mm/yyyy');
  expect(decide('epoch', '', 'now', '02/03/21 14:30', '31/31/2021')).toBe('yyyy-mm-dd');
});

test('a column without a readable date is refused', () => {
  const check = (...texts: readonly string[]) => {
    const vote = new FormatVote('at', 'Say it.');
    for (const [row, text] of texts.entries()) vote.add(text, row);
    return () => vote.checkAny();
  };
  const short = 'years need four digits, got';
  expect(check('03/02/21 14:30', '04/02/21 14:30')).toThrow(`${short} "03/02/21 14:30" in row 1`);
  expect(check('', '21-02-03')).toThrow(`${short} "21-02-03" in row 2`);
  expect(check(`3.2.'21`)).toThrow(`${short} "3.2.'21" in row 1`);
  expect(check('44230.6', '44231')).toThrow('must be written yyyy-mm-dd, dd/mm/yyyy, mm/dd/yyyy, and behind');
  expect(check('31/31/2021')).toThrow('got "31/31/2021" in row 1');
  expect(check('03/02/21', '03/02/2021')).not.toThrow();
  expect(check('03/02/21', 'now')).not.toThrow();
  expect(check()).not.toThrow();
});

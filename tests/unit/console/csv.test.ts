import { expect, test } from 'vitest';
import { csvOf } from '../../../console/src/parts/csv.ts';

test.each(['=1+1', '+1', '-1', '@SUM(A1)', '＝1+1', '＋1', '－1', '＠SUM(A1)', '\ttab'])(
  'the text %j is no formula for a spreadsheet',
  (text) => {
    expect(csvOf([text], [[text]])).toBe(`'${text}\r\n'${text}\r\n`);
  },
);

test.each(['\r', '\n'])('a text that begins with %j is no formula either, and is quoted', (end) => {
  expect(csvOf(['name'], [[`${end}=1+1`]])).toBe(`name\r\n"'${end}=1+1"\r\n`);
});

test('numbers stay numbers, and other texts stay as they are', () => {
  expect(csvOf(['a', 'b', 'c', 'd'], [[-1.5, 'x=1', null, { a: -1 }]])).toBe(
    'a,b,c,d\r\n-1.5,x=1,,"{""a"":-1}"\r\n',
  );
});

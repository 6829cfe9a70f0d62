/** What a CSV is to `npm run score`: the same rules for each row, whatever the others look like. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CsvReader, type CsvRow } from '../../../src/data/csvRows.ts';

function read(text: string, { delimiter = ',', pieceLength = 1_000 } = {}) {
  const reader = new CsvReader('in.csv', delimiter);
  const rows: CsvRow[] = [];
  for (let at = 0; at < text.length; at += pieceLength)
    rows.push(...reader.push(text.slice(at, at + pieceLength)));
  rows.push(...reader.end());
  return { names: reader.columnNames, rows };
}

const cellsOf = (text: string, options = {}) => read(text, options).rows.map(({ cells }) => cells);
const problemsOf = (text: string) => read(text).rows.map(({ problem }) => problem);

describe('cells come as they stand in the file', () => {
  test.each<[string, string, (string | null)[]]>([
    ['a # is a character', '#500,c # d', ['#500', 'c # d']],
    ['a quoted cell may have commas', 'x,"a, b"', ['x', 'a, b']],
    ['a quote within a quoted cell is written twice', '"say ""hi""",""""', ['say "hi"', '"']],
    ['a quoted cell may have lines', '"a\nb\r\nc\rd",2', ['a\nb\r\nc\rd', '2']],
    ['a quote within another cell is a character', '5" pipe,x"y"', ['5" pipe', 'x"y"']],
    ['a backslash is a character', '\\"a,\\N', ['\\"a', '\\N']],
    ['spaces belong to their cell', ' a , b ', [' a ', ' b ']],
    ['an empty cell is missing, and "" is an empty text', ',""', [null, '']],
    ['no text stands for a missing one', 'NULL,NA', ['NULL', 'NA']],
    ['numbers keep their digits', '007,1.50', ['007', '1.50']],
    ['characters may have several bytes', 'é,🚕', ['é', '🚕']],
    ['other delimiters are characters', 'a;b,c\td|e', ['a;b', 'c\td|e']],
  ])('%s', (_, line, cells) => {
    expect(read(`a,b\n${line}\n`).rows).toEqual([{ cells, line: 2, problem: null }]);
    // In the last of very many rows, too.
    const last = read(`a,b\n${'1,2\n'.repeat(2_000)}${line}`).rows;
    expect([last.length, last.at(-1)]).toEqual([2_001, { cells, line: 2_002, problem: null }]);
  });

  test('if a file comes in pieces of any length', () => {
    const cell = fc.oneof(
      fc.constant(null),
      fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', ' ', '#', 'é') }),
    );
    const table = fc.array(fc.tuple(cell, cell, cell), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(
        table,
        fc.integer({ min: 1, max: 9 }),
        fc.constantFrom('\n', '\r\n'),
        (rows, pieceLength, lineEnd) => {
          const lines = rows.map((row) => row.map(written).join(','));
          expect(cellsOf(['a,b,c', ...lines].join(lineEnd), { pieceLength })).toEqual(rows);
        },
      ),
    );
  });

  test('lines end with LF or CRLF, in one file also with both, and the last one with nothing', () => {
    expect(cellsOf('a,b\r\n1,2\n3,4\r\n5,6')).toEqual([
      ['1', '2'],
      ['3', '4'],
      ['5', '6'],
    ]);
    expect(cellsOf('a,b\r\n1,2\r\n', { pieceLength: 1 })).toEqual([['1', '2']]);
  });

  test('a cell may have 2.5 MB', () => {
    const large = 'x'.repeat(2_500_000);
    expect(cellsOf(`a,b\n${large},"${large}"\n`, { pieceLength: 65_536 })).toEqual([[large, large]]);
  });

  test('only the chosen delimiter separates cells', () => {
    expect(cellsOf('a\tb\n1,5\t"x\ty"\n', { delimiter: '\t' })).toEqual([['1,5', 'x\ty']]);
  });
});

function written(cell: string | null): string {
  if (cell === null) return '';
  return cell === '' || /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

test('names of columns are read exactly: empty, twice, with quotes, lines or spaces', () => {
  const { names } = read('a,A,a,,"x""y","l\nine", sp ,🚕,a.b,rowid\n1\n');
  expect(names).toEqual(['a', 'A', 'a', '', 'x"y', 'l\nine', ' sp ', '🚕', 'a.b', 'rowid']);
});

test('a row with too many or too few cells is an error, and keeps the cells that it has', () => {
  const { rows } = read('a,b\n1,2\n3\n4,5,6\n\n"x\ny",7\nTotal rows: 2\n');
  expect(rows).toEqual([
    { cells: ['1', '2'], line: 2, problem: null },
    { cells: ['3'], line: 3, problem: 'line 3 must have as many cells as the first line, 2, got 1' },
    { cells: ['4', '5'], line: 4, problem: 'line 4 must have as many cells as the first line, 2, got 3' },
    { cells: [null], line: 5, problem: 'line 5 is blank' },
    { cells: ['x\ny', '7'], line: 6, problem: null },
    {
      cells: ['Total rows: 2'],
      line: 8,
      problem: 'line 8 must have as many cells as the first line, 2, got 1',
    },
  ]);
});

test('a blank line is a row: a missing cell in a file with one column, an error in one with more columns', () => {
  expect(read('a\n1\n\n""\n\n').rows).toEqual(
    ['1', null, '', null].map((cell, i) => ({ cells: [cell], line: i + 2, problem: null })),
  );
  expect(problemsOf('a,b\n1,2\n\n')).toEqual([null, 'line 3 is blank']);
});

test('a space before the quote of a cell is a problem of its row, since either may be meant', () => {
  expect(read('a,b\n1, "x"\n2,x "y"\n3,"x"\n4, x\n').rows).toEqual([
    {
      cells: ['1', ' "x"'],
      line: 2,
      problem: 'line 2 has a cell with a space before its quote: leave one of them out',
    },
    { cells: ['2', 'x "y"'], line: 3, problem: null },
    { cells: ['3', 'x'], line: 4, problem: null },
    { cells: ['4', ' x'], line: 5, problem: null },
  ]);
  expect(() => read('a, "b"\n1,2')).toThrow('in.csv, line 1: a name has a space before its quote');
});

test('a NUL character is a problem of its row, and of the file if a name has it', () => {
  expect(read('a,b\nx\0y,2\n3,4').rows).toEqual([
    { cells: ['x\0y', '2'], line: 2, problem: 'line 2 has a NUL character' },
    { cells: ['3', '4'], line: 3, problem: null },
  ]);
  expect(() => read('a\0,b\n1,2')).toThrow('in.csv, line 1: the names of the columns have NUL characters.');
});

test.each([
  ['a,b\n1,2\r3,4\n', 'in.csv, line 2: a carriage return (CR) stands without a line feed (LF)'],
  ['a,b\r1,2\r', 'in.csv, line 1: a carriage return (CR) stands without a line feed (LF)'],
  ['a,b\n1,2\r', 'in.csv, line 2: a carriage return (CR) stands without'],
  ['a,b\n1,2\n"3,4\n5,6\n', 'in.csv, line 3: a quoted cell begins here and never ends.'],
  [
    'a,b\n"x"y,2\n',
    'in.csv, line 2: the quoted cell that begins here ends, and text follows its last quote.',
  ],
  ['a,b\n"x" ,2\n', 'in.csv, line 2: the quoted cell that begins here ends, and text follows'],
  ['a,b\n"x\\"y",2\n', 'in.csv, line 2: the quoted cell that begins here ends, and text follows'],
  ['a,b\n"1,2\n3,"4"\n', 'in.csv, line 2: the quoted cell that begins here ends in line 3, and text follows'],
  [','.repeat(10_000), 'in.csv, line 1: there must be at most 10000 columns, got 10001.'],
])('a file is refused if the end of a row is unclear (%#)', (text, message) => {
  expect(() => read(text, { pieceLength: 65_536 })).toThrow(message);
});

test('a row of more than 64 Mi characters is refused', () => {
  const reader = new CsvReader('in.csv', ',');
  const piece = 'x'.repeat(16 * 1024 * 1024);
  const readAll = () => {
    for (const text of ['a\n', piece, piece, piece, piece, 'x']) for (const _ of reader.push(text));
  };
  expect(readAll).toThrow('in.csv, line 2: a row must have at most 67108864 characters.');
});

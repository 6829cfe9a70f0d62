/** The files of `npm run score`: it reads exactly the named file, and writes its columns and cells unchanged. */
import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtempDisposable, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkOutput } from '../../src/cli/score/output.ts';
import { ScoreTable } from '../../src/cli/score/table.ts';
import type { FieldView } from '../../src/cli/score/tidings.ts';
import { CsvReader } from '../../src/data/csvRows.ts';
import { InputFile } from '../../src/data/inputFile.ts';
import { damagedPage } from '../../src/data/parquetPages.ts';
import { PlainNames } from '../../src/data/plainNames.ts';

const NEVER = new AbortController().signal;
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

let folder: AsyncDisposable & { readonly path: string };

beforeAll(async () => {
  folder = await mkdtempDisposable(join(tmpdir(), 'tidings-score-'));
});

afterAll(() => folder?.[Symbol.asyncDispose]());

const path = (name: string) => join(folder.path, name);
let outputs = 0;

async function query(sql: string): Promise<readonly (readonly unknown[])[]> {
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  try {
    return (await connection.runAndReadAll(sql)).getRowsJS();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

interface Scored {
  readonly out?: string;
  readonly delimiter?: string;
  readonly extension?: 'csv' | 'parquet';
  readonly outputs?: readonly FieldView[];
  /** The prediction of each row, by output. */
  readonly predictions?: Readonly<
    Record<string, readonly (number | boolean | string | readonly number[] | null)[]>
  >;
}

/** Writes the output file for an input file, with given answers instead of a model. @returns its path. */
async function scored(file: string, options: Scored = {}): Promise<string> {
  const { delimiter = ',', extension = 'csv', outputs: fields = [], predictions = {} } = options;
  const { out = path(`out ${outputs++}.${extension}`) } = options;
  await using names = await PlainNames.open();
  const input = await InputFile.open({ file, delimiter, names, signal: NEVER });
  await using table = await ScoreTable.begin({ input, out, names, signal: NEVER });
  const plan = {
    model: '',
    version: '',
    modelDigest: '',
    fileDigest: '',
    fields: '',
    map: '',
    delimiter,
    now: '',
  };
  await table.fixPlan({ ...plan, dateFormats: {}, hasDecimalCommas: false }, fields);
  const part = { from: 0, to: await table.rowCount() };
  const { problems } = await table.read([], part);
  await table.save(part, fields, { columns: predictions, errors: problems });
  await table.finish(input, fields, delimiter);
  return out;
}

async function scoredText(content: string | Uint8Array, options: Scored & { readonly name?: string } = {}) {
  const file = path(options.name ?? 'in.csv');
  await writeFile(file, content);
  return readFile(await scored(file, options), 'utf8');
}

function output(name: string, type: string, size: number | null = null): FieldView {
  return { ...NOTHING, name, tensor: name, type, size };
}

describe('a CSV keeps its columns and cells', () => {
  test.each([
    ['a # does not start a comment', 'a,b\n#500,c # d\n#,x\n', 'a,b,error\n"#500","c # d",\n"#",x,\n'],
    ['"" and an empty cell stay different', 'a,b\n,""\n', 'a,b,error\n,"",\n'],
    ['NULL, NA and NaN are texts', 'a,b,c\nNULL,NA,NaN\n', 'a,b,c,error\nNULL,NA,NaN,\n'],
    ['digits stay', 'a,b\n007,1.50\n', 'a,b,error\n007,1.50,\n'],
    ['names that are equal or differ only by case stay', 'A,a,a,b\n1,2,3,4\n', 'A,a,a,b,error\n1,2,3,4,\n'],
    ['an empty name stays', ',b,\n1,2,3\n', ',b,,error\n1,2,3,\n'],
    [
      'names that Tidings or DuckDB uses internally stay',
      'rowid,row,input,filename,file_row_number,column0,c0,problem,place,p0,t1\n1,2,3,4,5,6,7,8,9,10,11\n',
      'rowid,row,input,filename,file_row_number,column0,c0,problem,place,p0,t1,error\n1,2,3,4,5,6,7,8,9,10,11,\n',
    ],
    [
      'names can have quotes and line breaks',
      '"a ""b""","c\nd"," e "\n1,2,3\n',
      '"a ""b""","c\nd", e ,error\n1,2,3,\n',
    ],
    ['line ends in cells stay, others become LF', 'a,b\r\n"1\r\n2",3\r\n', 'a,b,error\n"1\r\n2",3,\n'],
    ['a byte order mark does not belong to a name', '\uFEFFa,b\n1,2\n', 'a,b,error\n1,2,\n'],
    ['blank lines are rows of a single column', 'a\n1\n\n2', 'a,error\n1,\n,\n2,\n'],
    [
      'rows that are too short or too long stay rows',
      'a,b\n1,2\n3\n4,5,6\n',
      'a,b,error\n1,2,\n3,,"line 3 must have as many cells as the first line, 2, got 1"\n4,5,"line 4 must have as many cells as the first line, 2, got 3"\n',
    ],
    ['a NUL stays', 'a,b\nx\0y,1\n', 'a,b,error\nx\0y,1,line 2 has a NUL character\n'],
  ])('%s', async (_, content, expected) => {
    expect(await scoredText(content)).toBe(expected);
  });

  test('with a quoted comma after 25,000 plain rows, and a cell of 2.5 MB', async () => {
    const plain = Array.from({ length: 25_000 }, (_, i) => `${i},x`);
    const large = 'y'.repeat(2_500_000);
    const rows = [...plain, `"a, b","say ""hi"""`, `#500,${large}`];
    const lines = (await scoredText(`a,b\n${rows.join('\n')}`)).split('\n');
    expect(lines.slice(25_000)).toEqual(['24999,x,', '"a, b","say ""hi""",', `"#500",${large},`, '']);
    expect(lines[12_346]).toBe('12345,x,');
  });

  test('with another delimiter, which is also used in the output', async () => {
    expect(await scoredText('a;b\n1,5;"x;y"\n', { delimiter: ';' })).toBe('a;b;error\n1,5;"x;y";\n');
  });

  test('with unusual cells and each delimiter', async () => {
    const delimiters = [',', ';', '\t', '|', ' ', '#', "'", '\\', '.'];
    const cells = [
      '',
      '#',
      ' x ',
      'a"b',
      '"',
      '\n',
      '\r',
      '\r\n',
      '\\',
      "'",
      'NULL',
      '\t',
      '\u2028',
      '\uFEFF',
      'é🚕',
      ...delimiters,
    ];
    const quoted = (cell: string) => `"${cell.replaceAll('"', '""')}"`;
    for (const delimiter of delimiters) {
      const rows = cells.map((cell, i) => [
        cell,
        `${delimiter}${cell}${delimiter}`,
        cells[(i * 7) % cells.length],
      ]);
      const lines = rows.map((row) => row.map((cell) => quoted(String(cell))).join(delimiter));
      const out = await scoredText([['"a"', 'b', ''].join(delimiter), ...lines].join('\n'), { delimiter });
      const reader = new CsvReader('out.csv', delimiter);
      const read = [...reader.push(out), ...reader.end()];
      expect([delimiter, reader.columnNames]).toEqual([delimiter, ['a', 'b', '', 'error']]);
      expect(read.map((row) => row.cells)).toEqual(rows.map((row) => [...row, null]));
    }
  });

  test('as texts in a Parquet file', async () => {
    await writeFile(path('in.csv'), 'A,a,,"x ""y"""\n1.50,,"",2\n');
    const out = await scored(path('in.csv'), { extension: 'parquet' });
    expect(await query(`SELECT name, type FROM parquet_schema('${out}') OFFSET 1`)).toEqual(
      ['A', 'a', '', 'x "y"', 'error'].map((name) => [name, 'BYTE_ARRAY']),
    );
    expect(await query(`SELECT * FROM '${out}'`)).toEqual([['1.50', null, '', '2', null]]);
  });
});

describe('the format of a file is detected from its content', () => {
  const CSV = 'a,b\n1,"x\ny"\n';
  const READ = 'a,b,error\n1,"x\ny",\n';
  const large = Buffer.from(`a,b\n${randomBytes(600_000).toString('hex')},1\n`);

  test('gzip is read under any name, also in several parts', async () => {
    const parts = Buffer.concat([gzipSync(CSV.slice(0, 6)), gzipSync(CSV.slice(6))]);
    for (const name of ['packed.csv', 'packed.csv.gz', 'packed'])
      for (const content of [gzipSync(CSV), parts]) expect(await scoredText(content, { name })).toBe(READ);
    expect(await scoredText(CSV, { name: 'plain.csv.gz' })).toBe(READ);
  });

  test('Parquet is read under any name', async () => {
    await query(`COPY (SELECT 1 AS a) TO '${path('named.csv')}' (FORMAT parquet)`);
    expect(await readFile(await scored(path('named.csv')), 'utf8')).toBe('a,error\n1,\n');
    await writeFile(path('in.csv'), 'PAR1,x\n1,2\n');
    expect(await readFile(await scored(path('in.csv')), 'utf8')).toBe('PAR1,x,error\n1,2,\n');
  });

  test.each<[string, string, () => Uint8Array | string, string]>([
    ['an empty file', 'in.csv', () => '', 'is empty'],
    ['nothing but a byte order mark', 'in.csv', () => '\uFEFF', 'is empty'],
    ['nothing but names', 'in.csv', () => 'a,b', 'has no rows'],
    ['nothing but names, and a line end', 'in.csv', () => 'a,b\r\n', 'has no rows'],
    ['an empty gzip', 'in.csv', () => gzipSync(''), 'is empty'],
    [
      'a gzip that is cut short',
      'in.csv',
      () => gzipSync(large).subarray(0, 400_000),
      'damaged or cut short: unexpected end of file',
    ],
    [
      'a gzip that is damaged',
      'in.csv',
      () => gzipSync(large).fill(0x55, 300_000, 300_100),
      'is a gzip that is damaged or cut short',
    ],
    [
      'text behind a gzip',
      'in.csv',
      () => Buffer.concat([gzipSync(CSV), Buffer.from('3,4\n')]),
      'damaged or cut short',
    ],
    [
      'zero bytes behind a gzip',
      'in.csv',
      () => Buffer.concat([gzipSync(large), Buffer.alloc(99_999), gzipSync('3,4\n')]),
      'must be one gzip to its end, got',
    ],
    ['zstd', 'in.csv', () => zstdCompressSync(CSV), 'is compressed by zstd'],
    ['bzip2', 'in.csv', () => 'BZh91AY&SY....', 'is compressed by bzip2'],
    ['a spreadsheet', 'in.csv', () => 'PK\x03\x04....', 'is a ZIP or a spreadsheet (XLSX)'],
    [
      'UTF-16',
      'in.csv',
      () => Buffer.from('\uFEFFa,b\n1,2', 'utf16le'),
      'must be UTF-8, got UTF-16. Convert it: iconv -f UTF-16 -t UTF-8 ',
    ],
    [
      'UTF-16 without a mark',
      'in.csv',
      () => Buffer.from('a,b\n1,2', 'utf16le'),
      'must be UTF-8, got UTF-16LE',
    ],
    [
      'Latin-1',
      'in.csv',
      () => Buffer.from('a\n1\ncaf\xe9', 'latin1'),
      'must be UTF-8, got the byte 0xE9 in line 3',
    ],
    [
      'a gzip of Latin-1',
      'in.csv',
      () => gzipSync(Buffer.from('a\n1\ncaf\xe9', 'latin1')),
      '| iconv -f WINDOWS-1252 -t UTF-8 > utf8.csv',
    ],
    [
      'a gzip of UTF-16',
      'in.csv',
      () => gzipSync(Buffer.from('\uFEFFa,b\n1,2', 'utf16le')),
      'must be UTF-8, got UTF-16. Convert it: gunzip -c < ',
    ],
    ['a gzip within a gzip', 'in.csv', () => gzipSync(gzipSync(CSV)), 'is a gzip within a gzip'],
    ['a gzip of Parquet', 'in.csv', () => gzipSync('PAR1\0\0PAR1'), 'is a gzip of a Parquet file'],
    ['text that is called Parquet', 'in.parquet', () => CSV, 'a Parquet file begins and ends with PAR1'],
    ['Parquet that is encrypted', 'in.parquet', () => 'PARE....PARE', 'is an encrypted Parquet file'],
    [
      'Parquet with a broken footer',
      'in.parquet',
      () => 'PAR1\0\0\0\0\0\0\0\0PAR1',
      'cannot be read as Parquet',
    ],
  ])('%s is refused with a reason', async (_, name, content, message) => {
    await writeFile(path(name), content());
    const refused = scored(path(name));
    await expect(refused).rejects.toThrow(`${path(name)} `);
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.not.toThrow(/\n|SELECT|tidings-data-\w+\/0/);
  });

  test('Parquet that is cut short or has no rows is refused with a reason', async () => {
    await query(
      `COPY (SELECT i, 'text ' || i AS t FROM range(1000) r(i)) TO '${path('whole.parquet')}' (FORMAT parquet)`,
    );
    await writeFile(path('cut.parquet'), (await readFile(path('whole.parquet'))).subarray(0, 3_000));
    await copyFile(path('cut.parquet'), path('cut.csv'));
    for (const name of ['cut.parquet', 'cut.csv'])
      await expect(scored(path(name))).rejects.toThrow('It is another format, or cut short');
    await query(`COPY (SELECT 1 AS a WHERE false) TO '${path('none.parquet')}' (FORMAT parquet)`);
    await expect(scored(path('none.parquet'))).rejects.toThrow('none.parquet has no rows');
  });

  test('Parquet with a damaged byte in its compressed data is refused', async () => {
    const select = `SELECT i, 'text ' || i * 7919 % 1009 AS t, i / 3 AS x FROM range(20000) r(i)`;
    const file = path('packed.parquet');
    await query(`COPY (${select}) TO '${file}' (FORMAT parquet, COMPRESSION gzip)`);
    const whole = await readFile(file);
    expect(await damagedPage(file, NEVER)).toBeUndefined();
    for (const at of [0.2, 0.5, 0.8].map((share) => Math.floor(whole.length * share))) {
      const damaged = Buffer.from(whole);
      damaged[at] = (damaged[at] ?? 0) ^ 1;
      await writeFile(file, damaged);
      await expect(scored(file)).rejects.toThrow(
        /is damaged: the page at its byte \d+ is not as it was written$/,
      );
    }
  });

  test('a folder, a pipe or a missing file is refused with a reason', async () => {
    await expect(scored(folder.path)).rejects.toThrow('must be a file that can be read, got a folder');
    execFileSync('mkfifo', [path('pipe.csv')]);
    await expect(scored(path('pipe.csv'))).rejects.toThrow('must be a file that can be read, got a pipe');
    await expect(scored(path('nowhere.csv'))).rejects.toThrow(
      'must be a file that can be read, and is not there',
    );
  });
});

describe('names of files and folders are taken literally', () => {
  beforeAll(async () => {
    await query(`COPY (SELECT 'this' AS x) TO '${path('this.parquet')}' (FORMAT parquet)`);
    await query(`COPY (SELECT 'other' AS x) TO '${path('other.parquet')}' (FORMAT parquet)`);
    // Files that a pattern would match instead, or as well.
    for (const other of ['ab', 'axb', 'a', 'b']) {
      await mkdir(path(`names/${other}`), { recursive: true });
      await copyFile(path('other.parquet'), path(`names/${other}/${other}.parquet`));
    }
  });

  test.each([
    'a*b',
    'a?b',
    '[ab]',
    'a{b,c}',
    'year=2021',
    "it's",
    'a"b',
    's3:',
    '~',
    '-x',
    'new\nline',
    'back\\slash',
    '\\*',
    'a.parquet',
    '$HOME',
    'é 🚕',
  ])('%s', async (name) => {
    const inside = path(`names/${name}`);
    await mkdir(inside, { recursive: true });
    const file = join(inside, `${name}.parquet`);
    await copyFile(path('this.parquet'), file);
    await writeFile(join(inside, `${name}.csv`), 'x\nthis\n');
    // The unfinished output cannot be kept where the path has a question mark.
    const where = name.includes('?') ? folder.path : inside;
    for (const source of [file, join(inside, `${name}.csv`)]) {
      const out = await scored(source, { out: join(where, `out ${name.replace('?', '')}.csv`) });
      expect(await readFile(out, 'utf8')).toBe('x,error\nthis,\n');
    }
  });

  test('an output with a question mark in its real path is refused, also through a link', async () => {
    await mkdir(path('a?b'), { recursive: true });
    await symlink(path('a?b'), path('link'));
    const check = (out: string) => checkOutput({ input: path('in.csv'), out, overwrite: false });
    for (const out of ['a?b/x.csv', 'link/x.csv', 'x?.csv'])
      await expect(check(path(out))).rejects.toThrow('the output must have no ? in its path');
    await expect(check(path('a*b.csv'))).resolves.toBeUndefined();
  });

  test('a relative path with a pattern character names exactly that file', async () => {
    await copyFile(path('this.parquet'), path('this*.parquet'));
    await copyFile(path('other.parquet'), path('this other.parquet'));
    const up = '../'.repeat(process.cwd().split('/').length - 1);
    expect(await readFile(await scored(join(up, path('this*.parquet'))), 'utf8')).toBe('x,error\nthis,\n');
  });

  test('foreign files in the folder of the unfinished output stay there', async () => {
    await writeFile(path('in.csv'), 'a\n1\n');
    const partial = path(`out ${outputs}.csv.partial`);
    await mkdir(partial);
    await writeFile(join(partial, 'mine'), '');
    await scored(path('in.csv'));
    expect(await readdir(partial)).toEqual(['mine']);
  });

  test('the unfinished output of a file that is refused in its middle is removed', async () => {
    const row = `${'1'.repeat(200)}\n`;
    await writeFile(path('in.csv'), `a\n${row.repeat(3_000)}"2`);
    const partial = path(`out ${outputs}.csv.partial`);
    await expect(scored(path('in.csv'))).rejects.toThrow(
      'in.csv, line 3002: a quoted cell begins here and never ends',
    );
    expect(existsSync(partial)).toBe(false);
  });
});

describe('the columns of a Parquet file stay unchanged', () => {
  async function scoredParquet(select: string, options: Scored = {}): Promise<string> {
    const file = path('in.parquet');
    await query(`COPY (${select}) TO '${file}' (FORMAT parquet)`);
    return scored(file, options);
  }

  test('with any names', async () => {
    const names = [
      'rowid',
      'row',
      'rows',
      'input',
      'filename',
      'file_row_number',
      'file_index',
      'column0',
      'c1',
      'problem',
      'prediction',
      'a.b',
      ' x ',
      '🚕',
      'l\nf',
      '"q"',
      'x'.repeat(5_000),
    ];
    const list = names.map((name, i) => `${i} + i * 100 AS "${name.replaceAll('"', '""')}"`);
    const select = `SELECT ${list.join(', ')} FROM range(3) r(i)`;
    const parquet = await scoredParquet(select, { extension: 'parquet' });
    expect((await query(`SELECT name FROM parquet_schema('${parquet}') OFFSET 1`)).flat()).toEqual([
      ...names,
      'error',
    ]);
    const rows = [0, 1, 2].map((row) => names.map((_, i) => BigInt(i + row * 100)));
    expect(await query(`SELECT * EXCLUDE (error) FROM '${parquet}'`)).toEqual(rows);
    const [head, ...lines] = (await readFile(await scoredParquet(select), 'utf8'))
      .replace('l\nf', 'l f')
      .split('\n');
    expect(head).toBe([...names.slice(0, 14), '"l f"', '"""q"""', names.at(-1), 'error'].join(','));
    expect(lines).toEqual([...rows.map((row) => `${row.join(',')},`), '']);
  });

  test('also with names that DuckDB considers equal', async () => {
    await writeFile(path('in.csv'), 'A,a,a,,\n1,2,3,4,5\n');
    const once = await scored(path('in.csv'), { extension: 'parquet' });
    await query(`COPY (SELECT * EXCLUDE (error) FROM '${once}') TO '${path('x.parquet')}' (FORMAT parquet)`);
    // The output is scored again, so that a file with such names is also read.
    const without = await scored(once).catch((error: Error) => error.message);
    expect(without).toContain('out ');
    expect(await readFile(String(without), 'utf8')).toBe('A,a,a,,,error,error\n1,2,3,4,5,,\n');
  });

  test('with their types, also lists and structures', async () => {
    const select = `SELECT 1.5::DECIMAL(5,2) AS d, TIMESTAMP '2021-02-03 14:30:00.123456' AS t, TIMESTAMPTZ '2021-02-03 14:30:00+05' AS z,
      [1, NULL, 3] AS l, {'d': 'x', 't': [1]} AS s, 'caf\\xC3\\xA9'::BLOB AS b, 12.0::DOUBLE AS f, 9007199254740993 AS i, true AS o, DATE '2021-02-03' AS y`;
    const out = await scoredParquet(select, { extension: 'parquet' });
    const [before, after] = [path('in.parquet'), out].map(
      (file) => `SELECT * FROM (FROM '${file}' SELECT d, t, z, l, s, b, f, i, o, y)`,
    );
    expect(await query(`DESCRIBE ${after}`)).toEqual(await query(`DESCRIBE ${before}`));
    expect(await query(`${after} EXCEPT ${before}`)).toEqual([]);
    expect(await readFile(await scoredParquet(select), 'utf8')).toBe(
      `d,t,z,l,s,b,f,i,o,y,error\n1.50,2021-02-03 14:30:00.123456,2021-02-03 09:30:00+00,"[1, NULL, 3]","{'d': x, 't': [1]}",café,12.0,9007199254740993,true,2021-02-03,\n`,
    );
  });

  test('but bytes that are not text are refused for a CSV before the first row is scored', async () => {
    const select = `SELECT CASE i WHEN 1 THEN '\\xFF'::BLOB ELSE 'a'::BLOB END AS bytes FROM range(3) r(i)`;
    await expect(scoredParquet(select)).rejects.toThrow(
      'the column bytes has bytes that are no UTF-8 (row 2), which no CSV can hold',
    );
    const out = await scoredParquet(select, { extension: 'parquet' });
    expect(await query(`SELECT hex(bytes) FROM '${out}'`)).toEqual([['61'], ['FF'], ['61']]);
  });

  test('also if there are more than a thousand', async () => {
    const list = Array.from({ length: 1_100 }, (_, i) => `${i} AS n${i}`).join(', ');
    const out = await scoredParquet(`SELECT ${list}`, { extension: 'parquet' });
    expect(await query(`SELECT n0, n1024, n1099, error FROM '${out}'`)).toEqual([[0, 1024, 1099, null]]);
  });
});

test('whole numbers from a model are written as whole numbers, and other values keep their types', async () => {
  const fields = [
    output('n', 'int64'),
    output('m', 'int32', 2),
    output('x', 'float32'),
    output('v', 'float64', 2),
    output('s', 'string'),
    output('o', 'boolean'),
  ];
  const predictions = {
    n: [12, null],
    m: [[1, 2], null],
    x: [12, null],
    v: [[1, 2.5], null],
    s: ['12.0', null],
    o: [true, null],
  };
  await writeFile(path('in.csv'), 'a\n1\n2\n');
  const options = { outputs: fields, predictions };
  expect(await readFile(await scored(path('in.csv'), options), 'utf8')).toBe(
    'a,n,m,x,v,s,o,error\n1,12,"[1, 2]",12.0,"[1.0, 2.5]",12.0,true,\n2,,,,,,,\n',
  );
  const parquet = await scored(path('in.csv'), { ...options, extension: 'parquet' });
  expect(
    (await query(`DESCRIBE SELECT n, m, x, v, s, o FROM '${parquet}'`)).map(([name, type]) => [name, type]),
  ).toEqual([
    ['n', 'BIGINT'],
    ['m', 'BIGINT[]'],
    ['x', 'DOUBLE'],
    ['v', 'DOUBLE[]'],
    ['s', 'VARCHAR'],
    ['o', 'BOOLEAN'],
  ]);
});

test('an unreadable file of an earlier score is reported as unreadable, and not as locked by another score', async () => {
  const out = path('blocks of a lock/out.csv');
  await mkdir(`${out}.partial`, { recursive: true });
  await writeFile(`${out}.partial/score.duckdb`, 'x'.repeat(9_000));
  await using names = await PlainNames.open();
  await expect(ScoreTable.find({ out, names, signal: NEVER })).rejects.toThrow(
    `${out}.partial cannot be read: `,
  );
});

test('a score whose end is forced leaves no temporary files', async () => {
  const temporary = path('temporary');
  await mkdir(temporary);
  const module = JSON.stringify(join(import.meta.dirname, '../../src/data/plainNames.ts'));
  const program = `import { PlainNames } from ${module};
    const names = await PlainNames.open();
    await names.of('in.csv');
    process.exit(130);`;
  const env = { ...process.env, TMPDIR: temporary };
  const { status } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], { env });
  expect(status).toBe(130);
  expect(await readdir(temporary)).toEqual([]);
});
